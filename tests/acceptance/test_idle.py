"""What a server and a worker at rest have loaded: memory that a small server spends for as long as they live."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request

from narrowboat.dispatch.channel import Channel
from tests.acceptance.shell import COMMAND, PATIENCE, Shell
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


def served(shell: Shell, path: str) -> str:
    """What a server that was asked once had to say on stderr."""
    log = shell.folder / "log"
    command = [COMMAND[0], "-X", "importtime", *COMMAND[1:], "serve", "jobs.py:nb", "--port", "0"]
    with open(log, "w") as file:
        process = subprocess.Popen(command, cwd=shell.folder, stderr=file)
    try:
        address = until(lambda: re.search(r"http://\S+", log.read_text()), "the server to listen", PATIENCE)
        with urllib.request.urlopen(f"{address[0]}{path}", timeout=PATIENCE) as answer:
            assert answer.status == 200
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    return log.read_text()
