"""Logs of runs, as JSON and as text."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from narrowboat import Narrowboat, logs
from narrowboat.data.sources import rows
from narrowboat.testing import Interrupted, run_inline, stop_after


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What the process logs, with the root logger as it was afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def nb(tmp_path: Path) -> Iterator[Narrowboat]:
    nb = Narrowboat(f"sqlite:///{tmp_path / 'nb.db'}", watch=logs.watcher())

    @nb.export("numbers", block_rows=10)
    def numbers(most: int) -> object:
        return rows(lambda: ((n,) for n in range(most)), columns=("n",), repeatable=True)

    with closing(nb.store):
        yield nb


def test_each_chunk_is_a_line_with_the_running_totals(nb: Narrowboat, stream: io.StringIO) -> None:
    logs.configure(stream=stream)
    run = run_inline(nb, nb.start("numbers", {"most": 35}).run.id)
    found = [line for line in lines(stream) if line["logger"] == "narrowboat.run"]
    assert [line["message"] for line in found] == ["run claimed", *["chunk committed"] * run.seq, "run succeeded"]
    assert [line["chunk"] for line in found[1:-1]] == list(range(1, run.seq + 1))
    assert (found[-2]["rows"], found[-2]["bytes"]) == (35, run.counters.bytes)
    for line in found:
        assert (line["run"], line["job"], line["worker"], line["level"]) == (run.id, "numbers", "inline", "info")
        assert line["memory"] > 2**20
    assert found[-1]["state"] == "succeeded"


def test_the_totals_go_on_after_an_interruption(nb: Narrowboat, stream: io.StringIO) -> None:
    run = nb.start("numbers", {"most": 35}).run
    with pytest.raises(Interrupted):
        nb.runner("first", watch=stop_after(1)).run_slice(run.id)
    nb.store.reconcile(["first"], barren_limit=9)
    logs.configure(stream=stream)
    run_inline(nb, run.id)
    found = [line for line in lines(stream) if line["logger"] == "narrowboat.run"]
    assert [found[0]["rows"], found[0]["chunk"]] == [10, 1]
    assert [line["rows"] for line in found][-1] == 35


def test_a_failed_run_is_an_error_with_its_reason(nb: Narrowboat, stream: io.StringIO) -> None:
    @nb.export("broken")
    def broken() -> object:
        raise RuntimeError("no ink")

    logs.configure(stream=stream)
    run_inline(nb, nb.start("broken").run.id)
    last = [line for line in lines(stream) if line["logger"] == "narrowboat.run"][-1]
    assert (last["level"], last["state"], last["code"]) == ("error", "failed", "job-failed")
    assert "no ink" in last["error"]


def test_any_record_becomes_one_line_of_json(stream: io.StringIO) -> None:
    logs.configure(stream=stream)
    try:
        raise ValueError("two\nlines ä")
    except ValueError:
        logging.getLogger("any").exception("it %s", "broke", extra={"path": Path("/x")})
    (line,) = lines(stream)
    assert (line["message"], line["level"], line["logger"], line["path"]) == ("it broke", "error", "any", "/x")
    assert "two\nlines ä" in line["exception"]


def test_people_read_a_line_with_the_extras_behind_it(stream: io.StringIO) -> None:
    logs.configure(json=False, stream=stream)
    logging.getLogger("any").warning("careful", extra={"run": "r1"})
    assert stream.getvalue().endswith("WARNING any: careful run=r1\n")


def test_a_level_hides_what_is_below_it(stream: io.StringIO) -> None:
    logs.configure(level="WARNING", stream=stream)
    logging.getLogger("any").info("quiet")
    assert stream.getvalue() == ""


def test_a_download_that_was_cut_is_one_line_and_other_crashes_keep_their_traceback(stream: io.StringIO) -> None:
    logs.configure(stream=stream)
    server = logging.getLogger("a.web.server")
    server.addFilter(logs.shorten_cuts)
    for error in (ConnectionAbortedError("cut off"), ValueError("a crash")):
        try:
            raise error
        except Exception as raised:
            server.error("Exception in ASGI application", exc_info=raised)
    cut, crash = lines(stream)
    assert (cut["message"], cut["level"], "exception" in cut) == ("cut off", "warning", False)
    assert "Traceback" in crash["exception"]


def test_what_a_user_sent_ends_no_line_and_steers_no_terminal() -> None:
    record = logging.makeLogRecord({"msg": "no run %s", "args": ("x\n2026 INFO forged",), "job": "\x1b[2J"})
    assert logs.TextFormatter().format(record).endswith("no run x\\x0a2026 INFO forged job=\\x1b[2J")
