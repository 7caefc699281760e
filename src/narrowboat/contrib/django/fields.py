"""Fields: columns of the store as Django's models have them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone


class Moment(models.DateTimeField):
    """Seconds since the epoch in the database, a datetime in Python."""

    def get_internal_type(self) -> str:
        return "FloatField"

    def from_db_value(self, value: float | None, expression: Any, connection: Any) -> datetime | None:
        if value is None:
            return None
        at = datetime.fromtimestamp(value, UTC)
        return at if settings.USE_TZ else timezone.make_naive(at)

    def get_prep_value(self, value: Any) -> float | None:
        return value.timestamp() if (value := self.to_python(value)) else None

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> float | None:
        return value if prepared else self.get_prep_value(value)
