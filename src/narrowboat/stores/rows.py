"""Rows of the tables as values of the kernel, and back."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from narrowboat.kernel.model import (
    Artifact,
    ChunkRow,
    Counters,
    Cursor,
    Event,
    Extent,
    Part,
    Reject,
    Run,
    State,
)
from narrowboat.stores.database import Row

_COUNTERS = (
    "rows_done",
    "rows_created",
    "rows_updated",
    "rows_skipped",
    "rows_rejected",
    "cells_altered",
    "bytes_written",
)
_ID_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


def new_id() -> str:
    """128 random bits in 22 letters and digits."""
    number = int.from_bytes(os.urandom(16))
    digits = []
    for _ in range(22):
        number, digit = divmod(number, 62)
        digits.append(_ID_CHARACTERS[digit])
    return "".join(digits)


def to_json(value: Any) -> str:
    """Compact JSON in ASCII, so NUL and lone surrogates are escaped; what JSON does not know becomes text."""
    return _encode(value)


def to_text(value: str | None) -> str | None:
    """Text that every database can hold: PostgreSQL refuses NUL, UTF-8 refuses lone surrogates."""
    if value is None:
        return None
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def to_run(row: Row, done_parts: Row | None = None) -> Run:
    """A run; of a fanned-out one with what its parts add."""
    return Run(
        id=row["id"],
        job=row["job"],
        kind=row["kind"],
        state=State(row["state"]),
        owner=row["owner"],
        params=json.loads(row["params"]),
        queue=row["queue"],
        priority=row["priority"],
        fan_out=bool(row["fan_out"]),
        block_rows=row["block_rows"],
        created=row["created_at"],
        not_before=float(row["not_before"]),
        started=row["started_at"],
        finished=row["finished_at"],
        time_limit=None if row["time_limit"] is None else float(row["time_limit"]),
        deadline=row["deadline_at"],
        fence=row["fence"],
        worker=row["worker"],
        tries=row["tries"],
        seq=_sum("seq", row, done_parts),
        cursor=cursor_of(row),
        counters=Counters(*(_sum(name, row, done_parts) for name in _COUNTERS)),
        total=row["total"],
        total_estimated=bool(row["total_estimated"]),
        generation=row["generation"],
        version=row["version"] + (done_parts["seq"] if done_parts else 0),
        holders=row["holders"],
        error_code=row["error_code"],
        error=row["error"],
        parent=row["parent"],
        relation=row["relation"],
        artifact=_artifact(row["artifact"]),
        unfollowed=row["unfollowed"],
        first_rows=row["first_rows_at"],
        memory=row["memory"],
        stood=row["stood"],
        stood_first=row["stood_first"],
    )


def _sum(name: str, row: Row, done_parts: Row | None) -> int:
    own: int = row[name]
    return own + (done_parts[name] if done_parts else 0)


def cursor_of(row: Row) -> Cursor | None:
    """Where the next chunk begins."""
    return None if row["cursor"] is None else json.loads(row["cursor"])


def _artifact(text: str | None) -> Artifact | None:
    return None if text is None else Artifact(**json.loads(text))


def from_artifact(artifact: Artifact) -> str:
    """An artifact as JSON."""
    return to_json(
        {
            "path": artifact.path,
            "media_type": artifact.media_type,
            "bytes": artifact.bytes,
            "sha256": artifact.sha256,
            "manifest": artifact.manifest,
            **({"copy": artifact.copy} if artifact.copy else {}),
        }
    )


def to_event(row: Row) -> Event:
    """A transition."""
    before = row["state_before"]
    return Event(
        id=row["id"],
        at=row["at"],
        before=None if before is None else State(before),
        after=State(row["state_after"]),
        reason=row["reason"],
        by=row["asked_by"],
    )


def to_part(row: Row) -> Part:
    """A part that a worker just got."""
    return Part(row["seq"], json.loads(row["payload"]))


def to_chunk_row(row: Row) -> ChunkRow:
    """A committed chunk with its bytes."""
    extent = Extent(row["file"], row["file_offset"], row["length"], row["crc"])
    return ChunkRow(row["seq"], row["row_from"], row["row_count"], row["start"], extent)


def to_reject(row: Row) -> Reject:
    """A refused row."""
    return Reject(row["row_number"], row["column_name"], row["code"], row["message"], json.loads(row["data"]))


def from_reject(run_id: str, reject: Reject) -> Mapping[str, Any]:
    """A refused row as values of its insert."""
    return {
        "run": run_id,
        "row": reject.row,
        "column": to_text(reject.column),
        "code": reject.code,
        "message": to_text(reject.message),
        "data": to_json(reject.data),
    }


def from_counters(counters: Counters) -> dict[str, int]:
    """Counters by the names of the queries' parameters."""
    return counters._asdict()
