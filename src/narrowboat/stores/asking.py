"""What people ask: submit, pause, resume, cancel."""

from __future__ import annotations

import json

from narrowboat.errors import IdempotencyConflict, IllegalTransition, TooManyRuns
from narrowboat.kernel.model import ENDED, REQUESTS, NewRun, Request, Run, State, Submitted
from narrowboat.stores import notices
from narrowboat.stores.database import Row, Session
from narrowboat.stores.moves import move, record, settle, unknown, view
from narrowboat.stores.rows import new_id, to_json, to_text

_PAST = {Request.PAUSE: "paused", Request.RESUME: "resumed", Request.CANCEL: "cancelled"}


def submit(tx: Session, new: NewRun) -> Submitted:
    """Queue a run, or give the one that the key or the identity stands for."""
    tx.lock_owner(new.owner)
    repeated = _repeated(tx, new)
    if repeated is not None:
        _notify(tx, repeated, new)
        return Submitted(view(tx, repeated), "repeated")
    shared = _share(tx, new)
    run_id, how = shared or (_insert(tx, new), "created")
    _notify(tx, run_id, new)
    if new.idempotency_key is not None:
        _remember(tx, new.owner, new.idempotency_key, run_id, _fingerprint(new))
    return Submitted(view(tx, run_id), how)


def _repeated(tx: Session, new: NewRun) -> str | None:
    if new.idempotency_key is None:
        return None
    return _recall(tx, new.owner, new.idempotency_key, _fingerprint(new))


def _recall(tx: Session, owner: str, key: str, fingerprint: str) -> str | None:
    """The run that this request was about, if it came before. Raises IdempotencyConflict."""
    known = tx.row("key_find", owner=owner, key=key)
    if known is None:
        return None
    run_id: str = known["run_id"]
    if known["fingerprint"] != fingerprint:
        raise IdempotencyConflict(
            f"The idempotency key {key!r} was used before, for run {run_id}, and that was another "
            "request. Send a new key with a new request."
        )
    return run_id


def _remember(tx: Session, owner: str, key: str, run_id: str, fingerprint: str) -> None:
    tx.change("key_insert", owner=owner, key=key, run=run_id, fingerprint=fingerprint)


def _fingerprint(new: NewRun) -> str:
    import hashlib  # 4 MB of OpenSSL, which workers need not load

    parts: list[object] = [new.job, new.kind, new.params if new.meant is None else new.meant]
    parts += [new.parent, new.relation] if new.relation else []
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _share(tx: Session, new: NewRun) -> tuple[str, str] | None:
    if new.identity is None:
        return None
    found = tx.row(
        "run_identical",
        identity=new.identity,
        owner=new.owner,
        not_before=new.not_before,
        within=new.share_within,
    )
    if found is not None:
        tx.change("run_join", run=found["id"], unfollowed=new.unfollowed)
        _forget_cancels(tx, found["id"])
        return found["id"], "joined"
    ended = tx.row("run_answering", identity=new.identity, owner=new.owner) if new.share_ended else None
    return (ended["id"], "known") if ended is not None else None


def _insert(tx: Session, new: NewRun) -> str:
    _check_limit(tx, new.owner, new.job, new.kind, new.limit, by_kind=new.limit_kind)
    run_id = new_id()
    tx.change(
        "run_insert",
        run=run_id,
        job=new.job,
        kind=new.kind,
        owner=new.owner,
        params=to_json(new.params),
        queue=new.queue,
        priority=new.priority,
        fan_out=int(new.fan_out),
        block_rows=new.block_rows,
        not_before=new.not_before,
        time_limit=new.time_limit,
        run_limit=new.limit,
        identity=new.identity,
        parent=new.parent,
        relation=new.relation,
        limit_kind=int(new.limit_kind),
        unfollowed=new.unfollowed,
    )
    record(tx, run_id, None, State.QUEUED, "submitted", new.owner)
    return run_id


