"""Every error Narrowboat raises: one hierarchy, a stable code each.

A caller may catch `NarrowboatError`, or the built-in that each error also is. Messages say
what happened, where, and what to do; `code` is what programs and HTTP clients match on.
"""

from __future__ import annotations

from typing import ClassVar

LOG = "Who runs this server finds the reason in its log and in the run's record."
QUOTED = "The run says what is wrong in the file, to who may download its rows: that may quote them."
AGAIN = "Try again in a moment; if it lasts, tell who runs this server."


class NarrowboatError(Exception):
    """Base of all errors. `code` is stable across versions and stands in every HTTP answer.

    outside: where the message may speak of the server's insides, what others than its operators are told instead.
    quotes: the message may quote rows, so it is for those who may have them.
    """

    code: ClassVar[str] = "error"
    outside: ClassVar[str | None] = None
    quotes: ClassVar[bool] = False


class BadConfiguration(NarrowboatError, ValueError):
    """A setting, URL or job definition that cannot work; nothing was started."""

    code = "bad-configuration"
    outside = LOG


class BadParameter(NarrowboatError, ValueError):
    """A parameter of a request is missing, unknown or of the wrong type."""

    code = "bad-parameter"


class MissingExtra(NarrowboatError, ImportError):
    """An optional dependency is not installed; the message names the extra."""

    code = "missing-extra"


class UnknownJob(NarrowboatError, LookupError):
    """No job of that name is registered, or the caller may not know of it."""

    code = "unknown-job"


class UnknownRun(NarrowboatError, LookupError):
    """No run of that id exists, or the caller may not know of it."""

    code = "unknown-run"


class UnknownLink(NarrowboatError, LookupError):
    """No such link holds: it was never made, was altered on its way, was revoked, or its run was purged."""

    code = "unknown-link"


class LinkExpired(NarrowboatError, LookupError):
    """The link held once, and its time is over."""

    code = "link-expired"


class NoArtifact(NarrowboatError, LookupError):
    """The run has no file to give: nothing written yet, or purged after its retention."""

    code = "no-artifact"


class NotFinished(NarrowboatError, TimeoutError):
    """The file is not finished in the time that a request can wait for it; the run goes on."""

    code = "not-finished"


class NotSignedIn(NarrowboatError, PermissionError):
    """The host application's callable named no user."""

    code = "not-signed-in"


class NotAllowed(NarrowboatError, PermissionError):
    """The user is known and may not do this."""

    code = "not-allowed"


class SignInFailed(NarrowboatError, PermissionError):
    """The name or the password is wrong, or the user is disabled; which of these is not told."""

    code = "sign-in-failed"


class TooManyAttempts(NarrowboatError, PermissionError):
    """Too many wrong passwords of late. `retry_after` is in seconds."""

    code = "too-many-attempts"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnknownUser(NarrowboatError, LookupError):
    """This server has no user of that name."""

    code = "unknown-user"


class UnknownToken(NarrowboatError, LookupError):
    """No token of that id exists, or it is somebody else's."""

    code = "unknown-token"


class NameTaken(NarrowboatError, ValueError):
    """There is a user of that name, perhaps a disabled one."""

    code = "name-taken"


class MissingAttribute(NarrowboatError, LookupError):
    """The job chooses rows by something about the requester that nobody said."""

    code = "missing-attribute"


class TooManyRuns(NarrowboatError, RuntimeError):
    """The user's limit of runs under way is reached. `retry_after` is in seconds."""

    code = "too-many-runs"

    def __init__(self, message: str, *, retry_after: int = 10) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class IdempotencyConflict(NarrowboatError, ValueError):
    """The idempotency key was used before for a different request."""

    code = "idempotency-conflict"


class IllegalTransition(NarrowboatError, ValueError):
    """The run's state does not allow what was asked (see `kernel.model.TRANSITIONS`)."""

    code = "illegal-transition"


class NotReversible(NarrowboatError, ValueError):
    """The import keeps nothing by which a run of it could be taken back."""

    code = "not-reversible"


class NothingToRetry(NarrowboatError, ValueError):
    """The run rejected nothing that could be tried again."""

    code = "nothing-to-retry"


class LeaseLost(NarrowboatError, RuntimeError):
    """Another worker holds a newer fence; nothing of this chunk was committed."""

    code = "lease-lost"


class SourceUnavailable(NarrowboatError, ConnectionError):
    """The source cannot be reached or went away; the run may be resumed."""

    code = "source-unavailable"
    outside = AGAIN


class SourceFailed(NarrowboatError, RuntimeError):
    """The source refused the request: no such table, a bad query, missing rights."""

    code = "source-failed"
    outside = LOG


class NoResumeKey(NarrowboatError, ValueError):
    """The source has no unique, non-null key, so an interrupted run starts from zero."""

    code = "no-resume-key"


class UnknownColumn(NarrowboatError, LookupError):
    """A column that was asked for does not exist in the source."""

    code = "unknown-column"


class UnknownFormat(NarrowboatError, LookupError):
    """No such output format; the message lists those there are."""

    code = "unknown-format"


class NotRepresentable(NarrowboatError, ValueError):
    """The data do not fit the format: too many columns, a sheet name that is not allowed."""

    code = "not-representable"


