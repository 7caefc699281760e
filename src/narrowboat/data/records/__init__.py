"""Records: rows of a spreadsheet as checked values, or as problems a person understands. Knows no run and no target."""

from __future__ import annotations

from narrowboat.data.records.field import Field, Lookup
from narrowboat.data.records.phone import Phone, PhoneNumber
from narrowboat.data.records.rules import Rules

__all__ = ["Field", "Lookup", "Phone", "PhoneNumber", "Rules"]
