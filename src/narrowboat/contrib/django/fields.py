"""Fields: columns of the store as Django's models have them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone


class Moment(models.FloatField):
    """Seconds since the epoch in the database, a datetime in Python."""

    def from_db_value(self, value: float | None, expression: Any, connection: Any) -> datetime | None:
        if value is None:
            return None
        at = datetime.fromtimestamp(value, UTC)
        return at if settings.USE_TZ else timezone.make_naive(at)

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, datetime) else super().to_python(value)

    def get_prep_value(self, value: Any) -> Any:
        return value.timestamp() if isinstance(value, datetime) else super().get_prep_value(value)
