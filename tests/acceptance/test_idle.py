"""What a server and a worker at rest have loaded: memory that a small server spends for as long as they live."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import fastapi.applications
import pytest

import narrowboat.app
from narrowboat.dispatch.channel import Channel
from tests.acceptance.shell import COMMAND, PATIENCE, Shell
from tests.page_cache import cached, no_disk
from tests.waiting import until

JOBS = """
from narrowboat import Narrowboat
from narrowboat.data.sources import Query, table

nb = Narrowboat("sqlite:///narrowboat.db")

@nb.export("leads")
def leads(id: int | None = None) -> Query:
    return table("sqlite:///crm.db", "leads").where(id=id)
"""
IMPORTED = re.compile(r"^import time: .*\| +(\S+)$", re.MULTILINE)
"""A line of `python -X importtime`, which writes one for each module loaded."""
WEB = {"fastapi", "starlette", "pydantic", "uvicorn", "asyncio", "ssl", "email", "http"}
DEAR = {
    "argparse", "bz2", "dataclasses", "locale", "lzma", "multiprocessing", "random", "shutil", "subprocess", "tempfile",
}  # fmt: skip
"""Of the standard library: with what they load, half a megabyte and more each."""
OPTIONAL = {"psycopg", "pymysql", "pymongo", "pyarrow", "sqlalchemy", "django", "botocore", "apprise", "argon2"}
ASKED_FOR = {
    "prometheus_client", "smtplib", "narrowboat.metrics", "narrowboat.notify", "narrowboat.web.accounts",
    "narrowboat.web.account_schemas", "narrowboat.web.routes.people", "narrowboat.data.sources.spreadsheet",
}  # fmt: skip
"""What only some servers need, or some requests."""


def imported(text: str) -> set[str]:
    """The modules and the packages they are of."""
    found = IMPORTED.findall(text)
    assert "narrowboat.app" in found, text
    return {*found, *(name.partition(".")[0] for name in found)}


def test_an_idle_worker_has_loaded_neither_the_web_part_nor_a_command_line(shell: Shell) -> None:
    (shell.folder / "jobs.py").write_text(JOBS)
    channel, theirs = Channel.pair()
    command = [sys.executable, "-X", "importtime", "-m", "narrowboat.cli.child", "jobs.py:nb", "--name", "w"]
    with theirs, open(shell.folder / "log", "w") as log:
        process = subprocess.Popen(
            [*command, "--channel", str(theirs.fileno())], cwd=shell.folder, stderr=log, pass_fds=[theirs.fileno()]
        )
    assert next(channel.hear())[0] == "alive"
    channel.close()
    assert process.wait(PATIENCE) == 0
    loaded = imported((shell.folder / "log").read_text())
    assert "narrowboat.data.formats.xlsx.writer" in loaded, "what its first run needs is there"
    assert not loaded & (WEB | DEAR | OPTIONAL | ASKED_FOR | {"narrowboat.web", "narrowboat.people.people"})


def test_an_idle_server_has_loaded_nothing_that_only_others_need(shell: Shell) -> None:
    (shell.folder / "jobs.py").write_text(JOBS)
    loaded = imported(served(shell, "health"))
    assert "fastapi" in loaded
    assert not loaded & (OPTIONAL | ASKED_FOR)


def test_an_idle_server_has_given_back_what_only_it_read(shell: Shell) -> None:
    if reason := no_disk(shell.folder):
        pytest.skip(reason)
    (shell.folder / "jobs.py").write_text(JOBS)
    prefix = shell.folder / "compiled"  # which nobody else reads
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(prefix)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with answering(shell, environment):
        pass  # now all is compiled
    os.sync()
    servers, workers = (compiled(prefix, module) for module in (fastapi.applications, narrowboat.app))
    assert cached(servers)
    with answering(shell, environment):
        until(lambda: not cached(servers), "what only the server read to be given back", PATIENCE)
        assert cached(workers), "the next worker reads it again"


def compiled(prefix: Path, module: ModuleType) -> Path:
    """Where its byte code is."""
    source = Path(str(module.__file__))
    return (prefix / source.relative_to("/")).with_name(f"{source.stem}.{sys.implementation.cache_tag}.pyc")


def served(shell: Shell, path: str) -> str:
    """What a server that was asked once had to say on stderr."""
    with (
        answering(shell, os.environ, "-X", "importtime") as address,
        urllib.request.urlopen(f"{address}{path}", timeout=PATIENCE) as answer,
    ):
        assert answer.status == 200
    return (shell.folder / "log").read_text()


@contextmanager
def answering(shell: Shell, environment: Mapping[str, str], *options: str) -> Iterator[str]:
    """The address of a server that answers and logs into `log`; it has ended after the block. options: of Python."""
    log = shell.folder / "log"
    with open(log, "w") as file:
        command = [COMMAND[0], *options, *COMMAND[1:], "serve", "jobs.py:nb", "--port", "0"]
        process = subprocess.Popen(command, cwd=shell.folder, stderr=file, env=environment)
    try:
        address = until(lambda: re.search(r"http://\S+", log.read_text()), "the server to listen", PATIENCE)[0]
        urllib.request.urlopen(f"{address}health", timeout=PATIENCE).close()
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
