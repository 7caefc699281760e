"""Rollout: users have one place each, and requests on both paths are counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowboat.kernel.rollout import PathFigures, Rollout, Tally, place

USERS = [f"user-{n}" for n in range(4000)]


def nowhere(figures: PathFigures) -> None:
    raise AssertionError


@pytest.mark.parametrize("percent", [0, 10, 50, 100])
def test_so_many_of_a_hundred_users_are_in(percent: int) -> None:
    rollout = Rollout("sales", percent, nowhere)
    share = sum(map(rollout.includes, USERS)) / len(USERS)
    assert abs(share - percent / 100) < 0.03
    assert (rollout.path(USERS[0]) == "new") is rollout.includes(USERS[0])


@given(user=st.text(), low=st.floats(0, 100), high=st.floats(0, 100))
def test_who_is_in_stays_in(user: str, low: float, high: float) -> None:
    low, high = sorted((low, high))
    if Rollout("sales", low, nowhere).includes(user):
        assert Rollout("sales", high, nowhere).includes(user)


def test_a_place_is_the_same_in_every_process_and_another_for_another_job() -> None:
    assert place("sales", "ann") == 50.25590377523051
    assert len({place(f"job-{n}", "ann") for n in range(100)}) == 100


def test_what_is_measured_is_counted_and_a_failure_goes_on() -> None:
    kept: list[PathFigures] = []
    rollout = Rollout("sales", 10, kept.append)
    with rollout.measured("old"):
        pass
    with pytest.raises(ZeroDivisionError), rollout.measured("new"):
        _ = 1 / 0
    assert [(one.path, one.requests, one.failures) for one in kept] == [("old", 1, 0), ("new", 1, 1)]
    assert all(one.seconds >= 0 for one in kept)


def test_each_user_is_answered_by_their_path_alone_and_it_is_measured() -> None:
    kept: list[PathFigures] = []
    rollout = Rollout("sales", 50, kept.append)
    answers = [rollout.answer(user, new=lambda: "new", old=lambda: "old") for user in USERS]
    assert answers == [rollout.path(user) for user in USERS] == [one.path for one in kept]
    first = next(user for user in USERS if rollout.includes(user))
    with pytest.raises(ZeroDivisionError):
        rollout.answer(first, new=lambda: 1 // 0, old=lambda: 1)
    assert kept[-1][:4] == ("sales", "new", 1, 1)


class Shelf:
    """Where figures are kept, while it is there."""

    def __init__(self) -> None:
        self.away = False
        self.kept: list[PathFigures] = []

    def add(self, figures: PathFigures) -> None:
        if self.away:
            raise ConnectionError
        self.kept.append(figures)

    def totals(self) -> list[PathFigures]:
        return self.kept


def test_figures_wait_until_they_can_be_kept() -> None:
    tally, shelf = Tally(), Shelf()
    for _ in range(3):
        tally.note(PathFigures("sales", "old", 1, 1, 0.5))
    shelf.away = True
    with pytest.raises(ConnectionError):
        tally.keep(shelf)
    shelf.away = False
    tally.note(PathFigures("sales", "old", 1, 0, 0.5))
    tally.keep(shelf)
    tally.keep(shelf)
    assert shelf.totals() == [PathFigures("sales", "old", 4, 3, 2.0)]
