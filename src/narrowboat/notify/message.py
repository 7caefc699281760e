"""From an ended run to a message: facts for programs, words for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from narrowboat.errors import outside
from narrowboat.kernel.model import Run, State
from narrowboat.kernel.outbox import Notice
from narrowboat.notify.channel import Channel, Message
from narrowboat.notify.texts import TEXTS, filled

BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""What would end a line, turn it around or steer a terminal; a title or an error may hold what users sent."""
LONGEST = 200
"""Characters of a title, and of a subject."""


class Download(NamedTuple):
    """Where the file can be had, and until when; None: as long as it is kept, by who may."""

    url: str
    expires: float | None


def compose(notice: Notice, run: Run, channel: Channel, *, title: str, download: Download | None, page: str) -> Message:
    """What `channel` says of the run. page: the address of the list of runs, empty where none is known."""
    values = _values(run, title, download, page)
    text = channel.texts.get(run.state, TEXTS[run.state])
    return Message(
        id=notice.key,
        state=run.state,
        subject=_line(filled(text.subject, values)),
        text=filled(text.body, values),
        links=tuple(link for link in (values["link"], page) if link),
        payload=_payload(run, title, download),
    )


def _values(run: Run, title: str, download: Download | None, page: str) -> Mapping[str, str]:
    """A value for each of `texts.NAMES`."""
    counters, made = run.counters, run.artifact
    return {
        "title": _line(title),
        "job": _line(run.job),
        "run": run.id,
        "owner": _line(run.owner),
        "state": run.state.replace("_", " "),
        "rows": f"{counters.rows:,}",
        "rejected": f"{counters.rejected:,}",
        "size": _size(made.bytes if made else counters.bytes),
        "took": _duration(run.took(now=0.0)),
        "finished": _day(run.finished or 0.0),
        "file": made.path if made else "",
        "reason": _reason(run) or "",
        "link": download.url if download else "",
        "expires": _day(download.expires) if download and download.expires else "",
        "download": _download(download),
        "page": f"All runs: {page}" if page else "",
    }


def _download(download: Download | None) -> str:
    if download is None:
        return ""
    until = f" until {_day(download.expires)}" if download.expires else ""
    return f"Download it here{until}:\n{download.url}"


def _payload(run: Run, title: str, download: Download | None) -> Mapping[str, Any]:
    counters, made = run.counters, run.artifact
    return {
        "type": f"run.{run.state}",
        "timestamp": _moment(run.finished),
        "data": {
            "run": run.id,
            "job": run.job,
            "title": title,
            "state": run.state.value,
            "owner": run.owner,
            "rows": counters.rows,
            "rejected": counters.rejected,
            "altered": counters.altered,
            "created_at": _moment(run.created),
            "started_at": _moment(run.started),
            "finished_at": _moment(run.finished),
            "error": {"code": run.error_code, "detail": _reason(run)} if _reason(run) else None,
            "file": made and {"filename": made.path, "bytes": made.bytes, "sha256": made.sha256},
            "link": download and {"url": download.url, "expires_at": _moment(download.expires)},
        },
    }


def _reason(run: Run) -> str | None:
    """Why it did not succeed, as everybody may know it: nobody asks who reads a notice, so no file is quoted in it."""
    if run.error_code is None or run.state not in (State.FAILED, State.TIMED_OUT):
        return None
    return outside(run.error_code, reader=False) or _line(run.error or "", longest=1000)


def _line(text: str, *, longest: int = LONGEST) -> str:
    """On one line, whatever it held."""
    line = BREAKS.sub(" ", text.encode("utf-8", "replace").decode()).strip()
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _size(bytes: int) -> str:
    amount, units = float(bytes), iter(("bytes", "KB", "MB", "GB", "TB"))
    unit = next(units)
    while amount >= 1000 and unit != "TB":
        amount, unit = amount / 1000, next(units)
    return f"{bytes} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %B %Y, %H:%M UTC").lstrip("0")


def _moment(at: float | None) -> str | None:
    """RFC 3339."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
