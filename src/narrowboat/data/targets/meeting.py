"""Meeting: what becomes of a row whose record is there already. Pure: nothing here asks a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from narrowboat.data.records.problem import Problem
from narrowboat.data.records.record import Record
from narrowboat.data.target import Mode, Outcome, What, Wish
from narrowboat.data.targets import words


class Met(NamedTuple):
    """A record that a row's key found."""

    record: str
    key: int
    """Which of the unique keys."""
    newer: bool
    """Written by somebody since the run began."""
    before: str | None
    """Its image, where one is kept."""


class Decisions(NamedTuple):
    """What is clear already, and the records that are to be changed, by row."""

    outcomes: dict[int, Outcome]
    changing: dict[int, Met]


def decide(
    records: Sequence[Record],
    found: Mapping[int, Sequence[Met]],
    ours: Mapping[str, int],
    wish: Wish,
    shown: Callable[[str], str],
) -> Decisions:
    """Rows whose records were met.

    found: by row. ours: records that earlier rows of this file became or changed. shown: a record for people.
    """
    decided, taken = Decisions({}, {}), dict(ours)
    for record in records:
        if mets := found.get(record.row):
            first = mets[0]
            problem = _problem(record.row, mets, taken, wish, shown)
            if problem:
                decided.outcomes[record.row] = Outcome(What.REJECTED, first.record, problem, first.key)
            elif wish.mode is Mode.SKIP:
                decided.outcomes[record.row] = Outcome(What.SKIPPED, first.record)
            else:
                decided.changing[record.row] = first
                taken[first.record] = record.row
    return decided


def _problem(
    row: int, mets: Sequence[Met], taken: Mapping[str, int], wish: Wish, shown: Callable[[str], str]
) -> Problem | None:
    first = mets[0]
    if any(met.record != first.record for met in mets):
        return words.two_records([(wish.unique[met.key], shown(met.record)) for met in mets])
    if taken.get(first.record, row) != row:
        return words.in_the_file(wish.unique[first.key], taken[first.record])
    if wish.mode is Mode.CREATE:
        told = words.written_meanwhile if first.newer else words.exists
        return told(wish.unique[first.key], shown(first.record))
    return None
