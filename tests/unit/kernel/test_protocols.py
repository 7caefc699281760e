"""What stands beside the store: small protocols, each kept by its classes."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from narrowboat.dispatch.inline import Inline
from narrowboat.kernel.attendance import Attendance
from narrowboat.kernel.dispatch import Dispatcher
from narrowboat.kernel.outbox import Notice, NoticeState, Outbox
from narrowboat.stores.attendance import SqlAttendance
from narrowboat.stores.outbox import SqlOutbox


@pytest.mark.parametrize(
    ("protocol", "kept_by"), [(Attendance, SqlAttendance), (Outbox, SqlOutbox), (Dispatcher, Inline)]
)
def test_every_verb_is_there_with_its_parameters(protocol: Any, kept_by: Any) -> None:
    verbs = [name for name, _ in inspect.getmembers(protocol, inspect.isfunction) if not name.startswith("_")]
    assert verbs
    for verb in verbs:
        assert list(inspect.signature(getattr(kept_by, verb)).parameters) == list(
            inspect.signature(getattr(protocol, verb)).parameters
        )


def test_a_notice_keeps_its_id_through_tries_and_has_another_for_another_ending() -> None:
    first = Notice("n1", "r1", "mail", "ann@leads.example", NoticeState.WAITING, 1, 1, 0.0, 0.0, None)
    assert first.key == first._replace(tries=2, waited=5.0).key
    assert first.key != first._replace(ending=2).key