class MissingColumns(NarrowboatError, ValueError):
    """A file to import lacks columns that are required, or has none that is known; nothing was written."""

    code = "missing-columns"


class UnusableFile(NarrowboatError, ValueError):
    """A file to import is wrong altogether: row after row is refused for the same reason, or it is another file."""

    code = "unusable-file"
    quotes = True


class TargetUnavailable(NarrowboatError, ConnectionError):
    """The place that rows are written to cannot be reached or went away; the run may be resumed."""

    code = "target-unavailable"
    outside = AGAIN


class TargetFailed(NarrowboatError, RuntimeError):
    """The place that rows are written to refused all of it: no such table or column, missing rights."""

    code = "target-failed"
    outside = LOG


class SinkUnavailable(NarrowboatError, ConnectionError):
    """Where finished files are kept cannot be reached or went away; the file is on the local disk."""

    code = "sink-unavailable"
    outside = AGAIN


class SinkFailed(NarrowboatError, RuntimeError):
    """Where finished files are kept refused the file: wrong credentials, no such bucket; it is on the local disk."""

    code = "sink-failed"
    outside = LOG


class StorageFull(NarrowboatError, OSError):
    """The disk or the quota is full; what was committed is kept and the run may be resumed."""

    code = "storage-full"
    outside = "What is done so far is kept. Try again later, or resume the run; if it lasts, tell who runs this server."


class JobFailed(NarrowboatError, RuntimeError):
    """The job's own code raised; the message carries the exception's type and text."""

    code = "job-failed"
    outside = LOG


class DeadlinePassed(NarrowboatError, TimeoutError):
    """The run took longer than its deadline; what was committed is kept."""

    code = "deadline-passed"


class NobodyFollows(NarrowboatError, TimeoutError):
    """Nobody followed the run for as long as it goes on so; what was committed is kept."""

    code = "nobody-follows"


class Poisoned(NarrowboatError, RuntimeError):
    """Worker after worker died on this run without progress, so it was stopped."""

    code = "poisoned"


class StoreUnavailable(NarrowboatError, ConnectionError):
    """The database of runs cannot be reached or is locked."""

    code = "store-unavailable"
    outside = AGAIN


class CannotNotify(NarrowboatError, ValueError):
    """Nobody can be told when the run ends: no address, no such channel, or this server sends no mail."""

    code = "cannot-notify"


class NotDelivered(NarrowboatError, ConnectionError):
    """A notice did not reach its receiver.

    retry_after: seconds that the receiver asked to be left alone. final: trying again is of no use.
    """

    code = "not-delivered"
    outside = LOG

    def __init__(self, message: str, *, retry_after: float = 0.0, final: bool = False) -> None:
        super().__init__(message)
        self.retry_after, self.final = retry_after, final


class UnknownUpload(NarrowboatError, LookupError):
    """No upload of that id exists (any more), or it is somebody else's."""

    code = "unknown-upload"


class UploadConflict(NarrowboatError, ValueError):
    """The bytes do not go on where the upload ends, or somebody else sends it too; ask where it ends, and resume."""

    code = "upload-conflict"


class UploadIncomplete(NarrowboatError, ValueError):
    """The upload is not here as a whole yet."""

    code = "upload-incomplete"


class UploadInUse(NarrowboatError, ValueError):
    """The upload is needed by a run that is kept."""

    code = "upload-in-use"


class UploadTooLarge(NarrowboatError, ValueError):
    """More bytes than one file, one request or one user may send, or than were announced; the message says which."""

    code = "upload-too-large"


class WrongChecksum(NarrowboatError, ValueError):
    """The bytes that came are not those that were sent; nothing of them was kept. Send them again."""

    code = "wrong-checksum"


class FileBroken(NarrowboatError, ValueError):
    """The file cannot be read to its end: cut off, damaged, or not what its own format allows. Says where."""

    code = "file-broken"
    quotes = True


class FileNotSupported(NarrowboatError, ValueError):
    """The file is of a kind that rows cannot be read from; the message names it."""

    code = "file-not-supported"


class FileEncrypted(NarrowboatError, ValueError):
    """The file is protected by a password."""

    code = "file-encrypted"


class FileTooLarge(NarrowboatError, ValueError):
    """The file, what it expands to, or the memory that reading it takes is over the limit."""

    code = "file-too-large"


class FileTookTooLong(NarrowboatError, TimeoutError):
    """Reading the file took longer than its limit."""

    code = "file-took-too-long"


class UnknownSheet(NarrowboatError, LookupError):
    """The workbook has no such sheet; the message lists those there are."""

    code = "unknown-sheet"


class NoHeader(NarrowboatError, LookupError):
    """No row of the sheet can be its header."""

    code = "no-header"


def outside(code: str | None, *, insider: bool = False, reader: bool = True) -> str | None:
    """What those who may not read an error's message are told instead; None: they may.

    insider: they run the server. reader: they may have the rows that it may quote. A code that is none of ours may
    stand for any message.
    """
    known = next((cls for cls in NarrowboatError.__subclasses__() if cls.code == code), None)
    if known and known.quotes and not reader:
        return QUOTED
    return None if insider else known.outside if known else LOG
