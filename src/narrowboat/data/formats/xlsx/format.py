"""The format `xlsx` and its options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from narrowboat.data.format import Options, State
from narrowboat.data.formats.deflate import CODEC
from narrowboat.data.formats.options import Choices
from narrowboat.data.formats.xlsx.writer import EXCEL, Limits, XlsxWriter

__all__ = ["Xlsx"]


@dataclass(frozen=True, slots=True)
class Xlsx:
    """An Excel workbook with a sheet for each table, or several where one is full. See docs/reference/xlsx.md."""

    references: bool = False
    """Whether rows and cells carry their place (`r="B7"`), for the few readers that need it; the file grows by half."""
    header: bool = True
    """Whether each sheet begins with the columns' labels: bold, in sight while scrolling, with filters."""
    limits: Limits = EXCEL
    """For tests; Excel's own by default."""

    extension = "xlsx"
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    raw_text = True
    several_tables = True
    spools = False
    codec = CODEC

    @classmethod
    def with_options(cls, options: Options) -> Xlsx:
        """Raises BadParameter for an unknown option or value."""
        choices = Choices("xlsx", options)
        format = cls(references=choices.flag("references", False), header=choices.flag("header", True))
        choices.end()
        return format

    def writer(self, state: State | None = None) -> XlsxWriter:
        return XlsxWriter(references=self.references, header=self.header, limits=self.limits, state=state)

    def assemble(self, spool: Path, out: Path) -> None:
        """What the writer wrote is the file."""
        spool.rename(out)
