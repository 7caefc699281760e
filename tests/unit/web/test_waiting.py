"""Files that cannot be sent while they grow are waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request

from narrowboat import Narrowboat
from narrowboat.data.formats import format_named
from narrowboat.data.sources import rows
from narrowboat.kernel import model
from narrowboat.testing import run_inline
from narrowboat.web import waiting
from narrowboat.web.app import build

PROXY = {"X-Forwarded-For": "10.0.0.1"}


def request(version: str = "1.1", *names: str) -> Request:
    headers = [(name.lower().encode(), b"x") for name in names]
    return Request({"type": "http", "http_version": version, "headers": headers})


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Narrowboat]:
    monkeypatch.setattr(waiting, "WAIT", 0.05)
    nb = Narrowboat(f"sqlite:///{tmp_path / 'nb.db'}")
    nb.export("numbers")(lambda: rows(lambda: ((n,) for n in range(5)), columns=["n"]))
    nb.export("broken")(lambda: 1 / 0)
    with closing(nb.store):
        yield nb


@pytest.fixture
def begun(nb: Narrowboat) -> model.Run:
    """A run with bytes to send."""
    return nb.start("numbers", owner="ann").run._replace(counters=model.Counters(rows=1, bytes=9))


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_text_grows_only_where_its_cut_is_seen(begun: model.Run, name: str) -> None:
    text = format_named(name)
    assert waiting.can_send(request("1.1"), text, begun)
    assert waiting.can_send(request("2"), text, begun)
    assert not waiting.can_send(request("1.0"), text, begun)
    for header in ("Via", "Forwarded", "X-Forwarded-For", "X-Real-IP"):
        assert not waiting.can_send(request("1.1", header), text, begun)


@pytest.mark.parametrize("name", ["xlsx", "csv.gz", "jsonl.zip"])
def test_a_file_that_has_an_end_of_its_own_grows_everywhere_once_there_is_some(begun: model.Run, name: str) -> None:
    nothing_yet = begun._replace(counters=model.Counters())
    assert waiting.can_send(request("1.0", "Via"), format_named(name), begun)
    assert not waiting.can_send(request("1.0", "Via"), format_named(name), nothing_yet), "a proxy would give up"
    assert waiting.can_send(request("1.1"), format_named(name), nothing_yet)


def test_a_file_that_is_made_at_the_end_grows_nowhere(begun: model.Run) -> None:
    assert not waiting.can_send(request("1.1"), format_named("parquet"), begun)


def get(
    nb: Narrowboat, path: str, then: Callable[[], object] = lambda: None, headers: dict[str, str] = PROXY
) -> list[httpx.Response]:
    """The answer, with the redirects before it. then: called after the first."""

    async def asked() -> list[httpx.Response]:
        transport = httpx.ASGITransport(build(nb, user=lambda request: "ann"))
        async with httpx.AsyncClient(transport=transport, base_url="http://x", headers={**PROXY, **headers}) as client:
            answers = [await client.get(path)]
            await asyncio.to_thread(then)
            while answers[-1].is_redirect:
                answers.append(await client.get(answers[-1].headers["location"]))
            return answers

    return asyncio.run(asked())


def work(nb: Narrowboat) -> None:
    for run in nb.store.find(model.Filter()):
        run_inline(nb, run.id)


def test_a_redirect_leads_to_the_file_when_it_is_finished(nb: Narrowboat) -> None:
    first, last = get(nb, "/exports/numbers.csv", lambda: work(nb))
    assert (first.status_code, first.headers["cache-control"]) == (302, "no-store")
    assert first.headers["location"].endswith("/artifact?turn=1&whole=true")
    assert (last.status_code, last.headers["content-length"]) == (200, str(len(last.content)))
    assert last.text.split() == ["\ufeffn", "0", "1", "2", "3", "4"]


def test_a_range_that_was_ignored_at_first_is_ignored_after_the_redirect_too(nb: Narrowboat) -> None:
    """It was asked of another run's bytes: two files must not be mixed in one."""
    first, last = get(nb, "/exports/numbers.csv", lambda: work(nb), {"Range": "bytes=3-"})
    assert (first.status_code, last.status_code) == (302, 200)
    assert last.text.split() == ["\ufeffn", "0", "1", "2", "3", "4"]


def test_a_run_that_fails_meanwhile_is_answered_with_its_error(nb: Narrowboat) -> None:
    *_, last = get(nb, "/exports/broken.csv", lambda: work(nb))
    assert (last.status_code, last.json()["code"]) == (500, "job-failed")


def test_a_run_that_is_cancelled_meanwhile_has_no_file(nb: Narrowboat) -> None:
    def cancel() -> None:
        (run,) = nb.store.find(model.Filter())
        nb.ask(run.id, model.Request.CANCEL)

    *_, last = get(nb, "/exports/numbers.csv", cancel)
    assert (last.status_code, last.json()["code"]) == (409, "no-artifact")


def test_waiting_ends_before_the_patience_of_browsers(nb: Narrowboat) -> None:
    answers = get(nb, "/exports/numbers.csv")
    assert [answer.status_code for answer in answers] == [302] * waiting.MOST + [503]
    assert answers[-1].json()["code"] == "not-finished"
    assert "retry-after" in answers[-1].headers
    assert waiting.MOST < 20


@pytest.mark.parametrize("turn", ["-1", "19", "x"])
def test_a_turn_that_never_was_is_refused(nb: Narrowboat, turn: str) -> None:
    run = nb.start("numbers", owner="ann").run
    (got,) = get(nb, f"/runs/{run.id}/artifact?turn={turn}")
    assert got.status_code == 422
