"""A Django project, configured in the tests' own process. The models that rows are imported into are an app of it."""

from __future__ import annotations

import django
from django.conf import settings

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

from django.db import models  # noqa: E402 - models need settings


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


class Tag(models.Model):
    name = models.CharField(max_length=50, primary_key=True)

    class Meta:
        app_label = "crm"
