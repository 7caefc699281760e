"""The databases that the tests of sources read: an SQLite file and a real PostgreSQL."""

from __future__ import annotations

import getpass
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import mongod
from tests.mongod import Mongod
from tests.postgresql import own_server, schema
from tests.program import Program
from tests.unit.sources.places import Mongo, Mysql, Place, Postgres, RealMongo, Sqlite
from tests.waiting import free_port, until

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL that also knows `en_US.UTF-8`, where this machine can make that locale."""
    with tempfile.TemporaryDirectory(prefix="nb-sources-") as folder, pytest.MonkeyPatch.context() as patch:
        locales = Path(folder) / "locales"
        locales.mkdir()
        Path(folder).chmod(0o755)  # the server may run as a user of its own
        if compiler := shutil.which("localedef"):
            command = [compiler, "--no-archive", "-i", "en_US", "-f", "UTF-8", str(locales / "en_US.UTF-8")]
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                patch.setitem(os.environ, "LOCPATH", str(locales))
        with own_server() as running:
            yield running.get_uri()


@pytest.fixture
def postgres(server: str) -> Iterator[Postgres]:
    place = Postgres(server, f"test_{next(_NUMBERS)}")
    with schema(server, place.schema):
        yield place


@pytest.fixture
def sqlite(tmp_path: Path) -> Sqlite:
    place = Sqlite(tmp_path / "crm.db")
    place.run()
    return place


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def place(request: pytest.FixtureRequest) -> Place:
    """A database of each kind."""
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def mongo_server() -> Iterator[str]:
    """The URL of a server that speaks MongoDB's protocol and calls itself a replica set."""
    from secantus import SecantusDBServer

    with tempfile.TemporaryDirectory(prefix="nb-mongo-") as folder, SecantusDBServer(storage_path=folder) as running:
        yield running.uri


@pytest.fixture(scope="session")
def mongod_server() -> Iterator[Mongod]:
    """A real one."""
    if reason := mongod.missing():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="nb-mongod-") as folder:
        running = Mongod(Path(folder))
        yield running
        running.close()


@pytest.fixture
def spoken_mongo(mongo_server: str) -> Mongo:
    return Mongo(f"{mongo_server}test_{next(_NUMBERS)}")


@pytest.fixture
def lone_mongo(tmp_path: Path) -> Iterator[Mongo]:
    """A stand-in of one test's own: it works to the end on what nobody waits for any more, and is killed over it."""
    port = free_port()
    where = ["--port", str(port), "--storage-path", str(tmp_path / "mongo")]
    command = [sys.executable, "-m", "secantus", *where, "--enable-test-commands"]
    running = Program(command, port, tmp_path / "mongo.log")
    yield Mongo(f"mongodb://127.0.0.1:{port}/test")
    running.kill()


@pytest.fixture
def real_mongo(mongod_server: Mongod) -> RealMongo:
    return RealMongo(f"{mongod_server.url}test_{next(_NUMBERS)}", server=mongod_server)


@pytest.fixture(params=["spoken_mongo", pytest.param("real_mongo", marks=pytest.mark.mongod)])
def mongo(request: pytest.FixtureRequest) -> Mongo:
    """A database of each server."""
    found: Mongo = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[str]:
    """The socket of a MariaDB of these tests' own, where this machine has one installed."""
    server = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    if server is None:
        pytest.skip("there is no mariadbd: scripts/system-packages.sh installs it")
    with tempfile.TemporaryDirectory(prefix="nb-mysql-") as folder:
        user = f"--user={getpass.getuser()}"
        where = ["--no-defaults", f"--datadir={folder}/data", user]
        make = ["mariadb-install-db", *where, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(make, capture_output=True, check=True)
        socket = f"{folder}/socket"
        log = f"--log-error={folder}/log"
        with subprocess.Popen([server, *where, "--skip-networking", f"--socket={socket}", log]) as running:
            until(lambda: Path(socket).exists() or running.poll() is not None, f"MariaDB; see {folder}/log", 60)
            assert running.poll() is None
            yield socket
            running.terminate()


@pytest.fixture
def mysql(mysql_server: str) -> Iterator[Mysql]:
    place = Mysql(mysql_server, f"test_{next(_NUMBERS)}")
    Mysql(mysql_server, "mysql").run(f"create database {place.schema} character set utf8mb4")
    yield place
    Mysql(mysql_server, "mysql").run(f"drop database {place.schema}")


@pytest.fixture
def django_databases(tmp_path: Path) -> Iterator[None]:
    """Two SQLite files with the tables of the tests' Django project."""
    from django.db import connections

    from tests.unit.sources.django_project import Lead, Owner, Tag

    for alias in ("default", "replica"):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = str(tmp_path / f"{alias}.db")
        with connections[alias].schema_editor() as editor:
            for model in (Owner, Lead, Tag):
                editor.create_model(model)
    yield
    connections.close_all()
