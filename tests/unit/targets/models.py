"""Django models of the tests' tables."""

from __future__ import annotations

from django.db import models

import tests.unit.sources.django_project  # noqa: F401  models need settings, and a process has but one of them


class Member(models.Model):
    """As `places.MEMBERS` says it."""

    id = models.AutoField(primary_key=True)
    tenant = models.CharField(max_length=20)
    phone = models.CharField(max_length=20, null=True)
    email = models.CharField(max_length=50, unique=True, null=True)
    name = models.TextField(null=True)
    branch = models.IntegerField(null=True)

    class Meta:
        app_label = "targets"
        db_table = "members"


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
