"""The command as people run it: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from tests.waiting import until

COMMAND = [sys.executable, "-m", "narrowboat"]
PATIENCE = 60.0
"""Seconds after which a test gives up; nothing is measured by it."""


class Shell:
    """A folder in which `narrowboat` is called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *argv: str, under: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Call it and wait. under: a command that calls it."""
        return subprocess.run(
            [*under, *COMMAND, *argv], cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """Call it and go on."""
        return subprocess.Popen(
            [*COMMAND, *argv], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def stop_at(
        self, at: Callable[[], bool], signal_number: signal.Signals, *argv: str
    ) -> subprocess.CompletedProcess[str]:
        """Call it, and send a signal as soon as `at` is true."""
        with self.start(*argv) as process:
            until(lambda: at() or process.poll() is not None, "the moment to send the signal at", PATIENCE)
            process.send_signal(signal_number)
            out, err = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def committed(self, name: str) -> Callable[[], bool]:
        """Whether something of the file `name` is committed by now."""

        def is_committed() -> bool:
            state = self.folder / f".{name}.narrowboat" / "runs.db"
            return state.exists() and rows_of(state, "select count(*) from narrowboat_chunks") > 0

        return is_committed


def rows_of(database: Path, query: str) -> int:
    """The number that a query gives; 0 while the database is being made."""
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return int(connection.execute(query).fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def last_line(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON object that `--json` prints."""
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def sheets(workbook: Path) -> dict[str, list[list[Any]]]:
    """The rows of each sheet, as calamine reads them."""
    book = CalamineWorkbook.from_path(workbook)
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
