"""The outbox: a notice falls due when its run ends, is claimed by one, and is never lost or given twice at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from narrowboat.kernel.model import ENDED, Failed, Request, State, Wanted
from narrowboat.kernel.outbox import Notice, NoticeFigures, NoticeState, Outbox
from narrowboat.kernel.store import Store
from narrowboat.stores.outbox import SqlOutbox
from tests.store.samples import Place, a_run, in_state, leased, submitted

ALL = frozenset(ENDED)
ANN = Wanted("mail", "ann@example.org", ALL)
OPS = Wanted("ops", "", ALL)


@pytest.fixture
def outbox(place: Place, store: Store) -> Iterator[Outbox]:
    database = place.database()
    yield SqlOutbox(database)
    database.close()


def cancelled(store: Store, *notify: Wanted) -> str:
    """A run with these notices that has ended."""
    run_id = submitted(store, notify=notify)
    store.request(run_id, Request.CANCEL)
    return run_id


def states(outbox: Outbox, run_id: str) -> list[NoticeState]:
    return [notice.state for notice in outbox.of(run_id)]


def claim(outbox: Outbox, channel: str = "mail", *, seconds: float = 60.0) -> Notice:
    notice = outbox.claim(channel, seconds=seconds)
    assert notice is not None
    return notice


def test_nothing_is_due_before_the_run_has_ended(store: Store, outbox: Outbox) -> None:
    run_id = submitted(store, notify=(ANN,))
    lease = leased(store, run_id)
    assert (list(outbox.due()), outbox.claim("mail", seconds=1)) == ([], None)
    store.release(lease, Failed("job-failed", "no"))
    assert list(outbox.due()) == ["mail"]
    assert claim(outbox)[1:7] == (run_id, "mail", "ann@example.org", NoticeState.WAITING, 1, 1)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_every_ending_that_is_wanted_is_told_of(store: Store, outbox: Outbox, state: State) -> None:
    before = store.submit
    store.submit = lambda new, conn=None: before(  # type: ignore[method-assign]
        new._replace(notify=(ANN, OPS._replace(ends=ALL - {state}))), conn=conn
    )
    run = in_state(store, state)
    assert states(outbox, run.id) == [NoticeState.WAITING, NoticeState.ASKED]
    assert list(outbox.due()) == ["mail"]


def test_a_run_that_never_started_is_told_of_when_it_is_cancelled(store: Store, outbox: Outbox) -> None:
    run_id = cancelled(store, ANN)
    assert claim(outbox).run == run_id


def test_each_one_who_shares_a_run_is_told_once(store: Store, outbox: Outbox) -> None:
    ben = ANN._replace(recipient="ben@example.org")
    runs = {store.submit(a_run(identity="same", notify=(who,))).run.id for who in (ANN, ben, ANN)}
    (run_id,) = runs
    assert [notice.recipient for notice in outbox.of(run_id)] == ["ann@example.org", "ben@example.org"]


def test_who_repeats_a_request_for_an_ended_run_is_told_at_once(store: Store, outbox: Outbox) -> None:
    run_id = store.submit(a_run(idempotency_key="k")).run.id
    store.request(run_id, Request.CANCEL)
    assert (
        store.submit(a_run(idempotency_key="k", notify=(ANN, OPS._replace(ends=frozenset({State.FAILED}))))).how
        == "repeated"
    )
    assert states(outbox, run_id) == [NoticeState.WAITING, NoticeState.ASKED]
    store.submit(a_run(idempotency_key="k", notify=(ANN,)))
    assert claim(outbox).ending == 1
    assert outbox.claim("mail", seconds=1) is None


def test_a_refused_request_leaves_no_notice(store: Store, outbox: Outbox) -> None:
    from narrowboat.errors import TooManyRuns

    submitted(store, limit=1)
    with pytest.raises(TooManyRuns):
        submitted(store, limit=1, notify=(ANN,))
    assert list(outbox.totals()) == []


def test_two_senders_never_hold_the_same_notice(store: Store, outbox: Outbox, place: Place) -> None:
    expected = {cancelled(store, ANN) for _ in range(40)}

    def take_all(_: int) -> list[str]:
        database = place.database()
        mine = SqlOutbox(database)
        found = []
        while (notice := mine.claim("mail", seconds=60)) is not None:
            found.append(notice.run)
        database.close()
        return found

    with ThreadPoolExecutor(4) as threads:
        found = [run for mine in threads.map(take_all, range(4)) for run in mine]
    # A locked row is passed over, so one sender may see nothing while another is at it; the next look finds the rest.
    found += take_all(0)
    assert (sorted(found), len(found)) == (sorted(expected), 40)


def test_what_a_dead_sender_held_comes_again_under_the_same_key(store: Store, outbox: Outbox) -> None:
    cancelled(store, ANN)
    lost = claim(outbox, seconds=0.0)
    again = claim(outbox)
    assert (again.key, again.tries) == (lost.key, 2)


def test_a_sender_that_slept_settles_nothing(store: Store, outbox: Outbox) -> None:
    run_id = cancelled(store, ANN)
    slept, awake = claim(outbox, seconds=0.0), claim(outbox)
    outbox.failed(slept, "too late", again_in=None)
    assert states(outbox, run_id) == [NoticeState.WAITING]
    outbox.sent(awake)
    outbox.failed(slept, "too late", again_in=0.0)
    assert states(outbox, run_id) == [NoticeState.SENT]
    assert list(outbox.totals()) == [NoticeFigures("mail", NoticeState.SENT, 1)]


def test_a_failed_try_waits_for_its_time_and_says_why(store: Store, outbox: Outbox) -> None:
    run_id = cancelled(store, ANN)
    outbox.failed(claim(outbox), "no \0answer", again_in=3600.0)
    assert (list(outbox.due()), outbox.claim("mail", seconds=1)) == ([], None)
    (notice,) = outbox.of(run_id)
    assert (notice.state, notice.tries, notice.error) == (NoticeState.WAITING, 1, "no \ufffdanswer")
    assert notice.next > store.now() + 3000


def test_what_is_given_up_comes_no_more(store: Store, outbox: Outbox) -> None:
    run_id = cancelled(store, ANN)
    outbox.failed(claim(outbox), "gone", again_in=None)
    assert list(outbox.due()) == []
    (notice,) = outbox.of(run_id)
    assert (notice.state, notice.error) == (NoticeState.GIVEN_UP, "gone")
    assert list(outbox.totals()) == [NoticeFigures("mail", NoticeState.GIVEN_UP, 1)]


def test_a_run_that_is_resumed_and_ends_again_is_told_again(store: Store, outbox: Outbox) -> None:
    run_id = cancelled(store, ANN)
    first = claim(outbox)
    outbox.sent(first)
    store.request(run_id, Request.RESUME)
    assert list(outbox.due()) == []
    store.request(run_id, Request.CANCEL)
    second = claim(outbox)
    assert (second.id, second.ending, second.tries) == (first.id, 2, 1)
    assert second.key != first.key


def test_an_ending_that_is_taken_back_before_it_was_told_is_not_told(store: Store, outbox: Outbox) -> None:
    run_id = cancelled(store, ANN)
    held = claim(outbox, seconds=0.0)
    store.request(run_id, Request.RESUME)
    assert (list(outbox.due()), states(outbox, run_id)) == ([], [NoticeState.ASKED])
    outbox.failed(held, "refused", again_in=0.0)
    outbox.sent(held)
    assert states(outbox, run_id) == [NoticeState.ASKED]


def test_channels_do_not_wait_for_each_other(store: Store, outbox: Outbox) -> None:
    cancelled(store, ANN, OPS)
    cancelled(store, ANN)
    assert sorted(outbox.due()) == ["mail", "ops"]
    assert claim(outbox, "ops").channel == "ops"
    assert outbox.claim("ops", seconds=1) is None
    assert claim(outbox, "mail").channel == "mail"


def test_the_one_that_waits_longest_goes_first(store: Store, outbox: Outbox) -> None:
    first, second = cancelled(store, ANN), cancelled(store, ANN)
    assert [claim(outbox).run, claim(outbox).run] == [first, second]


def test_a_purged_run_tells_nobody_and_its_notices_count_as_given_up(store: Store, outbox: Outbox) -> None:
    run_id = cancelled(store, ANN, OPS)
    outbox.sent(claim(outbox, "ops"))
    held = claim(outbox)
    store.forget(run_id)
    assert (list(outbox.due()), list(outbox.of(run_id))) == ([], [])
    outbox.sent(held)
    expected = [NoticeFigures("mail", NoticeState.GIVEN_UP, 1), NoticeFigures("ops", NoticeState.SENT, 1)]
    assert list(outbox.totals()) == expected


def test_what_waits_is_counted(store: Store, outbox: Outbox) -> None:
    for _ in range(2):
        cancelled(store, ANN)
    submitted(store, notify=(ANN,))
    assert list(outbox.totals()) == [NoticeFigures("mail", NoticeState.WAITING, 2)]


def test_the_notice_is_part_of_the_callers_transaction(
    place: Place, store: Store, outbox: Outbox, open_again: Callable[..., Store]
) -> None:
    import sqlite3

    import psycopg

    if place.url.startswith("sqlite"):
        conn = sqlite3.connect(place.url.removeprefix("sqlite:///"), isolation_level=None)
    else:
        conn = psycopg.connect(place.url)  # type: ignore[assignment]
    run_id = store.submit(a_run(notify=(ANN,)), conn=conn).run.id
    conn.rollback()
    conn.close()
    assert list(outbox.of(run_id)) == []
