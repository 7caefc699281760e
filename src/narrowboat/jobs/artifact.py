"""The artifact of a run on disk: append, publish, read while it grows.

A run's folder holds one file a fence (`1.part`, `2.part`, …), so that a worker which slept past its lease can
write to no bytes but its own; the committed extents say which bytes count. Publishing makes them one file.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from isal.isal_zlib import crc32

from narrowboat.durable import storing, sync_folder
from narrowboat.errors import NoArtifact
from narrowboat.kernel.model import Extent

PIECE = 256 * 1024
"""Bytes read at a time."""
MANIFEST = "manifest.json"


class PartFile:
    """The file of one fence: append only, and synced before its extent is committed."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / name
        self._begun, self._length, self._crc = 0, 0, 0
        with storing(self._path):
            _make_folder(folder)
            self._file = open(self._path, "wb", buffering=0, opener=lambda p, flags: os.open(p, flags, 0o600))
            sync_folder(folder)

    def append(self, data: bytes) -> None:
        """Write all of `data` behind what is there. Raises StorageFull."""
        view = memoryview(data)
        with storing(self._path):
            while view:
                view = view[self._file.write(view) :]
        self._length += len(data)
        self._crc = crc32(data, self._crc)

    def extent(self) -> Extent | None:
        """Sync, and give what was appended since the last extent; None if nothing was."""
        if not self._length:
            return None
        with storing(self._path):
            os.fdatasync(self._file.fileno())
        made = Extent(self._path.name, self._begun, self._length, self._crc)
        self._begun, self._length, self._crc = self._begun + self._length, 0, 0
        return made

    def remove_others(self) -> None:
        """Give back the room of former attempts, once nothing committed refers to them: the run started from zero."""
        for path in self._path.parent.glob("*.part"):
            if path != self._path:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        self._file.close()


def _make_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)


class Made(NamedTuple):
    """A finished file that may not be in its place yet, and what reading it once found."""

    path: Path
    bytes: int
    sha256: str


def prepare(
    folder: Path, name: str, extents: Sequence[Extent], assemble: Callable[[Path, Path], None] | None, *, fence: int
) -> Made:
    """Make the committed extents one verified file, synced. Idempotent, whenever it or `put` was killed before.

    name: what the file will be called. assemble: makes it from the joined bytes, where those are only a spool.
    fence: of who publishes; its temporary files are its own, as a worker that wakes late may still write to others.
    Raises NoArtifact where the disk does not hold what was committed, StorageFull.
    """
    published = folder / name
    try:
        with storing(published):
            _clear_up(folder, fence)
            made = None if published.exists() else _make(folder, extents, assemble, fence)
    except FileNotFoundError as error:
        if not published.exists():  # else a worker that woke late published it meanwhile
            missing = Path(error.filename or name).name
            raise NoArtifact(f"{missing} of what was committed is missing in {folder}. Run it again.") from error
        made = None
    return made or _read(published, () if assemble else extents)


def _make(folder: Path, extents: Sequence[Extent], assemble: Callable[[Path, Path], None] | None, fence: int) -> Made:
    joined = _joined(folder, extents, fence)
    made = _read(joined, extents)
    if not assemble:
        return made
    assembled = folder / f"{fence}.assembled.tmp"
    assemble(joined, assembled)
    _sync(assembled)
    return _read(assembled, ())


def _clear_up(folder: Path, fence: int) -> None:
    """Temporary files of those who failed to publish before: they may hold the room that is needed."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if ".tmp" in path.name and int(path.name.partition(".")[0]) < fence:
            path.unlink(missing_ok=True)


def put(made: Made, target: Path, manifest: Mapping[str, Any]) -> None:
    """Give the file its name, with the manifest beside it, and remove what led to it. Idempotent.

    The manifest is not synced on its own: the store has it too.
    """
    with storing(target):
        (target.parent / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        _rename(made.path, target)
        sync_folder(target.parent)
    for leftover in target.parent.iterdir():
        if leftover.name not in (target.name, MANIFEST):
            leftover.unlink(missing_ok=True)


def _rename(made: Path, target: Path) -> None:
    try:
        made.rename(target)
    except FileNotFoundError:
        if not target.exists():  # else a worker that woke late put the same bytes there
            raise


def _sync(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _joined(folder: Path, extents: Sequence[Extent], fence: int) -> Path:
    """One synced file with just the extents: the part file itself, cut to size, if there is only one."""
    names = {extent.file for extent in extents}
    if len(names) == 1:
        only, length = folder / names.pop(), sum(extent.length for extent in extents)
        if only.stat().st_size > length:
            os.truncate(only, length)
            _sync(only)
        return only
    path = folder / f"{fence}.joined.tmp"
    with open(path, "wb") as out:
        for piece in read_extents(folder, extents):
            out.write(piece)
    _sync(path)
    return path


def _read(path: Path, extents: Sequence[Extent]) -> Made:
    """Read the file once: its digest, and whether its bytes are those of the extents (if any are given)."""
    digest, total = hashlib.sha256(), 0
    with open(path, "rb", buffering=0) as file:
        for extent in extents:
            crc, left = 0, extent.length
            while left and (piece := file.read(min(PIECE, left))):
                crc, left = crc32(piece, crc), left - len(piece)
                digest.update(piece)
            if left or crc != extent.crc:
                raise NoArtifact(
                    f"{path.name} is damaged on disk: a committed piece does not match its checksum. Run it again."
                )
            total += extent.length
        while piece := file.read(PIECE):
            digest.update(piece)
            total += len(piece)
    return Made(path, total, digest.hexdigest())


def read_extents(folder: Path, extents: Iterable[Extent]) -> Iterator[bytes]:
    """The bytes of some extents, in order."""
    for extent in extents:
        with open(folder / extent.file, "rb") as file:
            file.seek(extent.offset)
            left = extent.length
            while left:
                if not (piece := file.read(min(PIECE, left))):
                    raise NoArtifact(f"{extent.file} is shorter on disk than what was committed. Run it again.")
                yield piece
                left -= len(piece)


def remove(folder: Path) -> None:
    """Delete a run's folder and all in it, as far as that can be done."""
    try:
        for inner, _, names in os.walk(folder, topdown=False):
            for name in names:
                os.unlink(os.path.join(inner, name))
            os.rmdir(inner)
    except OSError:  # something that is not ours
        import shutil  # it brings every archive format along, and a run does not need one

        shutil.rmtree(folder, ignore_errors=True)
