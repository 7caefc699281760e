"""Views: what the kernel knows, as what HTTP answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, overload

from narrowboat.data.columns import Column
from narrowboat.data.formats import FORMATS
from narrowboat.data.records.field import Field
from narrowboat.jobs import parameters
from narrowboat.jobs.definition import Definition, Delivering
from narrowboat.jobs.importer import Import
from narrowboat.jobs.preview import Preview, PreviewedRow, as_json
from narrowboat.kernel import model
from narrowboat.kernel.outbox import Notice, NoticeState
from narrowboat.people.audit import Entry
from narrowboat.people.links import Link
from narrowboat.uploads.upload import Upload
from narrowboat.uploads.uploads import PIECE
from narrowboat.web import import_schemas, schemas
from narrowboat.web.access import Action, User
from narrowboat.web.problems import kind_of, told
from narrowboat.web.progress import seconds_left


def run(found: model.Run, *, title: str, rate: float | None, insider: bool, reader: bool) -> schemas.Run:
    """A run. insider: may read messages about the server's insides. reader: may have the rows that others quote."""
    counters = found.counters
    return {
        "id": found.id,
        "job": found.job,
        "title": title,
        "kind": found.kind,
        "state": found.state.value,
        "ended": found.ended,
        "owner": found.owner,
        "queue": found.queue,
        "priority": found.priority,
        "params": dict(found.params.get("params", {})),
        "output": dict(found.params.get("output", {})),
        "input": _input(found.params.get("input")),
        "done": counters.rows,
        "total": found.total,
        "total_estimated": found.total_estimated,
        "rate": rounded(rate),
        "seconds_left": rounded(seconds_left(found, rate)),
        "bytes": counters.bytes,
        "rows": {
            "created": counters.created,
            "updated": counters.updated,
            "skipped": counters.skipped,
            "rejected": counters.rejected,
        },
        "altered": counters.altered,
        "created_at": moment(found.created),
        "not_before": moment(found.not_before or None),
        "started_at": moment(found.started),
        "finished_at": moment(found.finished),
        "took": rounded(found.took(now=0.0)) if found.ended and found.started is not None else None,
        "deadline": moment(found.deadline),
        "version": found.version,
        "generation": found.generation,
        "holders": found.holders,
        "unfollowed": found.unfollowed,
        "first_rows_at": moment(found.first_rows),
        "memory": found.memory,
        "parent": found.parent,
        "relation": found.relation,
        "error": _error(found, insider=insider, reader=reader),
        "artifact": _artifact(found.artifact),
        "may": [ask.value for ask, allowed in model.REQUESTS.items() if found.state is not allowed.get(found.state)
                and found.state in allowed],
    }  # fmt: skip