def _notify(tx: Session, run_id: str, new: NewRun) -> None:
    """The run is locked, so it ends either before, and is told of at once, or after."""
    if new.notify and tx.row("run_locked", run=run_id):
        notices.ask(tx, run_id, new.notify)


def _check_limit(tx: Session, owner: str, job: str, kind: str, limit: int | None, *, by_kind: bool) -> None:
    if limit is None:
        return
    found = tx.row("runs_under_way", owner=owner, job=job, kind=kind, limit_kind=int(by_kind))
    if found is not None and found["n"] >= limit:
        several, allowed = "s" * (found["n"] != 1), "is" if limit == 1 else "are"
        counted = f"{kind}{several}" if by_kind else f"run{several} of {job}"
        raise TooManyRuns(
            f"{owner} has {found['n']} {counted} under way, and {limit} at once {allowed} allowed. "
            "Wait until one has ended, or cancel one."
        )


def ask(tx: Session, run_id: str, request: Request, by: str | None, key: str | None = None) -> Run:
    """Pause, resume or cancel. key: of one holder's cancel."""
    key = key if request is Request.CANCEL else None
    run = _lock(tx, run_id, with_owner=request is Request.RESUME or key is not None)
    if key is None or not _cancelled(tx, run, key):
        _ask(tx, run, request, by)
    return view(tx, run_id)


def _cancelled(tx: Session, run: Row, key: str) -> bool:
    """Whether the cancel with this key came before; from now on it did."""
    before = _recall(tx, run["owner"], key, _cancel_of(run["id"]))
    if before is None:
        _remember(tx, run["owner"], key, run["id"], _cancel_of(run["id"]))
    return before is not None


def _forget_cancels(tx: Session, run_id: str) -> None:
    tx.change("keys_of_cancels_forget", run=run_id, fingerprint=_cancel_of(run_id))


def _cancel_of(run_id: str) -> str:
    """What is kept with the key of a cancel, as the fingerprint with that of a start."""
    return f"cancel {run_id}"


def _ask(tx: Session, run: Row, request: Request, by: str | None) -> None:
    before = State(run["state"])
    after = REQUESTS[request].get(before)
    if after is None:
        raise IllegalTransition(_refusal(run["id"], before, request))
    if request is Request.CANCEL and run["holders"] > 1 and before not in {after, State.CANCELLING}:
        tx.change("run_let_go", run=run["id"])
    elif after is not before:
        _obey(tx, run, after, by)


def _lock(tx: Session, run_id: str, *, with_owner: bool) -> Row:
    """with_owner: where the owner's limit is counted or keys are read. Locked before the run, as everywhere."""
    seen = tx.row("run", run=to_text(run_id))
    if seen is not None and with_owner:
        tx.lock_owner(seen["owner"])
    run = seen and tx.row("run_locked", run=run_id)
    if not run:
        raise unknown(run_id)
    return run


def _obey(tx: Session, run: Row, after: State, by: str | None) -> None:
    if after is State.QUEUED:
        _renew(tx, run)
    move(tx, run, after, by=by)
    settle(tx, run)


def _renew(tx: Session, run: Row) -> None:
    """A run that had ended counts against its owner's limit again."""
    if run["state"] in ENDED:
        _check_limit(tx, run["owner"], run["job"], run["kind"], run["run_limit"], by_kind=bool(run["limit_kind"]))
        notices.withdraw(tx, run["id"])
    _forget_cancels(tx, run["id"])
    tx.change("run_renew", run=run["id"])
    tx.change("parts_renew", run=run["id"])


def _refusal(run_id: str, state: State, request: Request) -> str:
    if state is State.PUBLISHING:
        return f"Run {run_id} cannot be {_PAST[request]}: all its rows are done and its file is being published."
    return f"Run {run_id} cannot be {_PAST[request]}: it is {state.replace('_', ' ')}."
