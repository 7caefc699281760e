"""Logs: what happens to runs, as one line each, for people or as JSON for machines.

logs.watcher()                a `watch` that logs a line a chunk
logs.configure(json=True)     once a process: how lines look

`narrowboat serve` and `narrowboat worker` use both; a process of your own may.
"""

from __future__ import annotations

import json as json_text
import logging
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from narrowboat.kernel.memory import resident
from narrowboat.kernel.model import Chunk, Lease, Run
from narrowboat.kernel.runner import Moment

log = logging.getLogger("narrowboat.run")

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
"""What every record has; the rest was given as `extra`."""
CONTROLS = {number: f"\\x{number:02x}" for number in (*range(0x20), *range(0x7F, 0xA0))}
"""Characters that end a line or steer a terminal, as text: messages quote what users sent."""


class JsonFormatter(logging.Formatter):
    """A record as one JSON object: time (RFC 3339), level, logger, message, all extras, and an exception's text."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({name: value for name, value in vars(record).items() if name not in STANDARD})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json_text.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """A record as a line for people, its extras behind it as `name=value`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        extras = [f"{name}={value}" for name, value in vars(record).items() if name not in STANDARD]
        return " ".join([super().formatMessage(record), *extras]).translate(CONTROLS)


def configure(*, json: bool = True, level: int | str = logging.INFO, stream: TextIO | None = None) -> None:
    """Send all records of this process to `stream` (stderr), in place of the handlers that the root logger has."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if json else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def shorten_cuts(record: logging.LogRecord) -> bool:
    """A filter for the web server's logger: a download that was cut on purpose is one line, not a traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, ConnectionAbortedError):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args, record.exc_info = str(error), (), None
    return True


class _Slice:
    """Running totals of a run, from what its lease said and each chunk adds."""

    def __init__(self, run: Run) -> None:
        self.rows, self.bytes, self.seq, self.total = run.counters.rows, run.counters.bytes, run.seq, run.total
        self.began, self.before = time.monotonic(), run.counters.rows

    def add(self, chunk: Chunk) -> None:
        if chunk.restart:
            self.rows, self.bytes, self.seq, self.before = 0, 0, 0, 0
        self.rows += chunk.counters.rows
        self.bytes += chunk.counters.bytes
        self.seq += 1
        self.total = chunk.total[0] if chunk.total else self.total

    def figures(self) -> dict[str, Any]:
        seconds = time.monotonic() - self.began
        rate = round((self.rows - self.before) / seconds) if seconds > 0 else None
        figures = {"chunk": self.seq, "rows": self.rows, "total": self.total, "bytes": self.bytes, "rate": rate}
        return {**figures, "memory": resident()}


def watcher() -> Callable[[Moment], None]:
    """A `watch` for `Narrowboat`: logs each claim, committed chunk and release of the runs this worker works on.

    The records carry run, job and worker, and the running totals: chunk, rows, total, bytes, rate (rows a second
    in this slice), memory (bytes of the worker).
    """
    slices: dict[str, _Slice] = {}

    def watch(moment: Moment) -> None:
        run_id = moment.lease.run.id
        if moment.point == "claimed":
            slices[run_id] = _Slice(moment.lease.run)
        now = slices.get(run_id)
        if moment.point == "committed" and moment.chunk and now:
            now.add(moment.chunk)
        if moment.point in ("claimed", "committed", "released") and now:
            extra = {**_who(moment.lease), **now.figures(), **_ending(moment.run)}
            log.log(_level(moment.run), _message(moment), extra=extra)
        if moment.point == "released":
            slices.pop(run_id, None)

    return watch


def _who(lease: Lease) -> Mapping[str, Any]:
    return {"run": lease.run.id, "job": lease.run.job, "worker": lease.worker, "fence": lease.fence}


def _ending(run: Run | None) -> Mapping[str, Any]:
    if run is None:
        return {}
    return {"state": run.state.value, **({"code": run.error_code, "error": run.error} if run.error_code else {})}


def _level(run: Run | None) -> int:
    return logging.ERROR if run and run.state in ("failed", "timed_out") else logging.INFO


def _message(moment: Moment) -> str:
    if moment.run:
        return f"run {moment.run.state.value}"
    return "chunk committed" if moment.chunk else "run claimed"
