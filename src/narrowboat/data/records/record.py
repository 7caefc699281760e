"""A record: a row of a file that is as it must be. A row that is not, is rejected."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from narrowboat.data.records.problem import Problem

Cells: TypeAlias = tuple[Any, ...]


class Record(NamedTuple):
    """A row that is as it must be. row: its number in the file. cells: as they stand there."""

    row: int
    values: tuple[Any, ...]
    """One a field, in their order."""
    cells: Cells


class Rejected(NamedTuple):
    """A row that is refused, and why."""

    row: int
    cells: Cells
    problems: tuple[Problem, ...]

    @property
    def message(self) -> str:
        """All that is wrong, as one text: `phone: is required; city: …`."""
        return "; ".join(f"{p.column}: {p.message}" if p.column else p.message for p in self.problems)
