"""Parquet. A column's type can depend on its last value, so the writer makes a spool, and the file comes at the end."""

from __future__ import annotations

from pathlib import Path

from narrowboat.data.format import Options, State, Writer
from narrowboat.data.formats.options import Choices
from narrowboat.errors import MissingExtra

__all__ = ["Parquet"]


class Parquet:
    """The format `parquet`. Columns are called by their names; it has no options."""

    extension = "parquet"
    media_type = "application/vnd.apache.parquet"
    raw_text = True
    several_tables = False
    spools = True

    @classmethod
    def with_options(cls, options: Options) -> Parquet:
        """Raises MissingExtra without pyarrow, BadParameter for any option."""
        from importlib.util import find_spec

        if find_spec("pyarrow") is None:
            raise MissingExtra("Parquet needs pyarrow, which is not installed. Run: pip install narrowboat[parquet]")
        Choices("parquet", options).end()
        return cls()

    @property
    def codec(self) -> str:
        from importlib.metadata import version

        return f"pyarrow {version('pyarrow')}"

    def writer(self, state: State | None = None) -> Writer:
        from narrowboat.data.formats.spool import SpoolWriter

        return SpoolWriter(state)

    def assemble(self, spool: Path, out: Path) -> None:
        """Read the spool once and write `out`; memory is one row group."""
        from narrowboat.data.formats.spool import assemble

        assemble(spool, out)
