"""What a command ends with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from narrowboat.app import Narrowboat
from narrowboat.cli.outcome import EXIT_STATUS, exit_status, refused
from narrowboat.cli.rendering import amount, moment, readable, run_json
from narrowboat.cli.report import Report
from narrowboat.errors import BadParameter, NarrowboatError, SourceFailed, UnknownRun
from narrowboat.kernel.model import ENDED, Counters, Run, State


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """A run as a store knows it, with what a test changes of it."""
    nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db")
    nb.export("leads")(lambda: None)
    submitted = nb.start("leads").run
    nb.store.close()
    return lambda **changed: submitted._replace(**changed)


@pytest.mark.parametrize(
    ("state", "status"),
    [(State.SUCCEEDED, 0), (State.FAILED, 1), (State.PARTIAL, 3), (State.TIMED_OUT, 4), (State.CANCELLED, 130),
     (State.QUEUED, 1), (State.PAUSED, 1)],
)  # fmt: skip
def test_each_end_of_a_run_has_its_exit_status(run: Callable[..., Run], state: State, status: int) -> None:
    assert exit_status(run(state=state)) == status


def test_no_end_is_forgotten() -> None:
    assert set(EXIT_STATUS) == ENDED


@pytest.mark.parametrize(("error", "status"), [(BadParameter("no"), 2), (UnknownRun("no"), 2), (SourceFailed("no"), 1)])
def test_wrong_usage_is_told_from_failure(
    error: NarrowboatError, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(error, as_json=True) == status
    out, err = capsys.readouterr()
    assert err == f"narrowboat: no [{error.code}]\n"
    assert json.loads(out) == {"state": "refused", "error": {"code": error.code, "message": "no"}}


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"error_code": "unknown-column"}, 2), ({"error_code": "unknown-column", "seq": 3}, 1), ({"error_code": "x"}, 1)],
)
def test_a_run_that_could_not_be_begun_was_wrong_usage(
    run: Callable[..., Run], changed: dict[str, object], status: int
) -> None:
    failed = run(state=State.FAILED, error="No.", **changed)
    assert Report(failed, None, 1.0, 0, "").give(as_json=False, quiet=True) == status


def test_a_run_that_waits_for_its_database_is_told_with_what_to_do(
    run: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = run(state=State.QUEUED, error_code="source-unavailable", error="It is away.", counters=Counters(rows=7))
    report = Report(waiting, None, 1.0, 0, "Go on with --resume.")
    assert report.give(as_json=True, quiet=False) == 1
    out, err = capsys.readouterr()
    assert err == "narrowboat: It is away. [source-unavailable]\nGo on with --resume.\n"
    told = json.loads(out)
    assert (told["state"], told["rows"], told["file"]) == ("queued", 7, None)
    assert told["error"] == {"code": "source-unavailable", "message": "It is away."}


def test_a_stopped_run_says_how_far_it_came(run: Callable[..., Run]) -> None:
    stopped = run(state=State.TIMED_OUT, counters=Counters(rows=1200), total=33_407)
    assert Report(stopped, Path("a.partial.csv"), 1.0, 0, "Go on.").lines() == [
        "out of time after 1,200 of 33,407 rows; what there is: a.partial.csv",
        "Go on.",
    ]
    failed = stopped._replace(state=State.FAILED)
    assert Report(failed, None, 1.0, 0, "Go on.").lines() == ["failed after 1,200 of 33,407 rows", "Go on."]
    assert Report(failed._replace(counters=Counters()), None, 1.0, 0, "").lines() == []


def test_a_run_as_json_has_the_words_of_the_http_interface(run: Callable[..., Run]) -> None:
    told = run_json(run(created=0.5, total=10))
    assert (told["job"], told["state"], told["done"], told["total"]) == ("leads", "queued", 0, 10)
    assert (told["created_at"], told["finished_at"]) == ("1970-01-01T00:00:00Z", None)
    json.dumps(told)


def test_amounts_sizes_and_moments_for_people(run: Callable[..., Run]) -> None:
    assert amount(run(counters=Counters(rows=1200), total=33_407, total_estimated=True)) == "1,200 of ~33,407"
    assert amount(run()) == "0"
    assert [readable(size) for size in (999, 1_000, 5_100_000, 2_000_000_000_000)] == [
        "999 bytes", "1.0 kB", "5.1 MB", "2000.0 GB",
    ]  # fmt: skip
    assert moment(1_767_225_600.9) == "2026-01-01T00:00:00Z"
