"""Uploads: files that come in pieces, over any number of connections and processes, and are owned by who sends them.

What counts as received stands in the database, and is written there after the bytes are on disk: so a process may be
killed at any moment, and what it left unfinished is written over.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from narrowboat.durable import storing, sync_folder
from narrowboat.errors import (
    UnknownUpload,
    UploadConflict,
    UploadIncomplete,
    UploadInUse,
    UploadTooLarge,
)
from narrowboat.uploads.upload import Known, Upload, UploadLimits

PIECE: Final = 512 * 1024
"""Bytes that are made durable at once, and that a client should send in one request."""
NAME: Final = 255
"""Characters of a name that are kept."""
_ORPHANED: Final = 3600.0
"""Seconds after which a file that nothing is known of is removed: its process was killed in between."""
_HASHES: Final = 64
"""Uploads under way whose digest this process carries along; of others, the file is read once at its end."""


class Uploads:
    """Safe to use from several threads and processes.

    folder: where the files are, each under its id. check: raises StorageFull where the disk has no room. note: told
    what is uploaded and removed, for the audit log.
    """

    def __init__(
        self,
        known: Known,
        folder: Path,
        limits: UploadLimits,
        *,
        check: Callable[[], None],
        note: Callable[..., None],
    ) -> None:
        self.limits = limits
        self._known, self._folder, self._check, self._note = known, folder, check, note
        self._hashes: dict[str, tuple[int, Any]] = {}
        self._sweep_at = 0.0

    def create(self, owner: str, name: str, length: int) -> Upload:
        """A place for a file of so many bytes. Raises UploadTooLarge, StorageFull."""
        if length > self.limits.file:
            raise UploadTooLarge(
                f"{shown(name)} has {length:,} bytes, and a file may have {self.limits.file:,}. Split it."
            )
        self._check()
        upload = self._known.add(owner, shown(name), length, self.limits)
        return upload if length else self.append(upload, 0, b"")

    def find(self, upload_id: str, owner: str) -> Upload:
        """Raises UnknownUpload, also where it is somebody else's."""
        found = self._known.get(upload_id) if re.fullmatch("[0-9A-Za-z]{22}", upload_id) else None
        if found is None or found.owner != owner:
            raise unknown(upload_id)
        return found

    def complete(self, upload_id: str, owner: str) -> Upload:
        """One that is here as a whole. Raises UnknownUpload, UploadIncomplete."""
        found = self.find(upload_id, owner)
        if not found.complete:
            raise UploadIncomplete(
                f"Of {found.name} are {found.received:,} of {found.length:,} bytes here. Send the rest first."
            )
        return found

    def of_owner(self, owner: str) -> Sequence[Upload]:
        """Somebody's, newest first."""
        return self._known.of_owner(owner)

    def room(self) -> Path:
        """The folder, where something more may be written now. Raises StorageFull."""
        self._check()
        self._make_folder()
        return self._folder

    def path(self, upload: Upload) -> Path:
        """Where the file is."""
        return self._folder / upload.id

    def append(self, upload: Upload, at: int, data: bytes, *, last: bool = False) -> Upload:
        """Add bytes behind those that are here; they are durable when this returns.

        last: the file ends here, whatever length was told. Raises UploadConflict where `at` is not where it ends
        (somebody else sends the same file), UploadTooLarge beyond its length, UnknownUpload, StorageFull.
        """
        self._check()
        with self._locked(upload) as file:
            now = self._ending_at(at, upload, file)
            end = at + len(data)
            if end > now.length:
                raise UploadTooLarge(f"{now.name} was told to have {now.length:,} bytes, and more came.")
            self._write(file, now, at, data)
            digest = self._digest(upload.id, at, data)
            ends = last or end == now.length
            sha256 = self._end(file, now, end, digest) if ends else None
            moved = self._known.move(now, end, length=end if ends else now.length, sha256=sha256, keep=self.limits.keep)
        if moved is None:
            raise UploadConflict(f"Somebody else sends {now.name} too. Ask where it goes on, and resume.")
        if ends:
            detail = {"name": moved.name, "bytes": moved.length, "sha256": moved.sha256}
            self._note("upload", by=moved.owner, about=moved.id, detail=detail)
        return moved

    def _ending_at(self, at: int, upload: Upload, file: int) -> Upload:
        """The upload as it is known now. Raises UnknownUpload, and UploadConflict where it ends elsewhere."""
        now = self._known.get(upload.id)
        if now is None:
            self.path(upload).unlink(missing_ok=True)
            raise unknown(upload.id)
        if now.received != at or now.complete or os.fstat(file).st_size < at:
            self._hashes.pop(upload.id, None)
            raise UploadConflict(f"{now.name} goes on at byte {now.received:,}, not at {at:,}. Ask where, and resume.")
        return now

    @contextmanager
    def _locked(self, upload: Upload) -> Iterator[int]:
        """The file, which nobody else writes to meanwhile; a process that dies lets go of it."""
        path = self.path(upload)
        with storing(path):
            self._make_folder()
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _make_folder(self) -> None:
        if not self._folder.exists():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _write(self, file: int, upload: Upload, at: int, data: bytes) -> None:
        view, place = memoryview(data), at
        with storing(self.path(upload)):
            try:
                while view:
                    written = os.pwrite(file, view, place)
                    view, place = view[written:], place + written
                os.fdatasync(file)
                if at == 0:
                    sync_folder(self._folder)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(file, at)
                raise

    def _digest(self, upload_id: str, at: int, data: bytes) -> Any:
        """Of all up to the end of `data`, where this process has seen all of it; else None."""
        begun, digest = self._hashes.pop(upload_id, (0, None))
        if digest is None or begun != at:
            digest = hashlib.sha256() if at == 0 else None
        if digest is None:
            return None
        digest.update(data)
        self._hashes[upload_id] = at + len(data), digest
        while len(self._hashes) > _HASHES:
            self._hashes.pop(next(iter(self._hashes)), None)
        return digest

    def _end(self, file: int, upload: Upload, end: int, digest: Any) -> str:
        """What a killed process may have left behind the end goes; the digest of the rest."""
        self._hashes.pop(upload.id, None)
        os.ftruncate(file, end)
        os.fsync(file)
        if digest is None:
            with open(self.path(upload), "rb") as whole:
                digest = hashlib.file_digest(whole, "sha256")
        return str(digest.hexdigest())

    def hold(self, upload_id: str, run: str, *, conn: Any) -> None:
        """The file stays as long as this run is kept. Part of the caller's transaction. Raises UnknownUpload."""
        if not self._known.hold(upload_id, run, conn=conn):
            raise unknown(upload_id)

    def remove(self, upload: Upload) -> None:
        """Raises UploadInUse where a run needs it."""
        if not self._forget(upload.id):
            raise UploadInUse(f"A run was made of {upload.name}, which is kept as long as the run is.")
        self._note("upload.remove", by=upload.owner, about=upload.id, detail={"name": upload.name})

    def _forget(self, upload_id: str) -> bool:
        """What is known goes first: a file that is left, since we are killed here, is found by `purge`."""
        if not self._known.forget(upload_id):
            return False
        self._hashes.pop(upload_id, None)
        (self._folder / upload_id).unlink(missing_ok=True)
        return True

    def purge(self, *, limit: int = 100) -> int:
        """Remove what is past its time and no run needs. Returns how many went."""
        gone = sum(map(self._forget, self._known.expired(limit=limit)))
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + _ORPHANED
            self._sweep()
        return gone

    def _sweep(self) -> None:
        """Remove files that nothing is known of. Asks for each, so it is done seldom."""
        with suppress(FileNotFoundError), os.scandir(self._folder) as files:
            old = time.time() - _ORPHANED
            for file in files:
                if file.stat(follow_symlinks=False).st_mtime < old and self._known.get(file.name) is None:
                    os.unlink(file.path)


def unknown(upload_id: str) -> UnknownUpload:
    """The same words for an upload that is not there and for one that is somebody else's."""
    return UnknownUpload(f"There is no upload {upload_id[:64]!r}. It may have expired: upload the file again.")


def shown(name: str) -> str:
    """A file's name for people: the last part of a path, without control characters, not longer than others show."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    plain = "".join(character if character.isprintable() else " " for character in last).strip()
    stem, dot, extension = plain.rpartition(".")
    if len(plain) > NAME:
        plain = f"{stem[: NAME - 1 - len(extension)]}.{extension}" if dot and len(extension) < 20 else plain[:NAME]
    return plain or "upload"
