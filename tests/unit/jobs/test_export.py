"""Export: from a function that returns a source to a file whose every byte is accounted for."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat import Narrowboat
from narrowboat.data.sources import Query, rows, table
from narrowboat.data.sources.iterable import IterableSource
from narrowboat.errors import BadConfiguration, BadParameter, NothingToRetry, UnknownColumn, UnknownFormat, UnknownJob
from narrowboat.jobs.artifact import read_extents
from narrowboat.jobs.keeping import GOING, Keeping
from narrowboat.jobs.output import Output
from narrowboat.kernel.model import Request, Run, State
from narrowboat.kernel.runner import Moment, Settings
from narrowboat.testing import Interrupted, run_inline, stop_after

LEADS = [(n, f"Lead {n}", "Accra" if n % 3 else "Kumasi") for n in range(1, 1001)]


@pytest.fixture
def crm(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "crm.db")) as db:
        db.execute("create table leads (id integer primary key, name text not null, city text)")
        db.execute("create table notes (body text)")
        db.executemany("insert into leads values (?, ?, ?)", LEADS)
        db.execute("insert into notes values ('hello')")
        db.commit()
    return f"sqlite:///{tmp_path}/crm.db"


@pytest.fixture
def nb(tmp_path: Path, crm: str) -> Iterator[Narrowboat]:
    nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db", settings=Settings(chunk=0.0))

    @nb.export("leads", block_rows=100)
    def leads(city: str | None = None) -> Query:
        """Everybody who wants to drive."""
        return table(crm, "leads").where(city=city)

    @nb.export("both", block_rows=100)
    def both() -> dict[str, Query]:
        return {"Leads": table(crm, "leads"), "Notes": table(crm, "notes")}

    @nb.export("numbers", block_rows=100)
    def numbers() -> IterableSource:
        return rows(lambda: ((n,) for n in range(1000)), columns=["n"])

    with closing(nb.store):
        yield nb


def content(nb: Narrowboat, run: Run) -> bytes:
    assert run.artifact is not None, run
    return (nb.run_folder(run.id) / run.artifact.path).read_bytes()


def export(nb: Narrowboat, name: str, params: dict[str, object] | None = None, **output: object) -> list[list[str]]:
    """The rows of a csv export, header included."""
    run = nb.start(name, params, Output.parse({"format": "csv", "options": {"bom": False}, **output})).run
    return list(csv.reader(io.StringIO(content(nb, run_inline(nb, run.id)).decode())))


def test_every_row_comes_out_once_in_order(nb: Narrowboat) -> None:
    assert export(nb, "leads") == [["id", "name", "city"], *([str(n), name, city] for n, name, city in LEADS)]


def test_parameters_columns_order_and_labels_are_the_persons_choice(nb: Narrowboat) -> None:
    found = export(nb, "leads", {"city": "Kumasi"}, columns="name,id", labels={"name": "Driver"})
    assert found[:2] == [["Driver", "id"], ["Lead 3", "3"]]
    assert len(found) == 1 + 333


def test_a_label_of_a_column_that_is_not_there_is_named(nb: Narrowboat) -> None:
    run = run_inline(nb, nb.start("leads", output=Output(labels={"nmae": "Driver"})).run.id)
    assert (run.state, run.error_code) == ("failed", "unknown-column")
    assert run.error is not None
    assert run.error.startswith("There is no column 'nmae'. Columns: id, name, city")


def test_a_page_is_a_piece_of_the_whole(nb: Narrowboat) -> None:
    assert [row[0] for row in export(nb, "leads", pages=2, page_size=300)[1:]] == [str(n) for n in range(301, 601)]
    assert len(export(nb, "leads", pages=4, page_size=300)) == 1 + 100


@pytest.mark.parametrize("label", ["\ud83d", "Name \udc00"])
def test_what_could_not_be_shown_again_is_not_stored(nb: Narrowboat, label: str) -> None:
    with pytest.raises(BadParameter, match="no text, number"):
        nb.start("leads", {}, Output(labels={"name": label}))


def test_a_range_of_pages_is_one_zip(nb: Narrowboat) -> None:
    output = Output.parse({"format": "csv.zip", "pages": "1-2,4", "page_size": 300})
    run = run_inline(nb, nb.start("leads", output=output).run.id)
    with zipfile.ZipFile(io.BytesIO(content(nb, run))) as made:
        assert [made.read(name).count(b"\r\n") for name in made.namelist()] == [301, 301, 101]


def test_the_manifest_tells_rows_bytes_and_digest(nb: Narrowboat) -> None:
    run = run_inline(nb, nb.start("leads", output=Output(format="csv")).run.id)
    made = content(nb, run)
    manifest = json.loads((nb.run_folder(run.id) / "manifest.json").read_text())
    assert run.artifact is not None
    assert manifest == run.artifact.manifest
    assert (manifest["rows"], manifest["bytes"], manifest["complete"]) == (1000, len(made), True)
    assert manifest["sha256"] == hashlib.sha256(made).hexdigest()
    assert run.counters.bytes == len(made)


def test_a_run_is_counted_first(nb: Narrowboat) -> None:
    assert nb.delivering("leads").count_rows({"city": "Kumasi"}, Output()) == (333, False)
    run = run_inline(nb, nb.start("leads", {"city": "Kumasi"}, Output(format="csv")).run.id)
    assert (run.total, run.total_estimated) == (333, False)


def test_an_interrupted_run_goes_on_to_the_same_bytes(nb: Narrowboat) -> None:
    whole = content(nb, run_inline(nb, nb.start("leads", output=Output(format="csv.gz")).run.id))
    run = nb.start("leads", output=Output(format="csv.gz")).run
    for chunks in (3, 1, 4):
        with pytest.raises(Interrupted):
            run_inline(nb, run.id, watch=stop_after(chunks))
        nb.store.reconcile(["inline"], barren_limit=9)
    assert content(nb, run_inline(nb, run.id)) == whole


def test_committed_bytes_and_a_tail_are_a_valid_file_at_any_moment(nb: Narrowboat) -> None:
    run = nb.start("leads", output=Output(format="csv.zip")).run
    with pytest.raises(Interrupted):
        run_inline(nb, run.id, watch=stop_after(4))
    run = nb.store.get(run.id)
    extents = (row.extent for row in nb.store.chunks(run.id))
    partial = b"".join(read_extents(nb.run_folder(run.id), extents)) + nb.delivering("leads").tail(run)
    with zipfile.ZipFile(io.BytesIO(partial)) as made:
        assert made.testzip() is None
        assert made.read(made.namelist()[0]).count(b"\r\n") == 1 + run.counters.rows


def test_a_source_without_a_key_starts_from_zero_when_broken(nb: Narrowboat) -> None:
    run = nb.start("numbers", output=Output(format="csv")).run
    with pytest.raises(Interrupted):
        run_inline(nb, run.id, watch=stop_after(3))
    nb.store.reconcile(["inline"], barren_limit=9)
    ended = run_inline(nb, run.id)
    assert (ended.state, ended.counters.rows, ended.generation) == (State.SUCCEEDED, 1000, 1)
    assert content(nb, ended).count(b"\r\n") == 1001


def test_a_source_that_got_its_key_after_the_interruption_gives_no_row_twice(nb: Narrowboat) -> None:
    keyed = False

    @nb.export("turned", block_rows=100)
    def turned() -> IterableSource:
        return rows(lambda: ((n,) for n in range(1000)), columns=["n"], repeatable=keyed)

    run = nb.start("turned", output=Output(format="csv")).run
    with pytest.raises(Interrupted):
        run_inline(nb, run.id, watch=stop_after(3))
    nb.store.reconcile(["inline"], barren_limit=9)
    keyed = True
    ended = run_inline(nb, run.id)
    assert (ended.state, ended.counters.rows, ended.generation) == (State.SUCCEEDED, 1000, 1)
    assert content(nb, ended).count(b"\r\n") == 1001


def test_a_file_that_was_cancelled_at_its_last_chunk_needs_no_tail(nb: Narrowboat) -> None:
    run = nb.start("leads").run

    def cancel(moment: Moment) -> None:
        if moment.point == "written" and moment.chunk and moment.chunk.last:
            nb.ask(run.id, Request.CANCEL)

    ended = run_inline(nb, run.id, watch=cancel)
    assert (ended.state, ended.counters.rows) == (State.CANCELLED, 1000)
    extents = (row.extent for row in nb.store.chunks(run.id))
    partial = b"".join(read_extents(nb.run_folder(run.id), extents)) + nb.delivering("leads").tail(ended)
    nb.ask(run.id, Request.RESUME)
    assert partial == content(nb, run_inline(nb, run.id))


def test_several_tables_need_a_format_that_holds_them(nb: Narrowboat) -> None:
    run = run_inline(nb, nb.start("both", output=Output(format="csv.zip")).run.id)
    with zipfile.ZipFile(io.BytesIO(content(nb, run))) as made:
        assert made.namelist() == ["Leads.csv", "Notes.csv"]
    refused = run_inline(nb, nb.start("both", output=Output(format="csv")).run.id)
    assert (refused.state, refused.error_code) == (State.FAILED, "not-representable")
    assert "choose xlsx, or csv.zip" in (refused.error or "")


@pytest.mark.parametrize(
    ("format", "instead"),
    [("csv.gz", "csv.zip"), ("jsonl.gz", "jsonl.zip"), ("parquet", "csv.zip"), ("parquet.zip", "csv.zip")],
)
def test_the_format_that_is_advised_holds_several_tables(nb: Narrowboat, format: str, instead: str) -> None:
    refused = run_inline(nb, nb.start("both", output=Output(format=format)).run.id)
    assert f"choose xlsx, or {instead}." in (refused.error or "")
    assert run_inline(nb, nb.start("both", output=Output(format=instead)).run.id).state is State.SUCCEEDED


def test_a_request_that_cannot_work_starts_nothing(nb: Narrowboat) -> None:
    with pytest.raises(UnknownJob, match="Jobs: leads, both, numbers"):
        nb.start("lead")
    with pytest.raises(BadParameter, match="Unknown parameter 'town'"):
        nb.start("leads", {"town": "Accra"})
    with pytest.raises(UnknownFormat, match="no format 'doc'"):
        nb.start("leads", output=Output(format="doc"))
    with pytest.raises(BadConfiguration, match="two jobs called 'leads'"):
        nb.export("leads")(lambda: None)


def test_an_unknown_column_is_named_with_those_there_are(nb: Narrowboat) -> None:
    with pytest.raises(UnknownColumn, match=r"no column 'town'.*id, name, city"):
        nb.delivering("leads").count_rows({}, Output(columns=("town",)))


def test_identical_requests_under_way_share_a_run_and_each_can_let_go(nb: Narrowboat) -> None:
    first = nb.start("leads", {"city": "Accra"}, owner="ann")
    joined = nb.start("leads", {"city": "Accra"}, owner="ann")
    assert (joined.how, joined.run.id) == ("joined", first.run.id)
    assert nb.start("leads", {"city": "Accra"}, owner="ben").how == "created"
    assert nb.start("leads", {"city": "Tema"}, owner="ann").how == "created"
    assert nb.ask(first.run.id, Request.CANCEL).state is State.QUEUED, "one of two let go"
    assert nb.ask(first.run.id, Request.CANCEL).state is State.CANCELLED


def test_rerun_is_a_new_run_of_the_same_request(nb: Narrowboat) -> None:
    first = run_inline(nb, nb.start("leads", {"city": "Kumasi"}, Output(format="csv"), owner="ann").run.id)
    again = run_inline(nb, nb.rerun(first).run.id)
    assert (again.parent, again.relation, again.owner) == (first.id, "rerun", "ann")
    assert content(nb, again) == content(nb, first)
    with pytest.raises(NothingToRetry, match=r"rejected nothing.*rerun it"):
        nb.retry_failed(first)


def test_what_can_be_tried_again_is_said_by_how_far_a_run_is(nb: Narrowboat) -> None:
    run = nb.start("leads", owner="ann").run
    with pytest.raises(NothingToRetry, match="has not ended yet"):
        nb.retry_failed(run)
    with pytest.raises(NothingToRetry, match="where it stopped, resume it"):
        nb.retry_failed(nb.ask(run.id, Request.CANCEL))


def test_the_purge_takes_ended_runs_past_their_retention_and_their_files(nb: Narrowboat) -> None:
    run = run_inline(nb, nb.start("leads", output=Output(format="csv")).run.id)
    waiting = nb.start("leads", owner="ben").run
    assert nb.purge() == 0
    nb.retention = -1.0
    assert nb.purge() == 1
    assert not nb.run_folder(run.id).exists()
    assert nb.store.get(waiting.id).state is State.QUEUED


def test_a_purge_gets_on_however_slow_everything_is(nb: Narrowboat, monkeypatch: pytest.MonkeyPatch) -> None:
    for city in "Accra", "Kumasi":
        run_inline(nb, nb.start("leads", {"city": city}, Output(format="csv")).run.id)
    nb.retention = -1.0
    monkeypatch.setattr("narrowboat.jobs.keeping.PURGE_FOR", -1.0)
    assert [nb.purge(), nb.purge(), nb.purge()] == [1, 1, 0]


def test_what_a_purge_that_was_killed_left_goes_with_the_next_process(
    nb: Narrowboat, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, kept = (run_inline(nb, nb.start("leads", {"city": city}, Output()).run.id) for city in ("Accra", "Kumasi"))
    nb.retention = -1.0
    with monkeypatch.context() as killed:
        killed.setattr("narrowboat.jobs.artifact.remove", lambda folder: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            nb.purge()
    nb.retention = 1000.0
    stranger = nb.run_folder("of another installation")
    stranger.mkdir()
    (nb.run_folder(kept.id) / GOING).touch()
    nb.purge()
    assert nb.run_folder(gone.id).exists(), "looked for once an hour"
    Keeping(nb.sink, nb.folder / "runs").sweep(nb.store)
    assert not nb.run_folder(gone.id).exists()
    assert stranger.exists()
    assert content(nb, kept)
    assert not (nb.run_folder(kept.id) / GOING).exists()


def test_a_run_that_is_resumed_while_it_is_purged_keeps_its_files(
    nb: Narrowboat, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = nb.start("leads", output=Output(format="csv")).run
    with pytest.raises(Interrupted):
        run_inline(nb, run.id, watch=stop_after(3))
    nb.store.reconcile(["inline"], barren_limit=9)
    nb.ask(run.id, Request.CANCEL)
    nb.retention, expired = -1.0, nb.store.expired

    def found(finished_before: float, *, limit: int) -> Sequence[str]:
        ids = expired(finished_before, limit=limit)
        nb.ask(run.id, Request.RESUME)
        return ids

    monkeypatch.setattr(nb.store, "expired", found)
    assert nb.purge() == 0
    ended = run_inline(nb, run.id)
    assert (ended.state, ended.counters.rows, ended.generation) == (State.SUCCEEDED, 1000, 0)


def test_an_idle_worker_has_the_usual_format_loaded_but_not_arrow(nb: Narrowboat) -> None:
    check = (
        "import sys; from narrowboat.jobs.export import Export; "
        "Export('a', list, (), 'a').warm(); Export('b', list, (), 'b', formats=('parquet',)).warm(); "
        "print(*[name in sys.modules for name in ('narrowboat.data.formats.xlsx.writer', 'decimal', 'pyarrow')])"
    )
    assert subprocess.check_output([sys.executable, "-c", check], text=True) == "True True False\n"


NAMING = """
import sys
from narrowboat.data.sources import Database, table
from narrowboat.data.sources.mongo import collection
from narrowboat.jobs.export import Export

