"""Imports: every row accounted for, whatever the chunks, wherever the runs are kept."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pydantic
import pytest

from narrowboat.data.columns import Column, Type
from narrowboat.data.records import Field, Lookup
from narrowboat.data.records.record import Record
from narrowboat.data.targets import Row, function, table
from narrowboat.data.targets.engine import Refusal
from narrowboat.data.targets.loading import TableLoading
from narrowboat.data.targets.restoring import TableRestoring
from narrowboat.errors import (
    BadConfiguration,
    BadParameter,
    IllegalTransition,
    NothingToRetry,
    NotReversible,
    UnknownJob,
)
from narrowboat.kernel.model import Request, Run, State
from narrowboat.kernel.runner import Moment
from narrowboat.testing import Interrupted, run_inline, stop_after
from tests.unit.imports.offices import HEADERS, Office, customer, customers, office
from tests.unit.targets.places import Place

Open = Callable[..., Office]


@pytest.fixture(params=[True, False], ids=["together", "apart"])
def opened(tmp_path: Path, shop: Place, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens the office, once."""
    contexts: list[Any] = []

    def once(**terms: Any) -> Office:
        contexts.append(office(tmp_path, shop, together=request.param, **terms))
        made: Office = contexts[0].__enter__()
        return made

    yield once
    for context in contexts:
        context.__exit__(None, None, None)


def counted(run: Run) -> tuple[str, int, int, int, int, int]:
    return (run.state.value, *run.counters[:5])


def test_every_row_becomes_a_record(opened: Open) -> None:
    o = opened()
    run = o.run(o.file(customers(250)))
    assert counted(run) == ("succeeded", 250, 250, 0, 0, 0)
    assert len(o.names()) == 250
    assert run.artifact is None
    assert list(o.nb.run_folder(run.id).glob("*")) == []


