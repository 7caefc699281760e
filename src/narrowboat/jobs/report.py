"""Report: rows that people watch while they come, and then download in a format that they choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from narrowboat.data.format import Format
from narrowboat.data.formats.arrays import Arrays
from narrowboat.errors import BadParameter
from narrowboat.jobs.delivery import Delivery
from narrowboat.jobs.output import Output
from narrowboat.kernel.model import NewRun

ROWS = "rows"
"""What a report's artifact is, in place of a format: see `data.formats.arrays`."""


class Report(Delivery):
    """The definition of a report: a function from parameters to one source.

    `formats` are those of its downloads. Its limit counts all the reports of a user.
    """

    __slots__ = ()

    @property
    def kind(self) -> str:
        return "report"

    @property
    def limit_kind(self) -> bool:
        return True

    @property
    def chunk_rows(self) -> int | None:
        """A page is cut out of chunks, and a bar moves by them: at 100,000 rows by a point."""
        return 1000

    @property
    def usual(self) -> Output:
        """All columns and rows."""
        return Output(format=ROWS)

    def format(self, output: Output) -> Format:
        """The same for all."""
        return Arrays()

    def remedy(self, output: Output) -> str:
        """Let the function return one."""
        return "let its function return one source"

    def request(self, params: Mapping[str, Any], output: Output, **about: Any) -> NewRun:
        """As of an export, but its output is what to show: columns, labels, one page. Raises BadParameter."""
        if len(output.pages) > 1:
            raise BadParameter("A report shows one page at a time, or all rows.")
        return super().request(params, output._replace(format=ROWS, options={}), **about)
