"""The format `xlsx` and its options."""

from __future__ import annotations

from pathlib import Path

from narrowboat.data.format import Options, State
from narrowboat.data.formats.deflate import CODEC
from narrowboat.data.formats.options import Choices
from narrowboat.data.formats.xlsx.writer import EXCEL, Limits, XlsxWriter

__all__ = ["Xlsx"]


class Xlsx:
    """An Excel workbook with a sheet for each table, or several where one is full. See docs/reference/xlsx.md.

    references: whether rows and cells carry their place (`r="B7"`), for the few readers that need it; the file grows
    by half. header: whether each sheet begins with the columns' labels: bold, in sight while scrolling, with filters.
    limits: Excel's own, unless a test wants smaller ones.
    """

    extension = "xlsx"
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    raw_text = True
    several_tables = True
    spools = False
    codec = CODEC
    __slots__ = ("_header", "_limits", "_references")

    def __init__(self, *, references: bool = False, header: bool = True, limits: Limits = EXCEL) -> None:
        self._references, self._header, self._limits = references, header, limits

    @classmethod
    def with_options(cls, options: Options) -> Xlsx:
        """Raises BadParameter for an unknown option or value."""
        choices = Choices("xlsx", options)
        format = cls(references=choices.flag("references", False), header=choices.flag("header", True))
        choices.end()
        return format

    def writer(self, state: State | None = None) -> XlsxWriter:
        return XlsxWriter(references=self._references, header=self._header, limits=self._limits, state=state)

    def assemble(self, spool: Path, out: Path) -> None:
        """What the writer wrote is the file."""
        spool.rename(out)
