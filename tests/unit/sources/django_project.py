"""A Django project, configured in the tests' own process. The models that rows are imported into are an app of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django
import pymysql
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

pymysql.version_info = (2, 2, 8, "final", 0)  # type: ignore[assignment]  # as Django wants of mysqlclient
pymysql.install_as_MySQLdb()

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "tests.unit.targets"],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "nowhere/default.db"},
        "replica": {"ENGINE": "django.db.backends.sqlite3", "NAME": "nowhere/replica.db"},
    },
    USE_TZ=True,
    TIME_ZONE="Europe/Berlin",
)
django.setup()

from django.db import connections, models  # noqa: E402 - models need settings


class Owner(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        app_label = "crm"


class Lead(models.Model):
    name = models.CharField(max_length=50, null=True)
    score = models.FloatField(null=True)
    state = models.CharField(max_length=1, choices=[("n", "New"), ("d", "Done")], default="n")
    owner = models.ForeignKey(Owner, null=True, on_delete=models.CASCADE)
    price = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    at = models.DateTimeField(null=True)
    extra = models.JSONField(null=True)
    token = models.UUIDField(null=True)
    took = models.DurationField(null=True)
    data = models.BinaryField(null=True)

    class Meta:
        app_label = "crm"


class Padded(models.Model):
    """Wide rows, in a table that tests make."""

    pad = models.CharField(max_length=2000)

    class Meta:
        app_label = "crm"
        db_table = "t"


class Tag(models.Model):
    name = models.CharField(max_length=50, primary_key=True)

    class Meta:
        app_label = "crm"


_NUMBERS = itertools.count()


@contextmanager
def connected(url: str) -> Iterator[str]:
    """The alias of another database while inside."""
    alias = f"another_{next(_NUMBERS)}"
    connections.settings[alias] = connections.configure_settings({"default": {}, alias: _settings(url)})[alias]
    try:
        yield alias
    finally:
        connections[alias].close()
        del connections[alias], connections.settings[alias]


def _settings(url: str) -> dict[str, Any]:
    if url.startswith("sqlite:"):
        options = {"transaction_mode": "IMMEDIATE", "timeout": 10}
        name = url.removeprefix("sqlite:///")
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": options}
    if url.startswith("mysql:"):
        parts = urlsplit(url)
        (socket,) = parse_qs(parts.query)["unix_socket"]
        name, user = parts.path.strip("/"), parts.username
        return {"ENGINE": "django.db.backends.mysql", "NAME": name, "USER": user, "OPTIONS": {"unix_socket": socket}}
    given = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{key: given.get(name, "") for key, name in [("NAME", "dbname"), ("HOST", "host"), ("PORT", "port")]},
        **{key: given.get(name, "") for key, name in [("USER", "user"), ("PASSWORD", "password")]},
        "OPTIONS": {"options": given["options"]},
    }