def _input(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Without where the file is."""
    return None if found is None else {key: value for key, value in found.items() if key != "path"}


def _error(found: model.Run, *, insider: bool, reader: bool) -> schemas.RunError | None:
    if found.error_code is None:
        return None
    detail = told(found.error_code, found.error, insider=insider, reader=reader)
    return {"code": found.error_code, "title": kind_of(found.error_code).title, "detail": detail}


def _artifact(made: model.Artifact | None) -> schemas.File | None:
    if made is None:
        return None
    return {"filename": made.path, "media_type": made.media_type, "bytes": made.bytes, "sha256": made.sha256}


def job(found: Definition, user: User, *, notify: bool) -> schemas.Job:
    """A job as this user sees it. notify: they can be mailed when a run of it has ended."""
    return {
        "name": found.name,
        "title": found.title,
        "kind": found.kind,
        "description": found.description,
        "parameters": [_parameter(one) for one in found.parameters],
        "formats": list(found.formats or FORMATS) if isinstance(found, Delivering) else [],
        "time_limit": found.time_limit,
        "limit": found.limit,
        "may": [action.value for action in Action if user.may(action, found.name)],
        "notify": notify,
        "importing": _importing(found) if isinstance(found, Import) else None,
    }


def _importing(found: Import) -> schemas.Importing:
    allowed = found.allowed
    return {
        "fields": [_field(field, allowed.get(field.name, ())) for field in found.asked],
        "unique": [list(key) for key in found.unique],
        "mode": found.mode.value,
        "undo": found.undo,
    }


def _field(found: Field, allowed: Sequence[Any]) -> schemas.ImportField:
    return {
        "name": found.name,
        "label": found.title,
        "type": found.type.value,
        "required": found.required,
        "default": as_json(found.default),
        "allowed": [as_json(one) for one in allowed],
        "lookup": f"{found.lookup.by} of {found.lookup.table}" if found.lookup else None,
        "aliases": list(found.aliases),
    }


def preview(found: Preview) -> import_schemas.Preview:
    """What an import would read in a file."""
    return {
        "sheets": [{"name": one.name, "hidden": one.hidden, "rows": one.rows} for one in found.sheets],
        "sheet": found.sheet.name,
        "header": found.header,
        "guessed": dict(found.sheet.guessed),
        "columns": [
            {"header": one.match.header, "field": one.match.field, "how": one.match.how, "samples": list(one.samples)}
            for one in found.columns
        ],
        "rows": [_previewed(one) for one in found.rows],
        "missing": found.missing,
        "warnings": list(found.warnings),
    }


def _previewed(found: PreviewedRow) -> import_schemas.PreviewedRow:
    return {
        "row": found.row,
        "cells": list(found.cells),
        "values": dict(found.values) if found.values is not None else None,
        "problems": [{"column": p.column, "code": p.code, "message": p.message} for p in found.problems],
    }


def column(found: Column) -> schemas.Column:
    """A column."""
    return {"name": found.name, "label": found.header, "type": found.type.value}


def _parameter(one: parameters.Parameter) -> schemas.Parameter:
    return {
        "name": one.name,
        "type": one.type.__name__,
        "required": one.required,
        "nullable": one.nullable,
        "default": _plain(one.default),
        "choices": [_plain(choice) for choice in one.choices],
    }


def _plain(value: Any) -> Any:
    return parameters.as_json({"value": value})["value"]


def event(found: model.Event) -> schemas.Event:
    """A transition."""
    return {
        "id": found.id,
        "at": moment(found.at),
        "before": found.before.value if found.before else None,
        "after": found.after.value,
        "reason": found.reason,
        "by": found.by,
    }


def upload(found: Upload) -> import_schemas.Upload:
    """A file that somebody sends."""
    return {
        "id": found.id,
        "name": found.name,
        "length": found.length,
        "received": found.received,
        "complete": found.complete,
        "sha256": found.sha256,
        "created_at": moment(found.created),
        "expires_at": moment(found.expires),
        "chunk_size": PIECE,
    }


def link(found: Link) -> schemas.Link:
    """A link, without its address."""
    return {
        "id": found.id,
        "run": found.run,
        "by": found.by,
        "created_at": moment(found.created),
        "expires_at": moment(found.expires),
        "revoked_at": moment(found.revoked),
    }


def entry(found: Entry) -> schemas.AuditEntry:
    """Something that somebody did."""
    return {
        "id": found.id,
        "at": moment(found.at),
        "by": found.by,
        "action": found.action,
        "about": found.about,
        "detail": dict(found.detail),
    }


def notice(found: Notice, user: User) -> schemas.Notice:
    """A notice as this user sees it."""
    shown = user.sees_all or found.recipient == user.email
    return {
        "channel": found.channel,
        "recipient": found.recipient if shown and found.recipient else None,
        "state": found.state.value,
        "tries": found.tries,
        "next_at": moment(found.next) if found.state is NoticeState.WAITING else None,
        "error": found.error if user.sees_all else None,
    }


def reject(found: model.Reject, *, reader: bool) -> schemas.Reject:
    """A refused row. reader: may have it; others are told where it is and its code."""
    return {
        "row": found.row,
        "column": found.column,
        "code": found.code,
        "message": found.message if reader else None,
        "data": found.data if reader else None,
    }


@overload
def moment(at: float) -> str: ...
@overload
def moment(at: None) -> None: ...
@overload
def moment(at: float | None) -> str | None: ...
def moment(at: float | None) -> str | None:
    """RFC 3339, in UTC, to the millisecond."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def rounded(value: float | None) -> float | None:
    """Three digits are plenty for people."""
    return None if value is None else round(value, 3)
