"""Bulk data jobs that finish on a small server."""

from __future__ import annotations

from narrowboat.app import Narrowboat
from narrowboat.data.columns import Column, Type
from narrowboat.errors import NarrowboatError
from narrowboat.people.requester import Requester

__all__ = ["Column", "Narrowboat", "NarrowboatError", "Requester", "Type"]
__version__ = "0.1.0"
