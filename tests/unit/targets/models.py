"""Django models of the tests' tables, and their databases as Django has them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, models
from psycopg.conninfo import conninfo_to_dict

import tests.unit.sources.django_project  # noqa: F401  models need settings, and a process has but one of them
from tests.unit.targets.places import Place

_NUMBERS = itertools.count()


class Customer(models.Model):
    """As `places.CUSTOMERS` says it."""

    id = models.AutoField(primary_key=True)
    phone = models.CharField(max_length=20, unique=True, null=True)
    mark = models.CharField(max_length=20, unique=True, null=True)
    name = models.TextField()
    credit = models.DecimalField(max_digits=10, decimal_places=2, default=0, null=True)

    class Meta:
        app_label = "targets"
        db_table = "customers"


@contextmanager
def connected(place: Place) -> Iterator[str]:
    """The alias of its database while inside."""
    alias = f"targets_{next(_NUMBERS)}"
    connections.settings[alias] = connections.configure_settings({"default": {}, alias: _settings(place)})[alias]
    try:
        yield alias
    finally:
        connections[alias].close()
        del connections[alias], connections.settings[alias]


def _settings(place: Place) -> dict[str, Any]:
    if place.name == "sqlite":
        options = {"transaction_mode": "IMMEDIATE", "timeout": 10}
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": place.url.removeprefix("sqlite:///"),
            "OPTIONS": options,
        }
    given = conninfo_to_dict(place.url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{key: given.get(name, "") for key, name in [("NAME", "dbname"), ("HOST", "host"), ("PORT", "port")]},
        **{key: given.get(name, "") for key, name in [("USER", "user"), ("PASSWORD", "password")]},
        "OPTIONS": {"options": given["options"]},
    }
