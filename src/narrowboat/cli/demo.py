"""`narrowboat demo`: sample data, a real server with its workers, and one export end to end over HTTP."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple

from narrowboat import sample
from narrowboat.cli.outcome import print_json, say
from narrowboat.cli.rendering import readable
from narrowboat.errors import JobFailed
from narrowboat.kernel.memory import peak

CONFIG = """\
# A server without a line of Python: narrowboat serve narrowboat.toml
database = "sqlite:///narrowboat.db"

[sources]
crm = "sqlite:///crm.db"

[exports.leads]
title = "Driver leads"
description = "Everybody who wants to drive with us."
source = "crm"
table = "driver_leads"
parameters = {city = "str", country = "str", status = "str"}
types = {rating = {type = "decimal", scale = 2}, weekly_income = {type = "decimal", scale = 2}}

[reports.watch]
title = "Leads on the screen"
description = "The same people, in a table that fills while they are read."
source = "crm"
table = "driver_leads"
formats = ["xlsx", "csv"]

[reports.watch.parameters]
country = {type = "str", choices = ["BR", "CI", "EG", "GH", "IN", "JP", "KE", "NG", "PL", "SN", "TG"]}
city = "str"

[imports.customers]
title = "Customers"
description = "A spreadsheet that becomes records, and can be taken back."
into = "crm"
table = "customers"
unique = ["phone"]
mode = "upsert"
undo = true

[imports.customers.fields]
name = {type = "text", required = true}
phone = {type = "text", required = true, pattern = "[+][0-9]{8,15}"}
city = "text"
since = "date"
"""
CUSTOMERS = (
    "create table customers (id integer primary key, name text not null, phone text unique, city text, since date)"
)
PIECE = 64 * 1024
START = 30.0
"""Seconds that the server may take to start."""
EXAMPLES = """\
examples:
  narrowboat demo
  narrowboat demo --keep                       and look at the page
  narrowboat demo --rows 1000000
"""


def arguments(parser: ArgumentParser) -> None:
    """See `parser.Command`."""
    parser.description = "Make sample data, start a server, export the data over HTTP, and check what came."
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("--rows", type=int, default=sample.ROWS, metavar="N", help=f"driver leads to make ({sample.ROWS})")
    add("--folder", type=Path, default=Path("narrowboat-demo"), metavar="FOLDER", help="where (./narrowboat-demo)")
    add("--keep", action="store_true", help="leave the server running until Ctrl-C, and say where its page is")
    add("--json", action="store_true", help="print one JSON object as the last line")


class Received(NamedTuple):
    """A download as the client saw it. Times in seconds since the request."""

    first_byte: float
    seconds: float
    bytes: int
    sha256: str
    artifact: str
    """The address of the run's own file."""


def run(arguments: Namespace) -> int:
    """See `parser.Command`."""
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    _make(folder, arguments.rows)
    with _server(folder) as (process, address):
        file = folder / "leads.xlsx"
        received = _download(f"{address}exports/leads.xlsx", file)
        made = _run(address, received)
        result = _result(made, received, file, _memory(process.pid))
        _tell(result, address)
        if arguments.keep:
            _stay(process, address)
    if arguments.json:
        print_json(result)
    return 0


def _make(folder: Path, rows: int) -> None:
    began = time.monotonic()
    sample.make(folder / "crm.db", rows)
    with closing(sqlite3.connect(folder / "crm.db")) as crm:
        crm.execute(CUSTOMERS)
    (folder / "narrowboat.toml").write_text(CONFIG)
    say(f"sample data   {rows:,} driver leads x {len(sample.COLUMNS)} columns in {time.monotonic() - began:.1f} s")


@contextmanager
def _server(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server as a process of its own, and its address."""
    # Whoever ends the demo ends its server: both unwind it, also where a script runs it in the background.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    began = time.monotonic()
    command = [sys.executable, "-m", "narrowboat", "serve", str(folder / "narrowboat.toml"), "--port", "0"]
    with open(folder / "server.log", "w+") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, text=True)  # noqa: S603  # our own
        try:
            address = _address(process, folder / "server.log")
            say(f"server        {address} in {time.monotonic() - began:.1f} s")
            yield process, address
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """Where it listens, once it answers. Raises JobFailed with what it said where it does not start."""
    until = time.monotonic() + START
    while process.poll() is None and time.monotonic() < until:
        _, found, rest = log.read_text().partition("listens on ")
        if found and _answers(address := rest.split()[0]):
            return address
        time.sleep(0.02)
    raise JobFailed(f"The server did not start:\n{log.read_text()}")


def _answers(address: str) -> bool:
    try:
        with _get(address + "jobs"):
            return True
    except OSError:
        return False


def _get(url: str) -> HTTPResponse:
    """Raises JobFailed with what the server says went wrong."""
    try:
        answer: HTTPResponse = urllib.request.urlopen(url, timeout=60)  # noqa: S310  # our own server
    except urllib.error.HTTPError as refused:
        with refused:
            told = json.load(refused)
        raise JobFailed(f"The server answers {refused.code}: {told.get('detail') or told['title']}") from None
    return answer


def _download(url: str, file: Path) -> Received:
    began, size, digest = time.monotonic(), 0, hashlib.sha256()
    with _get(url) as answer, open(file, "wb") as out:
        piece = answer.read(1)
        first_byte = time.monotonic() - began
        while piece:
            size += out.write(piece)
            digest.update(piece)
            piece = answer.read(PIECE)
        artifact: str = answer.headers["Content-Location"]
    return Received(first_byte, time.monotonic() - began, size, digest.hexdigest(), artifact)


def _run(address: str, received: Received) -> dict[str, Any]:
    """The run as the server tells it. Raises JobFailed where it knows another file than the one that came."""
    path = received.artifact.removesuffix("/artifact").lstrip("/")
    with _get(address + path) as answer:
        made: dict[str, Any] = json.load(answer)
    if made["artifact"]["sha256"] != received.sha256:
        raise JobFailed(f"The file that came is not the one the server made: sha256 {received.sha256}, {made}.")
    return made


def _memory(server: int) -> dict[str, int]:
    """The most memory that the server and its workers held, in bytes; empty where the system does not tell."""
    try:
        threads = Path(f"/proc/{server}/task").iterdir()
        workers = [child for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:
        return {}
    return {"server": peak(server), "workers": sum(map(peak, workers))}


def _result(made: dict[str, Any], received: Received, file: Path, memory: dict[str, int]) -> dict[str, Any]:
    return {
        "run": made["id"],
        "rows": made["done"],
        "seconds": round(received.seconds, 3),
        "first_byte": round(received.first_byte, 3),
        "bytes": received.bytes,
        "sha256": received.sha256,
        "peak_memory": memory,
        "file": str(file.resolve()),
    }


def _tell(result: dict[str, Any], address: str) -> None:
    memory = " + ".join(f"{readable(size)} {who}" for who, size in result["peak_memory"].items())
    say(f"export        GET {address}exports/leads.xlsx")
    say(f"  time        {result['seconds']:.2f} s, first byte after {result['first_byte'] * 1000:.0f} ms")
    say(f"  rows        {result['rows']:,}")
    say(f"  size        {readable(result['bytes'])} ({result['bytes']:,} bytes)")
    say(f"  peak memory {memory}")
    say(f"  sha256      {result['sha256']} (as the server says)")
    say(f"  file        {result['file']}")


def _stay(process: subprocess.Popen[str], address: str) -> None:
    say(f"\nThe server goes on: open {address} in a browser. Ctrl-C stops it.")
    try:
        process.wait()
    except KeyboardInterrupt:
        say("")