def test_spring_batchs_case_two_bad_rows_of_five(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its skip sample: five are read, two of them refused, three written; each chunk with a bad one is done again.

    Row 3 never reaches the database. Of the four others the chunk, its second half and row 5 are rolled back.
    """
    rolled_back: list[int] = []
    together = TableLoading._together

    def counting(self: TableLoading, records: Sequence[Record]) -> Any:
        try:
            return together(self, records)
        except Refusal:
            rolled_back.append(1)
            raise

    monkeypatch.setattr(TableLoading, "_together", counting)
    o = opened(block_rows=5)
    run = o.run(o.file(customers(5, r3={"name": None}, r5={"credit": -1})))
    assert counted(run) == ("partial", 5, 3, 0, 0, 2)
    assert o.codes(run) == {3: "required", 5: "check-failed"}
    assert set(o.names()) == {"+2330000002", "+2330000004", "+2330000006"}
    assert (run.counters.rows, run.counters.created, run.counters.rejected, len(rolled_back)) == (5, 3, 2, 3)


@pytest.mark.parametrize("block_rows", [1, 7, 100, 2000])
def test_bad_rows_are_exactly_the_rejects_whatever_the_chunk(opened: Open, block_rows: int) -> None:
    bad = [5, 50, 100, 1024, 1027]
    if block_rows == 1:
        bad = [5, 50]
    o = opened(block_rows=block_rows, chunk=0.0)
    size = max(bad) + 20
    run = o.run(o.file(customers(size, **{f"r{row}": {"credit": -1} for row in bad})))
    assert counted(run) == ("partial", size, size - len(bad), 0, 0, len(bad))
    assert list(o.codes(run)) == bad
    assert len(o.names()) == size - len(bad)


@pytest.mark.parametrize("bad", [{2}, {41}, {20, 21, 22}, set(range(2, 42))], ids=["first", "last", "adjacent", "all"])
@pytest.mark.parametrize(("values", "code"), [({"credit": -1}, "check-failed"), ({"name": ""}, "required")])
def test_bad_rows_cost_no_good_one_wherever_they_stand(
    opened: Open, bad: set[int], values: dict[str, Any], code: str
) -> None:
    o = opened(block_rows=15, chunk=0.0)
    run = o.run(o.file(customers(40, **{f"r{row}": values for row in bad})))
    assert o.codes(run) == dict.fromkeys(sorted(bad), code)
    assert counted(run)[1:3] == (40, 40 - len(bad))


def test_of_many_long_rows_that_are_refused_the_first_are_kept_and_the_others_counted(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrowboat.jobs.rejecting.KEPT_CHARACTERS", 50_000)
    o = opened(block_rows=500, undo=False)
    rows = [customer(2), *(customer(row, name="x" * 9_000, phone=None) for row in range(3, 33)), customer(33)]
    run = o.run(o.file(rows))
    assert (run.counters.created, run.counters.rejected) == (2, 30)
    assert [reject.row for reject in o.rejects(run)] == [3, 4, 5, 6, 7, 8]
    said = "24 of the refused rows are not listed; the file of rejects has all of them."
    account = o.nb.account(run)
    assert (account["rejects_kept"], account["warnings"][-1]) == (6, said)
    plain = o.nb.account(run, plain=True)
    assert (plain["total_failed"], len(plain["failed_customers"])) == (30, 6)
    assert plain["message"].endswith(said)
    assert len(o.artifact(run)) == 31


def test_the_file_of_rejects_is_put_right_and_imported_as_it_is(opened: Open) -> None:
    o = opened()
    run = o.run(o.file(customers(120, r7={"name": None, "mark": "007"}, r90={"credit": -1})))
    header, *rows = o.artifact(run)
    assert header == (*HEADERS, "Import row", "Import code", "Import problem")
    assert rows == [
        (None, "+2330000007", "007", "5", 7, "required", "Name: is required"),
        ("Ama 90", "+2330000090", "M90", "-1", 90, "check-failed", rows[1][-1]),
    ]
    assert run.artifact is not None
    assert run.artifact.path == "customers-rejects.xlsx"
    assert o.marked(run) == {"A2"}, "the database did not say which column is at fault in the other row"
    fixed = [("Ama 7", *rows[0][1:]), (*rows[1][:3], 1, *rows[1][4:])]
    again = o.run(o.file(fixed, "fixed.csv", headers=header))
    assert counted(again) == ("succeeded", 2, 2, 0, 0, 0)
    assert o.shop.rows("select mark from customers where phone = '+2330000007'") == [("007",)]


def test_what_failed_is_tried_again_and_nothing_else(opened: Open) -> None:
    """Half a year later the parents are there: their rows get in, with all that was chosen for the file."""
    o = opened()
    headers = ("Full title", *HEADERS[1:])
    file = o.file(
        customers(120, r7={"phone": "+2339", "credit": -1}, r90={"phone": "+2339"}, r91={"phone": "+2339"}),
        headers=headers,
    )
    run = o.run(file, mapping={"Full title": "name"})
    assert o.codes(run) == {7: "check-failed", 91: "duplicate-in-file"}
    file.unlink()
    o.shop.run("delete from customers where phone = '+2339'")
    again = run_inline(o.nb, o.nb.retry_failed(run).run.id)
    assert counted(again) == ("partial", 2, 1, 0, 0, 1)
    assert again.parent == run.id
    assert o.codes(again) == {2: "check-failed"}
    assert o.names()["+2339"] == "Ama 91"


def test_what_failed_is_not_tried_again_where_the_rows_are_not_known(opened: Open) -> None:
    o = opened()
    run = o.run(o.file(customers(5, r3={"name": None})))
    (o.nb.run_folder(run.id) / "customers-rejects.xlsx").unlink()
    with pytest.raises(NothingToRetry, match="is not here"):
        o.nb.retry_failed(run)


def test_duplicates_in_the_file_name_the_row_that_came_first_also_over_chunks(opened: Open) -> None:
    o = opened(block_rows=10, chunk=0.0)
    file = o.file(customers(60, r9={"phone": "+2330000003"}, r55={"mark": "M4"}, r56={"phone": "+2330000055"}))
    run = o.run(file)
    assert {r.row: (r.code, r.message, r.column) for r in o.rejects(run)} == {
        9: ("duplicate-in-file", "row 3 of this file has the same phone", "Phone"),
        55: ("duplicate-in-file", "row 4 of this file has the same mark", "Mark"),
    }, "row 56 has the phone of a row that was refused, so it is the first to have it"


def test_the_second_of_two_rows_gets_in_where_the_first_is_refused(opened: Open) -> None:
    o = opened()
    run = o.run(o.file(customers(20, r5={"phone": "+1", "credit": -1}, r9={"phone": "+1"}, r12={"phone": "+1"})))
    assert o.codes(run) == {5: "check-failed", 12: "duplicate-in-file"}
    assert o.names()["+1"] == "Ama 9"


def test_many_rows_with_one_key_are_told_of_the_record_that_has_it(opened: Open) -> None:
    o = opened()
    o.shop.run("insert into customers (id, phone, name) values (901, '+000', 'Unknown')")
    run = o.run(o.file(customers(300, **{f"r{row}": {"phone": "+000"} for row in range(2, 300, 2)})))
    assert set(o.codes(run).values()) == {"exists"}
    assert counted(run)[1:] == (300, 151, 0, 0, 149)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("create", ("partial", 10, 8, 0, 0, 2)),
        ("skip", ("succeeded", 10, 8, 0, 2, 0)),
        ("update", ("partial", 10, 0, 2, 0, 8)),
        ("upsert", ("succeeded", 10, 8, 2, 0, 0)),
    ],
)
def test_modes(opened: Open, mode: str, expected: tuple[Any, ...]) -> None:
    o = opened(mode=mode)
    o.shop.run("insert into customers (phone, name) values ('+2330000003', 'Old'), ('+2330000005', 'Old')")
    assert counted(o.run(o.file(customers(10)))) == expected
    assert o.names()["+2330000003"] == ("Ama 3" if mode in ("update", "upsert") else "Old")


def test_a_dry_run_has_exactly_the_report_of_the_run_and_changes_nothing(opened: Open) -> None:
    o = opened(block_rows=10, chunk=0.0)
    o.shop.run("insert into customers (id, phone, name) values (901, '+000', 'Old')")
    mistakes = {"r4": {"phone": "+000"}, "r9": {"credit": -1}, "r44": {"phone": "+2330000005"}, "r30": {"name": None}}
    file = o.file(customers(60, **mistakes))
    dry = o.run(file, dry_run=True)
    assert o.names() == {"+000": "Old"}
    real = o.run(file)
    assert counted(dry) == counted(real) == ("partial", 60, 56, 0, 0, 4)
    assert o.rejects(dry) == o.rejects(real)
    assert o.artifact(dry) == o.artifact(real)
    assert o.nb.account(dry)["dry_run"]
    assert o.nb.account(dry)["message"] == "Dry run, nothing was changed: 60 rows: 56 created, 4 rejected."


def test_the_same_content_again_is_answered_with_the_first_run(opened: Open) -> None:
    o = opened()
    first = o.run(o.file(customers(20, r3={"name": None})))
    second = o.nb.import_file("customers", o.file(customers(20, r3={"name": None}), "another name.csv"))
    assert (second.how, second.run.id) == ("known", first.id)
    assert o.nb.import_file("customers", o.file(customers(21))).how == "created"
    assert o.nb.import_file("customers", o.folder / "another name.csv", owner="somebody else").how == "created"


def test_the_same_content_under_way_is_joined(opened: Open) -> None:
    o = opened()
    file = o.file(customers(20))
    first = o.nb.import_file("customers", file)
    assert (o.nb.import_file("customers", file).how, first.how) == ("joined", "created")


def test_the_same_content_again_creates_nothing_twice_where_that_was_insisted_on(opened: Open) -> None:
    o = opened()
    file = o.file(customers(20))
    o.run(file)
    again = o.run(file, again=True)
    assert counted(again) == ("partial", 20, 0, 0, 0, 20)
    assert set(o.codes(again).values()) == {"exists"}
    assert len(o.names()) == 20


def test_a_file_without_the_columns_is_refused_before_anything_is_written(opened: Open) -> None:
    o = opened()
    run = o.run(o.file(customers(5), headers=("Nom", "Tel", "Mark", "Credit")))
    assert (run.state, run.error_code) == (State.FAILED, "missing-columns")
    assert "lacks phone, name" in (run.error or "")


def test_a_mapping_that_was_confirmed_is_taken(opened: Open) -> None:
    o = opened()
    run = o.run(
        o.file(customers(5), headers=("Nom", "Tel", "Mark", "Credit")),
        mapping={"Nom": "name", "Tel": "phone", "Credit": None},
    )
    assert counted(run)[:3] == ("succeeded", 5, 5)
    assert o.shop.rows("select distinct credit from customers") == [(0,)], "the database's own default"


def test_a_file_that_is_wrong_altogether_stops_after_a_preview(opened: Open) -> None:
    o = opened()
    run = o.run(o.file(customers(300, **{f"r{row}": {"name": " "} for row in range(2, 302)})))
    assert (run.state, run.error_code, run.counters.rows) == (State.FAILED, "unusable-file", 0)
    assert "The first 100 rows are all refused for the same reason" in (run.error or "")
    assert "Row 2: Name: is required" in (run.error or "")


def test_an_empty_file_is_an_import_of_nothing(opened: Open) -> None:
    o = opened()
    assert counted(o.run(o.file([]))) == ("succeeded", 0, 0, 0, 0, 0)


def test_a_file_that_changed_is_not_gone_on_with(opened: Open) -> None:
    o = opened(block_rows=10, chunk=0.0)
    started = o.nb.import_file("customers", o.file(customers(60))).run
    with pytest.raises(Interrupted):
        o.nb.runner("w1", watch=stop_after(2)).run_slice(started.id)
    o.file(customers(61))
    o.nb.store.reconcile(["w1"], barren_limit=9)
    o.nb.runner("w2").run_slice(started.id)
    run = o.nb.store.get(started.id)
    assert (run.state, run.error_code) == (State.FAILED, "unusable-file")
    assert len(o.names()) == run.counters.created == 20, "what was committed is kept"


def test_a_run_is_taken_back_by_another_run(opened: Open) -> None:
    o = opened(mode="upsert", undo=True)
    o.shop.run("insert into customers (phone, name) values ('+2330000003', 'Old'), ('+2330000005', 'Old')")
    run = o.run(o.file(customers(150)))
    o.shop.run("update customers set name = 'Mine' where phone = '+2330000007'")
    undone = o.undo(run)
    assert (undone.kind, undone.parent, undone.relation) == ("undo", run.id, "undo")
    assert counted(undone) == ("partial", 150, 147, 2, 0, 1)
    assert o.codes(undone) == {7: "changed-since"}
    assert o.names() == {"+2330000003": "Old", "+2330000005": "Old", "+2330000007": "Mine"}
    told = o.nb.account(undone)
    assert [told[key] for key in ("created", "updated", "removed", "restored", "rejected")] == [0, 0, 147, 2, 1]
    assert told["message"] == "150 rows: 147 removed, 2 put back, 1 left as they are."
    assert counted(o.undo(run)) == ("partial", 1, 0, 0, 0, 1), "only what is left is tried again"


def test_what_undoing_needs_is_kept_as_long_as_the_run(tmp_path: Path, shop: Place) -> None:
    with office(tmp_path, shop, together=False, undo=True) as o:
        old, young = o.run(o.file(customers(50))), o.run(o.file([customer(n) for n in range(100, 103)], "more.csv"))
        o.nb.keeping.purge(o.nb.store, ((old.finished or 0) + (young.finished or 0)) / 2, limit=10)
        assert o.shop.rows("select distinct run from narrowboat_images") == [(young.id,)]
        assert o.nb.store.versions([old.id, young.id]).keys() == {young.id}
        assert counted(o.undo(young))[2] == 3


def test_a_run_that_did_not_end_well_leaves_no_receipt_when_it_is_forgotten(tmp_path: Path, shop: Place) -> None:
    with office(tmp_path, shop, together=False) as o:

        def cancel(moment: Moment) -> None:
            if moment.point == "claimed":
                o.nb.ask(moment.lease.run.id, Request.CANCEL)

        run = o.run(o.file(customers(250)), watch=cancel)
        assert run.state is State.CANCELLED
        assert o.shop.rows("select run from narrowboat_receipts") == [(run.id,)]
        o.nb.retention = -1.0
        assert o.nb.purge() == 1
        assert o.shop.rows("select run from narrowboat_receipts") == []


def test_uploads_go_also_where_no_import_is_defined_any_more(tmp_path: Path, shop: Place) -> None:
    with office(tmp_path, shop, together=False) as o:
        o.nb.uploads.limits = o.nb.uploads.limits._replace(keep=-1.0)
        upload = o.nb.uploads.append(o.nb.uploads.create("ama", "customers.csv", 3), 0, b"a,b")
        run = run_inline(o.nb, o.nb.import_upload("customers", upload, owner="ama").run.id)
        o.nb.purge()
        assert o.nb.uploads.path(upload).exists(), "its run is kept"
        del o.nb.jobs["customers"]
        o.nb.retention = -1.0
        assert [o.nb.purge(), o.nb.purge()] == [1, 0]
        assert list((o.nb.folder / "uploads").iterdir()) == []
        assert not o.nb.run_folder(run.id).exists()


def test_no_run_is_forgotten_while_its_target_is_away(
    tmp_path: Path, shop: Place, caplog: pytest.LogCaptureFixture
) -> None:
    with office(tmp_path, shop, together=False, undo=True) as o:
        run = o.run(o.file(customers(5)))
        o.nb.retention = -1.0
        here, gone = o.nb.importing("customers"), table("postgresql://nobody@127.0.0.1:1/nowhere", "customers")
        o.nb.jobs["customers"] = here._replace(into=gone)
        assert [o.nb.purge(), o.nb.purge()] == [0, 0]
        assert caplog.text.count(run.id) == 1, "told once"
        o.nb.jobs["customers"] = here
        assert o.nb.purge() == 1
        assert o.shop.rows("select * from narrowboat_images") == []


def test_runs_of_a_job_that_is_gone_are_forgotten_and_what_stays_in_the_target_is_told(
    tmp_path: Path, shop: Place, caplog: pytest.LogCaptureFixture
) -> None:
    with office(tmp_path, shop, together=False, undo=True) as o:
        run = o.run(o.file(customers(5)))
        del o.nb.jobs["customers"]
        o.nb.retention = -1.0
        assert o.nb.purge() == 1
        assert f"narrowboat undo {run.id} --forget --into DATABASE --table NAME" in caplog.text
        assert o.shop.rows("select count(*) from narrowboat_images") == [(5,)]
        table(o.shop.url, "customers").forget(run.id)
        assert o.shop.rows("select count(*) from narrowboat_images") == [(0,)]


def test_an_undo_that_cannot_begin_leaves_no_connection_open(
    tmp_path: Path, shop: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    close, closed = TableRestoring.close, list[TableRestoring]()

    def closing(restoring: TableRestoring) -> None:
        closed.append(restoring)
        close(restoring)

    monkeypatch.setattr(TableRestoring, "close", closing)
    with office(tmp_path, shop, together=False, undo=True) as o:
        undo = o.nb.undo(o.run(o.file(customers(3)))).run
        o.shop.run(f"insert into narrowboat_receipts (run, fence) values ('{undo.id}', 99)")
        assert o.nb.runner("slow").run_slice(undo.id) is None, "a newer worker has it"
        assert len(closed) == 1


def test_only_what_was_defined_for_it_is_taken_back(opened: Open) -> None:
    o = opened()
    run = o.run(o.file(customers(3)))
    with pytest.raises(NotReversible, match="undo=True"):
        o.nb.undo(run)


def test_a_run_under_way_is_not_taken_back(opened: Open) -> None:
    o = opened(undo=True)
    with pytest.raises(IllegalTransition, match="no import that has ended"):
        o.nb.undo(o.nb.import_file("customers", o.file(customers(3))).run)


def test_cells_are_looked_up_and_what_is_not_there_is_named(opened: Open) -> None:
    fields = (Field("phone"), Field("name"), Field("mark", lookup=Lookup("codes", "word", "code")))
    o = opened(row=fields)
    o.shop.run("create table codes (word text, code text)", "insert into codes values ('one', '1'), ('two', '2')")
    run = o.run(o.file([customer(2, mark="one"), customer(3, mark="three"), customer(4, mark="two")]))
    assert o.shop.rows("select phone, mark from customers order by phone") == [
        ("+2330000002", "1"),
        ("+2330000004", "2"),
    ]
    (reject,) = o.rejects(run)
    assert (reject.column, reject.message) == ("Mark", "there is no 'three' among the word of codes")


def test_a_function_is_given_the_rows_and_a_crash_gives_them_again(opened: Open) -> None:
    seen: list[Row] = []
    o = opened(into=function(lambda rows: seen.extend(rows)), unique=[], block_rows=10, chunk=0.0)
    run = o.run(o.file(customers(25)))
    assert counted(run) == ("succeeded", 25, 25, 0, 0, 0)
    assert [row.row for row in seen] == list(range(2, 27))
    assert {row.run for row in seen} == {run.id}


def test_an_import_is_not_started_as_an_export(opened: Open) -> None:
    o = opened()
    with pytest.raises(UnknownJob, match="is no export"):
        o.nb.start("customers")
    with pytest.raises(BadParameter, match="Cannot read"):
        o.nb.import_file("customers", o.folder / "missing.csv")


def test_a_definition_that_cannot_work_is_refused_when_it_is_made(opened: Open) -> None:
    with pytest.raises(BadConfiguration, match="names 'email', which is no field"):
        opened(unique=["email"])


@pytest.mark.parametrize(
    ("row", "said"), [(int, "no pydantic model"), ([], "needs fields"), (["a", "a"], "name of its own")]
)
def test_a_row_is_a_model_or_fields(opened: Open, row: Any, said: str) -> None:
    with pytest.raises(BadConfiguration, match=said):
        opened(row=row)


def test_declared_columns_are_fields_too(opened: Open) -> None:
    o = opened(row=["phone", "name", Column("mark", Type.TEXT), Column("credit", Type.MONEY)])
    assert counted(o.run(o.file(customers(3))))[:3] == ("succeeded", 3, 3)


DEFINITION = """
import functools
from narrowboat.data.columns import Type
from narrowboat.data.records import Field, Rules
from narrowboat.data.targets import function
from narrowboat import Narrowboat
def take(rows): ...
def tidy(cell, what="-"): return cell.strip(what)
class Known:
    def __call__(self, value): return value
nb = Narrowboat("sqlite:///x.db")
row = [Field("a", values={"x": "y", "z": "w"}, transform=tidy, check=tidy),
    Field("b", transform=str.upper, check=functools.partial(tidy, what="+")),
    Field("c", Type.TEXT, transform=Known(), check=Rules(pattern="a+"))]
print(nb.importer("things", row=row, into=function(take)).digest())
"""


def test_a_definition_is_recognised_in_every_process() -> None:
    asked = [subprocess.run([sys.executable, "-c", DEFINITION], capture_output=True, text=True) for _ in range(2)]
    assert asked[0].stdout == asked[1].stdout != "", asked[0].stderr


def test_columns_that_the_file_does_not_have_are_the_databases_to_fill(opened: Open) -> None:
    o = opened()
    run = o.run(o.file([("Ama", "+1"), ("Kofi", "+2")], headers=("Name", "Phone")))
    assert counted(run)[:3] == ("succeeded", 2, 2)
    assert o.shop.rows("select distinct mark, credit from customers") == [(None, 0)]


def test_a_models_defaults_are_written_and_what_it_leaves_open_is_not(opened: Open) -> None:
    class Customer(pydantic.BaseModel):
        phone: str
        name: str = "Somebody"
        mark: str = pydantic.Field(default_factory=lambda: next(marks))
        credit: int | None = None

    marks = iter(["A", "B"])
    o = opened(row=Customer)
    assert counted(o.run(o.file([("+1",), ("+2",)], headers=("Phone",))))[:3] == ("succeeded", 2, 2)
    rows = o.shop.rows("select phone, name, mark, credit from customers order by phone")
    assert rows == [("+1", "Somebody", "A", 0), ("+2", "Somebody", "B", 0)]


def test_a_file_with_none_of_the_keys_cannot_update(opened: Open) -> None:
    o = opened(mode="update", row=(Field("phone"), Field("mark"), Field("name")))
    run = o.run(o.file([("Ama",)], headers=("Name",)))
    assert (run.state, run.error_code) == (State.FAILED, "missing-columns")
    assert "it needs phone or mark" in (run.error or "")


def test_fields_can_be_those_of_the_table(opened: Open) -> None:
    fields = {field.name: (field.type, field.required) for field in table(opened().shop.url, "customers").fields()}
    assert fields["phone"] == (Type.TEXT, False)
    assert fields["name"] == (Type.TEXT, True)
    assert fields["credit"][0] is Type.DECIMAL
