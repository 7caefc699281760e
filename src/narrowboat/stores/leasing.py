"""What workers do while they hold a lease: claim, plan, commit, heartbeat."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from narrowboat.errors import LeaseLost
from narrowboat.kernel.model import CLAIMABLE, Chunk, Control, Cursor, Lease, Part, State
from narrowboat.stores.database import Row, Session
from narrowboat.stores.moves import is_complete, is_late, move, run_of
from narrowboat.stores.rows import cursor_of, from_counters, from_reject, to_json, to_part, to_run


def claim(tx: Session, run_id: str, worker: str, seconds: float, per_owner: int | None) -> Lease | None:
    """A lease of the run, or of a part. What to lock is decided before anything is locked: locks are never raised."""
    seen = tx.row("run", run=run_id)
    if seen is None or not _waits(seen) or (is_late(seen) and not is_complete(tx, seen)):
        return None
    if per_owner is not None and _owner_is_busy(tx, seen, per_owner):
        return None
    if seen["planned"] and not is_complete(tx, seen):
        return _claim_part(tx, seen, worker, seconds)
    return _claim_run(tx, seen, worker, seconds)


def _waits(run: Row) -> bool:
    claimable = run["state"] in CLAIMABLE or (run["state"] == State.RUNNING and run["planned"])
    return bool(claimable and run["not_before"] <= run["now"])


def _owner_is_busy(tx: Session, run: Row, per_owner: int) -> bool:
    if run["state"] not in CLAIMABLE:
        return False
    tx.lock_owner(run["owner"])
    found = tx.row("runs_working", owner=run["owner"])
    return found is not None and found["n"] >= per_owner


def _claim_part(tx: Session, seen: Row, worker: str, seconds: float) -> Lease | None:
    starts = seen["state"] in CLAIMABLE
    run = tx.row("run_locked" if starts else "run_shared", run=seen["id"])
    if run is None or run["version"] != seen["version"]:
        return None
    part = tx.row("part_lease", run=run["id"], worker=worker, seconds=seconds)
    if part is None:
        return None
    if starts:
        _start(tx, run, State.RUNNING)
    tx.change("served", owner=run["owner"], grain=0.5)
    started = tx.row("run", run=run["id"]) if starts else run
    assert started is not None  # noqa: S101  its row is locked
    return Lease(to_run(started), part["fence"], worker, seconds, to_part(part))


def _claim_run(tx: Session, seen: Row, worker: str, seconds: float) -> Lease | None:
    run = tx.row("run_locked", run=seen["id"])
    if run is None or run["version"] != seen["version"] or run["worker"] is not None:
        return None
    cursor = cursor_of(run) or {}
    if run["planned"] or run["done"] or cursor.get("done"):
        tx.change("run_all_done", run=run["id"], cursor=to_json({**cursor, "done": True}))
        _start(tx, run, State.PUBLISHING)
    else:
        _start(tx, run, State.RUNNING)
    leased = tx.row("run_lease", run=run["id"], worker=worker, seconds=seconds)
    assert leased is not None  # noqa: S101  its row is locked
    return Lease(run_of(tx, leased), leased["fence"], worker, seconds)


def _start(tx: Session, run: Row, after: State) -> None:
    move(tx, run, after)
    tx.change("run_start", run=run["id"])


def plan(tx: Session, lease: Lease, parts: Sequence[Mapping[str, Any]], cursor: Cursor, *, last: bool) -> Control:
    """Add parts after those that are there."""
    row = _held(
        lease,
        tx.row(
            "run_plan", parts=len(parts), cursor=to_json(cursor), planned=int(last), **_guard(lease), **_seconds(lease)
        ),
    )
    first = row["parts"] - len(parts)
    values = [{"run": lease.run.id, "seq": first + n, "payload": to_json(part)} for n, part in enumerate(parts)]
    tx.change_many("part_insert", values)
    return _control(row)


class Bound(NamedTuple):
    """How much of what a run refuses is kept: the counters count all of it, and its file has all of it."""

    rejects: int
    characters: int
    """Of their data as JSON. The reject that reaches it is the last."""


def commit(tx: Session, lease: Lease, chunk: Chunk, *, keep: Bound) -> Control:
    """One chunk of a run, or the whole of a part."""
    control = _commit_run(tx, lease, chunk) if lease.part is None else _commit_part(tx, lease, lease.part, chunk)
    if chunk.rejects:
        _keep(tx, lease.run.id, chunk, keep)
    return control


def _commit_run(tx: Session, lease: Lease, chunk: Chunk) -> Control:
    guard = _guard(lease)
    if chunk.restart:
        _restart(tx, lease, guard)
    row = _held(lease, _moved_on(tx, lease, chunk, guard))
    if chunk.extent:
        tx.change(
            "chunk_insert",
            run=lease.run.id,
            seq=row["seq"] - 1,
            row_from=row["rows_done"] - chunk.counters.rows,
            row_count=chunk.counters.rows,
            start=row["extents_end"] - chunk.extent.length,
            **chunk.extent._asdict(),
        )
    if chunk.last and row["state"] != State.CANCELLING:
        move(tx, row, State.PUBLISHING)
        return Control.GO_ON
    return _control(row)


def _moved_on(tx: Session, lease: Lease, chunk: Chunk, guard: dict[str, Any]) -> Row | None:
    """The run with cursor, counters and the end of its output behind the chunk; None for a fence that was overtaken."""
    total, estimated = chunk.total or (None, False)
    return tx.row(
        "commit",
        cursor=to_json(chunk.cursor),
        total=total,
        estimated=int(estimated),
        length=chunk.extent.length if chunk.extent else 0,
        last=int(chunk.last),
        memory=chunk.memory,
        **guard,
        **_seconds(lease),
        **from_counters(chunk.counters),
    )


def _restart(tx: Session, lease: Lease, guard: dict[str, Any]) -> None:
    if not tx.change("commit_restart", **guard):
        raise lost(lease)
    tx.change("forget_chunks", run=lease.run.id)
    tx.change("forget_rejects", run=lease.run.id)


def _commit_part(tx: Session, lease: Lease, part: Part, chunk: Chunk) -> Control:
    extent = chunk.extent._asdict() if chunk.extent else {"file": None, "offset": None, "length": None, "crc": None}
    counters = from_counters(chunk.counters)
    row = tx.row("commit_part", seq=part.seq, **_guard(lease), **counters, **extent)
    return _control(_held(lease, row))


def _keep(tx: Session, run_id: str, chunk: Chunk, keep: Bound) -> None:
    there = tx.row("rejects_count", run=run_id) or {"n": 0, "size": 0}
    kept, room = [], keep.characters - there["size"]
    for reject in chunk.rejects[: max(keep.rejects - there["n"], 0)]:
        if room <= 0:
            break
        kept.append(from_reject(run_id, reject))
        room -= len(kept[-1]["data"])
    tx.change_many("reject_insert", kept)


def heartbeat(tx: Session, lease: Lease) -> Control:
    """Renew the lease."""
    if lease.part is None:
        row = tx.row("heartbeat", **_guard(lease), **_seconds(lease))
    else:
        row = tx.row("heartbeat_part", seq=lease.part.seq, **_guard(lease), **_seconds(lease))
    return _control(_held(lease, row))


def _guard(lease: Lease) -> dict[str, Any]:
    return {"run": lease.run.id, "fence": lease.fence, "worker": lease.worker}


def _seconds(lease: Lease) -> dict[str, float]:
    return {"seconds": lease.seconds}


def _held(lease: Lease, row: Row | None) -> Row:
    """The row that a guarded write gave back; none means that the fence holds no more."""
    if row is None:
        raise lost(lease)
    return row


def lost(lease: Lease) -> LeaseLost:
    """The error for a stale worker."""
    what = f"run {lease.run.id}" if lease.part is None else f"part {lease.part.seq} of run {lease.run.id}"
    return LeaseLost(
        f"Worker {lease.worker} holds {what} no more: fence {lease.fence} is not the newest, or the run has stopped. "
        "Nothing was changed; claim it again."
    )


def _control(row: Row) -> Control:
    """What was asked of the run goes before its deadline; what is being published is not stopped."""
    match State(row["state"]):
        case State.CANCELLING:
            return Control.CANCEL
        case State.PAUSING:
            return Control.PAUSE
        case State.PUBLISHING:
            return Control.GO_ON
    return Control.TIMED_OUT if row["late"] else Control.GO_ON
