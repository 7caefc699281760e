"""Several imports into one table at the same time: each row once, and every count agrees with the table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from narrowboat.kernel.model import Run, State
from tests.unit.imports.offices import Office, Row, customer, customers, office
from tests.unit.targets.places import Place, Postgres

OTHERS = {"exists", "written-meanwhile"}
"""What is told of a row whose record somebody else made, before the run or during it."""

SLOW = (
    "create function linger() returns trigger language plpgsql as $$ begin "
    "perform set_config('deadlock_timeout', '50ms', true), pg_sleep(0.01); return new; end $$",
    "create trigger linger before insert on customers for each row execute function linger()",
)
"""A row takes 10 ms, so that transactions of many rows overlap; whoever waits soon looks for a circle."""


@pytest.fixture(params=[True, False], ids=["together", "apart"])
def o(tmp_path: Path, shop: Place, request: pytest.FixtureRequest) -> Iterator[Office]:
    with office(tmp_path, shop, together=request.param, chunk=0.02, block_rows=20) as made:
        yield made


def work(o: Office, files: Sequence[Path]) -> list[Run]:
    """Each file by an owner and a worker of its own, at once; the runs as they ended."""
    ids = [o.nb.import_file("customers", file, owner=f"owner {n}").run.id for n, file in enumerate(files)]

    def end(run_id: str) -> Run:
        while not (run := o.nb.store.get(run_id)).ended:
            o.nb.runner(f"worker of {run_id}").run_slice(run_id)
        return run

    with ThreadPoolExecutor(len(ids)) as workers:
        return list(workers.map(end, ids))


def test_of_two_runs_over_one_file_each_row_gets_in_once_and_the_loser_names_the_winners_record(o: Office) -> None:
    rows = 600
    file = o.file(customers(rows))
    runs = work(o, [file, file])
    assert sum(run.counters.created for run in runs) == rows == len(o.names())
    ids = dict(o.shop.rows("select phone, id from customers"))  # type: ignore[arg-type]
    for run in runs:
        rejects = o.rejects(run)
        assert (run.counters.rows, run.counters.rejected) == (rows, rows - run.counters.created)
        assert len(rejects) == run.counters.rejected
        assert {reject.code for reject in rejects} <= OTHERS
        named = {reject.row: int(re.findall(r"\bid (\d+)$", reject.message)[0]) for reject in rejects}
        assert named == {row: ids[customer(row)[1]] for row in named}


def test_a_storm_of_importers_in_opposite_order_is_reconciled(tmp_path: Path, shop: Place) -> None:
    """Two files have the same phones, two others the same marks against the grain of their phones: since rows are
    written in the order of the first key, these wait for each other in a circle, and PostgreSQL ends one of them."""
    rows = 100
    along = customers(rows)
    against: list[Row] = [customer(5000 + n, mark=f"M{rows + 1 - n}") for n in range(rows)]
    made = [along, against, along[::-1], against[::-1]]
    if isinstance(shop, Postgres):
        shop.run(*SLOW)
    with office(tmp_path, shop, together=False, block_rows=rows) as o:
        runs = work(o, [o.file(lines, f"{n}.csv") for n, lines in enumerate(made)])
        assert {run.state for run in runs} <= {State.SUCCEEDED, State.PARTIAL}
        assert {run.counters.rows for run in runs} == {rows}
        assert all(run.counters.created + run.counters.rejected == rows for run in runs)
        assert sum(run.counters.created for run in runs) == len(o.names()) == rows
        assert {reject.code for run in runs for reject in o.rejects(run)} <= OTHERS
        marks = [mark for (mark,) in shop.rows("select mark from customers")]
        assert sorted(marks) == sorted(row[2] for row in along), "each mark is in the table once"
