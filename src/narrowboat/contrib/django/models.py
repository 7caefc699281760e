"""Models: runs and what happened to them, to be looked at with Django's ORM. Only the store writes them."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.utils import timezone

from narrowboat.contrib.django import database
from narrowboat.contrib.django.fields import Moment
from narrowboat.kernel.model import State, time_taken

STATES = [(state.value, state.value.replace("_", " ")) for state in State]


class Kept(models.Manager):
    """Rows of the database that keeps the runs, whatever the project's routers say."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().using(database.alias())


class Run(models.Model):
    """A run, as `narrowboat.kernel.model.Run` explains it."""

    id = models.TextField(primary_key=True)
    job = models.TextField()
    kind = models.TextField()
    state = models.TextField(choices=STATES)
    owner = models.TextField()
    params = models.TextField()
    queue = models.TextField()
    priority = models.BigIntegerField()
    created = Moment(db_column="created_at")
    started = Moment(db_column="started_at", null=True)
    finished = Moment(db_column="finished_at", null=True)
    stood = models.FloatField(default=0.0)
    rows_done = models.BigIntegerField("rows")
    rows_created = models.BigIntegerField()
    rows_updated = models.BigIntegerField()
    rows_skipped = models.BigIntegerField()
    rows_rejected = models.BigIntegerField()
    cells_altered = models.BigIntegerField()
    bytes_written = models.BigIntegerField("bytes")
    total = models.BigIntegerField(null=True)
    error_code = models.TextField(null=True)
    error = models.TextField(null=True)
    parent = models.TextField(null=True)
    relation = models.TextField(null=True)
    artifact = models.TextField(null=True)

    objects = Kept()

    reader = insider = False
    """Whether who looks at it may have its rows, and may know of the server's insides."""

    class Meta:
        managed = False
        db_table = database.table("runs")
        ordering = ("-created", "-id")
        default_permissions = ("view",)
        permissions = (("control_run", "Can cancel, pause, resume and retry runs"),)

    def __str__(self) -> str:
        return f"{self.job} {self.id}"

    @property
    def ended(self) -> bool:
        return self.finished is not None

    def took(self) -> float:
        """Seconds, as `narrowboat.kernel.model.Run.took`."""
        until = self.finished or timezone.now()
        return time_taken(self.started and self.started.timestamp(), until.timestamp(), self.stood)

    @property
    def file(self) -> dict[str, Any] | None:
        """The finished file: path, media_type, bytes, sha256, manifest."""
        found: dict[str, Any] | None = json.loads(self.artifact) if self.artifact else None
        return found
