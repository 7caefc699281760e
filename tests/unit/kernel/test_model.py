"""The transition table: complete, consistent, with a reason on every edge."""

import pytest

from narrowboat.errors import IllegalTransition
from narrowboat.kernel.model import ENDED, REQUESTS, TRANSITIONS, Counters, State, check_transition


def test_every_edge_has_a_reason_a_person_can_read() -> None:
    assert all(len(reason.split()) >= 1 and reason == reason.strip() for reason in TRANSITIONS.values())


def test_every_state_but_the_first_can_be_reached_and_every_unended_one_can_be_left() -> None:
    reached = {after for _, after in TRANSITIONS}
    left = {before for before, _ in TRANSITIONS}
    assert reached >= set(State) - {State.QUEUED}
    assert left >= set(State) - ENDED


def test_a_complete_run_stays_complete() -> None:
    assert not [edge for edge in TRANSITIONS if edge[0] in (State.SUCCEEDED, State.PARTIAL)]


def test_requests_lead_along_edges_only() -> None:
    for answers in REQUESTS.values():
        for before, after in answers.items():
            assert before is after or (before, after) in TRANSITIONS


def test_an_edge_that_is_not_in_the_table_is_refused_by_name() -> None:
    with pytest.raises(IllegalTransition, match="r1 is succeeded; it cannot become running"):
        check_transition("r1", State.SUCCEEDED, State.RUNNING)
    assert check_transition("r1", State.QUEUED, State.RUNNING) == "a worker claimed it"


def test_counters_add_up_figure_by_figure() -> None:
    assert Counters(1, 2, 3, 4, 5, 6, 7).plus(Counters(rows=10, bytes=100)) == Counters(11, 2, 3, 4, 5, 6, 107)