leads, shop, files = collection("mongodb://nowhere/crm", "leads"), Database("postgresql://nowhere/shop"), Database("sqlite:///a.db")

def warmed(function):
    Export("a", function, (), "a").warm()
    print(sorted(sys.modules.keys() & {"pymongo", "psycopg", "narrowboat.data.sources.sqlite"}))
"""


def said(program: str) -> list[str]:
    return subprocess.check_output([sys.executable, "-c", NAMING + program], text=True).splitlines()


def test_an_idle_worker_has_the_drivers_loaded_of_what_its_functions_name_and_no_others() -> None:
    assert said("warmed(lambda: table(files, 'leads'))") == ["[]"]
    assert said("warmed(lambda city: table(shop, 'leads').where(city=city))") == ["['psycopg']"]
    assert said("warmed(lambda city: leads.where(city=city)); 1 / 0 if 'psycopg' in sys.modules else 0") == [
        "['pymongo']"
    ]


def test_an_idle_worker_does_without_a_driver_that_cannot_be_loaded() -> None:
    assert said("sys.modules['psycopg'] = None; warmed(lambda: table(shop, 'leads')); print('on')")[-1] == "on"


def test_a_run_that_starts_again_does_not_keep_the_bytes_of_its_former_attempts(nb: Narrowboat) -> None:
    run = nb.start("numbers", output=Output(format="csv")).run
    for _ in range(3):
        with pytest.raises(Interrupted):
            run_inline(nb, run.id, watch=stop_after(3))
        nb.store.reconcile(["inline"], barren_limit=9)
    assert len(list(nb.run_folder(run.id).glob("*.part"))) == 1
    assert content(nb, run_inline(nb, run.id)).count(b"\r\n") == 1001
