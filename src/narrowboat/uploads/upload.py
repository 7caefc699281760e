"""An upload as it is known, how large it may be, and where this is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

MIB: Final = 1 << 20
DAY: Final = 86400.0


class UploadLimits(NamedTuple):
    """What may be uploaded, in bytes, for how long it is kept, and how many files a user may have."""

    file: int = 200 * MIB
    """Of one file."""
    single: int = 16 * MIB
    """Of a file that comes in one request, by a form or as a bare body: larger ones come in chunks."""
    user: int = 1024 * MIB
    """Of all the files of one user."""
    total: int = 10 * 1024 * MIB
    """Of all files."""
    keep: float = DAY
    """Seconds since its last byte for which a file is kept that no run needs."""
    files: int = 10_000
    """Of one user, however small they are."""


class Upload(NamedTuple):
    """A file that somebody sends. Moments are seconds since the epoch."""

    id: str
    owner: str
    name: str
    """What the person calls it. Never part of a path."""
    length: int
    """Bytes that it will have."""
    received: int
    """Bytes that are durably here; from there on it is continued."""
    created: float
    expires: float
    sha256: str | None = None
    """Of all of it, once it is complete."""

    @property
    def complete(self) -> bool:
        return self.sha256 is not None


class Known(Protocol):
    """What is known of uploads, wherever that is kept."""

    def add(self, owner: str, name: str, length: int, limits: UploadLimits) -> Upload:
        """Raises UploadTooLarge where the owner has too much or too many, StorageFull where everybody together has."""
        ...

    def get(self, upload: str) -> Upload | None: ...

    def of_owner(self, owner: str) -> Sequence[Upload]:
        """Newest first."""
        ...

    def move(self, upload: Upload, received: int, *, length: int, sha256: str | None, keep: float) -> Upload | None:
        """So much is here now. None where that was not so as `upload` says."""
        ...

    def hold(self, upload: str, run: str, *, conn: Any) -> bool:
        """A run needs the file, as part of the caller's transaction. False where it is not there, or not complete."""
        ...

    def forget(self, upload: str) -> bool:
        """False where a run that is kept needs it."""
        ...

    def expired(self, *, limit: int) -> Sequence[str]:
        """Uploads past their time that no run needs."""
        ...
