"""Opening: which URL is which store, and what only SQLite or PostgreSQL can get wrong."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from narrowboat.errors import BadConfiguration, MissingExtra, StorageFull, StoreUnavailable
from narrowboat.stores import open_store
from tests.store.samples import Place, submitted


@pytest.mark.parametrize(
    "url", ["", "runs.db", "mysql://x/y", "sqlite://", "sqlite:///", "sqlite://host/x.db", "postgresql:/x"]
)
def test_an_unknown_url_is_refused_with_those_that_are_known(url: str) -> None:
    with pytest.raises(BadConfiguration, match=r"sqlite:///file.db.*postgresql://"):
        open_store(url)


@pytest.mark.parametrize("url", ["mysql://root:secret@db/x", "postgresql+psycopg://root:secret@db/x"])
def test_a_refused_url_is_told_without_its_password(url: str) -> None:
    with pytest.raises(BadConfiguration, match=r"://root:\*\*\*@db/x") as refused:
        open_store(url)
    assert "secret" not in str(refused.value)


def test_a_store_in_memory_is_refused_and_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadConfiguration, match="Runs cannot be kept in memory"):
        open_store("sqlite:///:memory:")
    assert list(tmp_path.iterdir()) == []


def test_a_broken_postgresql_url_is_refused() -> None:
    with pytest.raises(BadConfiguration, match="no PostgreSQL URL"):
        open_store("postgresql://host/db?nonsense=1")


@pytest.mark.parametrize(
    "url", ["postgresql://root:sec ret@host/db", "postgresql://root:sec@[::1/db", "postgresql://root:sec@host/db?no=1"]
)
def test_a_broken_postgresql_url_is_told_without_its_password(url: str) -> None:
    with pytest.raises(BadConfiguration, match="no PostgreSQL URL") as refused:
        open_store(url)
    assert "sec" not in str(refused.value)


@pytest.mark.parametrize("schema", ["a b", "x;drop", "", "A", "a" * 64])
def test_a_schema_is_a_plain_name(schema: str) -> None:
    with pytest.raises(BadConfiguration, match="no plain name"):
        open_store("postgresql://host/db", schema=schema)


def test_without_its_driver_postgresql_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from narrowboat.errors import MissingExtra\n"
        "from narrowboat.stores import open_store\n"
        "try: open_store('postgresql://host/db')\n"
        "except MissingExtra as error: sys.stdout.write(str(error))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install narrowboat[postgres]" in done.stdout
    assert issubclass(MissingExtra, ImportError)


def test_sqlite_needs_no_driver_of_postgresql(tmp_path: Path) -> None:
    code = (
        "import sys; from narrowboat.stores import open_store\n"
        f"open_store('sqlite:///{tmp_path}/x.db').migrate()\n"
        "sys.stdout.write(' '.join({'psycopg', 'asyncio', 'fastapi'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "psycopg" not in done.stdout


def test_a_relative_file_is_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Place("sqlite:///runs.db").open()
    store.close()
    assert (tmp_path / "runs.db").exists()


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "runs.db"
    store = Place(f"sqlite:///{path}").open()
    submitted(store)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    store.close()


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Place(f"sqlite:///{tmp_path}/runs.db").open().close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match=r"runs\.db cannot be made: (Not a directory|File exists)"):
        Place(f"sqlite:///{tmp_path}/file/runs.db").open()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    path.write_bytes(b"spreadsheet" * 1000)
    with pytest.raises(StoreUnavailable, match=r"runs\.db cannot be used: file is not a database"):
        Place(f"sqlite:///{path}").open()


def test_sqlite_is_as_durable_as_it_can_be(tmp_path: Path) -> None:
    store = Place(f"sqlite:///{tmp_path}/runs.db").open()
    with store._database.read() as tx:  # type: ignore[attr-defined]
        assert tx._conn.execute("pragma journal_mode").fetchone() == ("wal",)
        assert tx._conn.execute("pragma synchronous").fetchone() == (2,)
    store.close()


def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    store = Place(f"sqlite:///{tmp_path}/runs.db").open(connections=1)
    with store._database.read() as tx:  # type: ignore[attr-defined]
        tx._conn.execute("pragma max_page_count = 1")
    with pytest.raises(StorageFull, match="make room"):
        submitted(store, params={"x": "x" * 1_000_000})
    with store._database.read() as tx:  # type: ignore[attr-defined]
        tx._conn.execute("pragma max_page_count = 100000")
    submitted(store)
    store.close()


def test_a_locked_file_is_said_to_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrowboat.stores.sqlite.database._BUSY_SECONDS", 0.05)
    store = Place(f"sqlite:///{tmp_path}/runs.db").open()
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(StoreUnavailable, match="locked"):
        submitted(store)
    assert list(store.figures()) == []
    other.close()
    submitted(store)
    store.close()


@pytest.mark.parametrize("held", ["begin exclusive", "begin; select * from x"])
def test_a_switch_to_wal_that_never_gets_through_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    monkeypatch.setattr("narrowboat.stores.sqlite.database._BUSY_SECONDS", 0.05)
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    other.execute("create table x (a)")
    other.execute("insert into x values (1)")
    for statement in held.split(";"):
        cursor = other.execute(statement)
    with pytest.raises(StoreUnavailable, match="locked"):
        Place(f"sqlite:///{tmp_path}/runs.db").open()
    cursor.close()
    other.close()


def test_a_bug_is_not_called_an_outage(tmp_path: Path) -> None:
    store = Place(f"sqlite:///{tmp_path}/runs.db").open()
    key = {"owner": "ann", "key": "k", "run": "r", "fingerprint": "f"}
    with pytest.raises(sqlite3.IntegrityError), store._database.write() as tx:  # type: ignore[attr-defined]
        tx.change_many("key_insert", [key, key])
    assert submitted(store, idempotency_key="k")
    store.close()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = Place(f"sqlite:///{tmp_path}/runs.db").open()
    store.close()
    with pytest.raises(StoreUnavailable, match="was closed"):
        store.figures()
    store.close()


def test_no_file_of_sqlite_stays_open_when_the_store_is_closed(tmp_path: Path) -> None:
    store = Place(f"sqlite:///{tmp_path}/runs.db").open()
    with store._database.read():  # type: ignore[attr-defined]
        submitted(store)
        store.close()
    mine = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _is_open(fd)]
    assert not [path for path in mine if "runs.db" in path]


def _is_open(fd: str) -> bool:
    return Path(f"/proc/self/fd/{fd}").is_symlink()


FORKED = """
import os, sys
from narrowboat.kernel.model import NewRun
from narrowboat.stores import open_store

store = open_store(sys.argv[1], schema=sys.argv[2])
store.migrate()
children = []
for n in range(3):
    if not (child := os.fork()):
        for m in range(10):
            store.submit(NewRun("leads", "export", {}, f"owner-{n}", idempotency_key=str(m)))
        os._exit(0)
    children.append(child)
    store.figures()
assert all(os.waitpid(child, 0)[1] == 0 for child in children)
(figures,) = store.figures()
sys.stdout.write(str(figures.waiting))
store.close()
"""


def test_a_process_that_forks_shares_no_connection_with_its_children(place: Place) -> None:
    command = [sys.executable, "-c", FORKED, place.url, place.schema]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("30", "")
