"""Reports: rows in small chunks, under the terms that people who wait need."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from narrowboat import Narrowboat
from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Table
from narrowboat.data.formats import format_named
from narrowboat.data.sources import rows
from narrowboat.errors import BadParameter, StorageFull, TooManyRuns
from narrowboat.jobs import converting
from narrowboat.jobs.output import Output
from narrowboat.kernel.model import Run, State
from narrowboat.kernel.runner import Settings
from narrowboat.testing import run_inline


@pytest.fixture
def nb(tmp_path: Path) -> Iterator[Narrowboat]:
    nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db", settings=Settings(chunk=3600.0))

    @nb.report("numbers", title="Numbers", formats=("csv", "xlsx"))
    def numbers(most: int = 3) -> Any:
        """Numbers and their squares."""
        return rows(lambda: ((n, n * n) for n in range(most)), columns=["n", "square"], repeatable=True)

    @nb.report("several")
    def several() -> Any:
        return {"one": rows([{"a": 1}]), "two": rows([{"a": 2}])}

    @nb.report("empty")
    def empty() -> Any:
        return rows([])

    with closing(nb.store):
        yield nb


def lines(nb: Narrowboat, run: Run) -> list[Any]:
    assert run.artifact is not None
    path = nb.run_folder(run.id) / run.artifact.path
    return [json.loads(line) for line in path.read_text().splitlines()]


def done(nb: Narrowboat, job: str, **params: Any) -> Run:
    return run_inline(nb, nb.start(job, params).run.id)


def test_its_artifact_holds_a_line_for_each_row_and_its_cursor_the_columns(nb: Narrowboat) -> None:
    run = done(nb, "numbers")
    assert (run.state, run.counters.rows) == (State.SUCCEEDED, 3)
    assert lines(nb, run) == [[0, 0], [1, 1], [2, 4]]
    assert run.artifact is not None
    assert run.artifact.path == "numbers.rows.jsonl"
    assert run.cursor is not None
    assert [column["name"] for column in run.cursor["writer"]["columns"]] == ["n", "square"]


def test_the_first_chunk_is_small_and_no_chunk_is_large(nb: Narrowboat) -> None:
    run = done(nb, "numbers", most=20_000)
    sizes = [chunk.rows for chunk in nb.store.chunks(run.id)]
    assert sizes[:4] == [100, 400, 1000, 1000]
    assert max(sizes) == 1000
    assert sum(sizes) == 20_000


def test_the_chunk_that_holds_a_row_is_found_by_it(nb: Narrowboat) -> None:
    run = done(nb, "numbers", most=9_000)
    for row in (0, 99, 100, 499, 500, 8_999):
        chunk = nb.store.chunks(run.id, row=row, limit=1)[0]
        assert chunk.row_from <= row < chunk.row_from + chunk.rows
    assert nb.store.chunks(run.id, row=9_000)[0].row_from == 8500
    assert nb.store.chunks("nothing", row=0) == []


def test_no_rows_and_no_columns_are_a_report_too(nb: Narrowboat) -> None:
    run = done(nb, "empty")
    assert (run.state, run.counters.rows, lines(nb, run)) == (State.SUCCEEDED, 0, [])


def test_a_report_has_one_table(nb: Narrowboat) -> None:
    run = done(nb, "several")
    assert (run.state, run.error_code) == (State.FAILED, "not-representable")
    assert "let its function return one source" in str(run.error)


def test_its_terms_are_those_of_people_who_wait(nb: Narrowboat) -> None:
    run = nb.start("numbers", owner="ann").run
    assert (run.kind, run.time_limit, run.unfollowed, run.block_rows) == ("report", 300.0, 60.0, 100)
    assert nb.start("numbers", {"most": 4}, owner="ann", background=True).run.unfollowed is None


def test_the_sixth_report_of_a_user_is_refused_whatever_its_job(nb: Narrowboat) -> None:
    for most in range(4):
        nb.start("numbers", {"most": most}, owner="ann")
    nb.start("empty", owner="ann")
    with pytest.raises(TooManyRuns, match="ann has 5 reports under way"):
        nb.start("several", owner="ann")
    nb.start("several", owner="bob")


def test_the_format_of_a_download_does_not_make_another_run(nb: Narrowboat) -> None:
    first = nb.start("numbers", output=Output(format="csv", options={"delimiter": ";"}), owner="ann")
    again = nb.start("numbers", output=Output(format="xlsx"), owner="ann")
    assert (again.how, again.run.id) == ("joined", first.run.id)
    assert nb.rerun(first.run).run.params == first.run.params


def test_it_shows_chosen_columns_and_one_page(nb: Narrowboat) -> None:
    with pytest.raises(BadParameter, match="one page at a time"):
        nb.start("numbers", output=Output(pages=(1, 2), page_size=10))
    run = run_inline(nb, nb.start("several", output=Output(pages=(1,), page_size=10)).run.id)
    assert run.state is State.FAILED


def test_what_a_worker_held_and_when_rows_came_stand_with_the_run(nb: Narrowboat) -> None:
    run = done(nb, "numbers")
    assert run.memory > 2**20
    assert run.first_rows is not None
    assert run.created <= run.first_rows


def test_a_disk_without_room_for_a_converted_file_is_told_so(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    lines = b"".join(b"[%d]\n" % n for n in range(10_000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))  # what the kernel says then is what it says of a full disk
    try:
        with pytest.raises(StorageFull, match="No room left while writing"):
            converting.make([lines], Table("numbers", (Column("n", Type.INTEGER),)), format_named("csv", {}), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
