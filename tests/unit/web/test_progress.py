"""How fast a run is."""

from __future__ import annotations

import pytest

from narrowboat.web.progress import Speed


def speed(*seen: tuple[float, int]) -> float | None:
    found = Speed()
    for at, rows in seen:
        found.note(at, rows)
    return found.rate()


@pytest.mark.parametrize("seen", [(), ((0.0, 5),), ((0.0, 5), (0.1, 50)), ((0.0, 5), (9.0, 5))])
def test_nobody_knows_from_too_little(seen: tuple[tuple[float, int], ...]) -> None:
    assert speed(*seen) is None


def test_it_is_rows_a_second() -> None:
    assert speed((0.0, 100), (1.0, 300), (2.0, 500)) == 200


def test_only_the_last_seconds_count() -> None:
    assert speed((0.0, 0), (100.0, 10_000), (103.0, 10_030), (106.0, 10_060)) == 10


def test_a_run_that_starts_from_zero_is_measured_anew() -> None:
    assert speed((0.0, 1000), (1.0, 0), (2.0, 50)) == 50
