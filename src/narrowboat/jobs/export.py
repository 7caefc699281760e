"""Export: rows of a source become a file in a format that people choose."""

from __future__ import annotations

from narrowboat.data.format import Format
from narrowboat.jobs.delivery import Delivery
from narrowboat.jobs.output import Output


class Export(Delivery):
    """The definition of an export: a function from parameters to a source, or to several by name."""

    __slots__ = ()

    @property
    def kind(self) -> str:
        return "export"

    def format(self, output: Output) -> Format:
        """See `Delivery.offered`."""
        return self.offered(output)
