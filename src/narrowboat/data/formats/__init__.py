"""Formats by name. Each is imported only when it is asked for: csv costs nothing of xlsx, nothing costs pyarrow."""

from __future__ import annotations

from typing import Final

from narrowboat.data.format import Format, Options
from narrowboat.errors import UnknownFormat

__all__ = ["FORMATS", "format_named", "format_of"]

_PLAIN: Final = ("xlsx", "csv", "jsonl", "parquet")
_ENVELOPES: Final = ("", ".gz", ".zip")

FORMATS: Final = tuple(name + envelope for envelope in _ENVELOPES for name in _PLAIN)
"""Every name that `format_named` knows."""


def format_of(file: str) -> str | None:
    """The format that a file's name ends in: `leads.csv.gz` is `csv.gz`. None if it is no known one."""
    return max((name for name in FORMATS if file.endswith(f".{name}")), key=len, default=None)


def format_named(name: str, options: Options | None = None) -> Format:
    """The format called `name`, such as `csv` or `csv.gz`, with its options.

    Raises UnknownFormat, BadParameter for an option, MissingExtra where a library is not installed.
    """
    if name not in FORMATS:
        raise UnknownFormat(f"There is no format {name!r}. Formats: {', '.join(FORMATS)}.")
    plain, _, envelope = name.partition(".")
    inner = _plain(plain, options or {})
    if not envelope:
        return inner
    from narrowboat.data.formats.compressed import Gzip, Zip

    return Gzip(inner) if envelope == "gz" else Zip(inner)


def _plain(name: str, options: Options) -> Format:
    match name:
        case "csv":
            from narrowboat.data.formats.csv import Csv

            return Csv.with_options(options)
        case "jsonl":
            from narrowboat.data.formats.jsonl import JsonLines

            return JsonLines.with_options(options)
        case "parquet":
            from narrowboat.data.formats.parquet import Parquet

            return Parquet.with_options(options)
        case _:
            from narrowboat.data.formats.xlsx.format import Xlsx

            return Xlsx.with_options(options)
