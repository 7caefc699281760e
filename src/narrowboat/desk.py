"""Desk: what is asked of runs. Start them, steer them, and look at what became of their rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrowboat.errors import NothingToRetry, UploadInUse
from narrowboat.jobs.output import Output
from narrowboat.kernel.dispatch import Dispatcher
from narrowboat.kernel.model import REQUESTS, NewRun, Request, Run, Submitted
from narrowboat.registry import Registry

if TYPE_CHECKING:
    from narrowboat.kernel.model import Reject
    from narrowboat.uploads import Upload

AGAIN = ("rerun", "retry")
"""Relations by which a run does once more what was asked for: who asked to be told of its parent is told of it."""


class Desk(Registry):
    """Whatever changes a run is noted in the audit log, and told to those who work on it."""

    dispatcher: Dispatcher | None = None

    def start(
        self,
        name: str,
        params: Mapping[str, Any] | None = None,
        output: Output | None = None,
        *,
        owner: str = "",
        attributes: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        not_before: float = 0.0,
        priority: int | None = None,
        background: bool = False,
        notify: tuple[str, ...] = (),
        conn: Any = None,
    ) -> Submitted:
        """Queue a run, or join the identical one under way. `conn` makes it part of the caller's transaction.

        attributes: JSON values that describe the owner, for a job that asks for its `Requester`. background: it goes
        on to its end whether somebody follows it or not. notify: who is told when it has ended, beside those whom the
        job tells: addresses, or names of channels; who is to be told need not follow.

        Raises BadParameter, UnknownJob, UnknownFormat, CannotNotify, TooManyRuns, IdempotencyConflict, and StorageFull
        where the disk or its quota has no room.
        """
        new = self.delivering(name).request(
            params or {},
            output or Output(),
            owner=owner,
            attributes=attributes,
            idempotency_key=idempotency_key,
            not_before=not_before,
            priority=priority,
        )
        new = new._replace(unfollowed=None) if background or notify else new
        return self._submit(new, conn, notify=notify)

    def import_file(
        self,
        name: str,
        file: str | Path,
        *,
        owner: str = "",
        attributes: Mapping[str, Any] | None = None,
        again: bool = False,
        idempotency_key: str | None = None,
        not_before: float = 0.0,
        priority: int | None = None,
        **choices: Any,
    ) -> Submitted:
        """Queue a run of the import `name` over a file that workers can read, and that stays until the run has ended.

        The same content, imported by this owner before, is answered with that run (`how` is `known`), but for
        again=True. attributes: of the owner, for fields that the requester fills. choices: name, sheet, header,
        mapping, guess, dry_run; see `jobs.input.Input`. Raises UnknownJob, BadParameter, MissingAttribute.
        """
        from narrowboat.jobs.input import Input

        new = self.importing(name).request(
            Input.of(Path(file), **choices),
            owner=owner,
            attributes=attributes,
            again=again,
            idempotency_key=idempotency_key,
            not_before=not_before,
            priority=priority,
        )
        return self._submit(new)

    def import_upload(
        self,
        name: str,
        upload: Upload,
        *,
        owner: str,
        attributes: Mapping[str, Any] | None = None,
        again: bool = False,
        idempotency_key: str | None = None,
        not_before: float = 0.0,
        priority: int | None = None,
        notify: tuple[str, ...] = (),
        parent: Run | None = None,
        **choices: Any,
    ) -> Submitted:
        """As `import_file`, of a file that was uploaded, which stays as long as the run is kept.

        notify: as of `start`. parent: the run whose refused rows these are; the same rows sent again are the same
        request then, although they are another upload. Raises what `import_file` raises, and UnknownUpload where it
        expired just now.
        """
        from narrowboat.jobs.input import Input

        given = Input(str(self.uploads.path(upload).absolute()), upload.sha256 or "", upload.name, **choices)
        new = self.importing(name).request(
            given._replace(upload=upload.id),
            owner=owner,
            attributes=attributes,
            like=parent,
            again=again,
            idempotency_key=idempotency_key,
            not_before=not_before,
            priority=priority,
        )
        if parent:
            new = _child(new, parent, "retry", idempotency_key)._replace(
                meant=json.dumps([given.identity(), new.params.get("requester")], sort_keys=True)
            )
        return self._submit(new, notify=notify)

    def resubmit(
        self,
        run: Run,
        rows: Sequence[Mapping[str, Any]],
        *,
        owner: str,
        attributes: Mapping[str, Any] | None = None,
        dry_run: bool = False,
        idempotency_key: str | None = None,
    ) -> Submitted:
        """Import rows that `run` refused, as somebody put them right: a run of its own over these rows alone.

        rows: each a `row`, its number in the file that was imported, and its `data` by header. attributes: of the
        owner; None: those that `run` was filled from. idempotency_key: as of `start`. Raises BadParameter,
        IdempotencyConflict, and IllegalTransition for a run that is no import or has not ended.
        """
        from narrowboat.jobs.resubmitting import choices_of, lines

        job = self.importing(run.job)
        choices = choices_of(run, job.kind, rows)
        content = lines(rows)
        made = self.uploads.create(owner, f"{run.job}-resubmitted.jsonl", len(content))
        upload = self.uploads.append(made, 0, content)
        choices |= {"dry_run": dry_run, "idempotency_key": idempotency_key, "attributes": attributes}
        try:
            return self.import_upload(run.job, upload, owner=owner, again=True, parent=run, **choices)
        finally:
            with suppress(UploadInUse):  # by the run that was made; else nobody knows of it
                self.uploads.remove(upload)

    def rerun(
        self,
        run: Run,
        *,
        attributes: Mapping[str, Any] | None = None,
        by: str | None = None,
        idempotency_key: str | None = None,
    ) -> Submitted:
        """The same request again, as a new run of the same owner.

        attributes: of the owner now; None: those they had. by: who asks, for the audit log; the owner if None.
        idempotency_key: as of `start`, and of the owner. Raises IdempotencyConflict.
        """
        new = self.job(run.job).again(run, attributes)
        return self._submit(_child(new, run, "rerun", idempotency_key), by=by)

    def retry_failed(
        self,
        run: Run,
        *,
        attributes: Mapping[str, Any] | None = None,
        by: str | None = None,
        idempotency_key: str | None = None,
    ) -> Submitted:
        """A run over what `run` rejected, from its file of rejects or by its parent. Raises NothingToRetry.

        attributes, by, idempotency_key: as of `rerun`.
        """
        if not run.counters.rejected:
            raise NothingToRetry(f"Run {run.id} rejected nothing. {_instead(run)}")
        new = self.job(run.job).retrying(run, self.run_folder(run.id), attributes)
        return self._submit(_child(new, run, "retry", idempotency_key), by=by)

    def undo(
        self,
        run: Run,
        *,
        owner: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Submitted:
        """Take an import back, as a run of its own: what it created goes, what it changed is as it was before.

        Records that were changed since are left as they are and reported. owner: who asks; the run's owner if None.
        attributes: of the run's owner now; where fields that they fill would be others, it is not theirs to take back.
        idempotency_key: as of `start`. Raises NotAllowed then, NotReversible where the import was defined without
        undo=True, IllegalTransition for a run under way.
        """
        asked_by = run.owner if owner is None else owner
        new = self.importing(run.job).undoing(run, asked_by, attributes)
        return self._submit(new._replace(idempotency_key=idempotency_key))

    def account(self, run: Run, *, plain: bool = False, reader: bool = True) -> dict[str, Any]:
        """What became of the rows of an import, as JSON.

        plain: under the few names of a simple import's answer. reader: who is told may have the rows; others are told
        the number, column and code of those refused.
        """
        from narrowboat.jobs import account

        rejects: list[Reject] = []
        while page := self.store.rejects(run.id, after=rejects[-1].row if rejects else 0):
            rejects.extend(page)
        made = account.plain_account if plain else account.account
        return made(run, rejects if reader else [one._replace(message=None, data=None) for one in rejects])

    def ask(self, run_id: str, request: Request, *, by: str | None = None, key: str | None = None) -> Run:
        """Pause, resume or cancel a run. key: of a cancel; again, it lets go of no second holder of a shared run."""
        with self._database.transaction() as joined:
            run = self.store.request(run_id, request, by=by, key=key, conn=joined)
            detail = {"job": run.job, "state": run.state.value}
            self.audit(request.value, by=by or "", about=run_id, detail=detail, conn=joined)
        self._wake(run_id)
        if request is Request.RESUME:
            self._hint(run)
        return run

    def abandon(self, *, watched: float) -> Sequence[str]:
        """Stop runs that nobody follows any more. watched: seconds that this process has been looking."""
        stopped = self.attendance.abandon(watched=watched)
        for run_id in stopped:
            self._wake(run_id)
        return stopped

    def _submit(
        self, new: NewRun, conn: Any = None, *, notify: tuple[str, ...] = (), by: str | None = None
    ) -> Submitted:
        if new.relation in AGAIN and (before := self._asked(new)):
            notify, new = (*before, *notify), new._replace(unfollowed=None)
        told = self._wanted((*self._told[new.job], *notify))
        self.keeping.check()
        with nullcontext(conn) if conn is not None else self._database.transaction() as joined:
            submitted = self.store.submit(new._replace(notify=told), conn=joined)
            upload = new.params.get("input", {}).get("upload")
            if upload and submitted.how == "created":
                self.uploads.hold(upload, submitted.run.id, conn=joined)
            detail = {"job": new.job, "how": submitted.how, **({"parent": new.parent} if new.parent else {})}
            if given := new.params.get("input"):
                detail |= {"file": given["name"], "sha256": given["sha256"], "dry_run": given["dry_run"]}
            by = new.owner if by is None else by
            self.audit(new.relation or "start", by=by, about=submitted.run.id, detail=detail, conn=joined)
        self._hint(submitted.run, conn)
        return submitted

    def _asked(self, new: NewRun) -> tuple[str, ...]:
        """Who asked to be told of the parent, beside those whom the job tells of each run, and still can be."""
        if not self.channels:
            return ()
        asked = (
            notice.recipient or notice.channel
            for notice in self.outbox.of(new.parent or "")
            if notice.channel in self.channels
        )
        return tuple(who for who in asked if who not in self._told[new.job])

    def _hint(self, run: Run, conn: Any = None) -> None:
        if run.ended:
            return
        if self.dispatcher:
            self.dispatcher.hint(run.id, queue=run.queue, priority=run.priority, not_before=run.not_before, conn=conn)
        else:
            self._ring("hint")

    def _wake(self, run_id: str) -> None:
        """Whoever works on this run shall hear what was asked of it."""
        if self.dispatcher:
            self.dispatcher.wake(run_id)
        else:
            self._ring("wake", run_id)

    def _ring(self, word: str, run_id: str = "") -> None:
        """Reach the process that supervises this host's workers, if there is one."""
        if self.lock.exists():
            from narrowboat.dispatch.bell import Bell

            Bell.of(self.lock).ring(word, run_id)


def _instead(run: Run) -> str:
    """What to do with a run of which nothing can be tried again."""
    if REQUESTS[Request.RESUME].get(run.state, run.state) is not run.state:
        return "To go on where it stopped, resume it."
    return "To have it done once more, rerun it." if run.ended else "It has not ended yet."


def _child(new: NewRun, run: Run, relation: str, key: str | None) -> NewRun:
    return new._replace(parent=run.id, relation=relation, identity=None, idempotency_key=key)
