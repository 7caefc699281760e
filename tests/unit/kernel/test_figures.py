"""Figures of jobs."""

from __future__ import annotations

from narrowboat.kernel.figures import JobFigures
from narrowboat.kernel.model import DURATIONS, State


def test_runs_are_counted_by_each_duration_that_they_are_told_apart_by() -> None:
    counted = [name for name in JobFigures._fields if name.startswith("within_")]
    assert counted == [f"within_{edge}" for edge in DURATIONS]


def test_a_job_whose_runs_have_not_ended_has_none_within_a_duration() -> None:
    figures = JobFigures("leads", State.RUNNING, 1, 0, 0, 0.0, 0, 0.0, 0.0, 0)
    assert [getattr(figures, f"within_{edge}") for edge in DURATIONS] == [0] * len(DURATIONS)
