"""Columns as their source has them, with what the user declared over them."""

from __future__ import annotations

from binascii import crc32
from collections.abc import Iterable, Mapping

from narrowboat.data.columns import Column, Type


def declared(found: Column, wish: str | Column, labels: Mapping[str, str]) -> Column:
    """A column found, as it was wished for. labels: what stands above columns, by name."""
    given = wish if isinstance(wish, Column) else Column(found.name)
    return Column(
        name=found.name,
        type=found.type if given.type is Type.ANY else given.type,
        label=labels.get(found.name, given.label),
        zone=given.zone,
        currency=given.currency,
        scale=found.scale if given.scale is None else given.scale,
    )


def fingerprint(columns: Iterable[Column]) -> str:
    """Short text that tells whether a reading goes on with the columns it began with."""
    described = "\n".join(f"{column.name}\t{column.type}" for column in columns)
    return f"{crc32(described.encode()):08x}"
