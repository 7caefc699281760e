"""Input: the file that a run imports, and a person's choices about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from narrowboat.errors import BadParameter, UnusableFile
from narrowboat.jobs.artifact import PIECE


class Input(NamedTuple):
    """A file on the server's disk, known by its content, and how it is to be read."""

    path: str
    sha256: str
    name: str = ""
    """What the person calls it."""
    sheet: str | int = 0
    """By name, or by place from 0."""
    header: int | None = None
    """Number of the row with the columns' names; None: it is found."""
    mapping: Mapping[str, str | None] = {}
    """Header to field, as a person confirmed it; None leaves a column out."""
    guess: bool = False
    """Take a column that only looks like a field for it."""
    dry_run: bool = False
    """Say what would become of each row, and change nothing."""
    upload: str | None = None
    """The id that the file was uploaded under."""

    @staticmethod
    def of(path: Path, **choices: Any) -> Input:
        """The file at `path`. Raises BadParameter where there is none."""
        try:
            with open(path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BadParameter(f"Cannot read {path}: {error.strerror}.") from error
        return Input(str(path.absolute()), digest, **{"name": path.name, **choices})

    @staticmethod
    def parse(record: Mapping[str, Any]) -> Input:
        """Of a run's record."""
        return Input(**record)

    def as_json(self) -> dict[str, Any]:
        """For the run's record."""
        return self._asdict() | {"mapping": dict(self.mapping)}

    def identity(self) -> dict[str, Any]:
        """All that makes two files the same import: content and choices, not what it is called or where it is."""
        return {key: value for key, value in self.as_json().items() if key not in ("path", "name", "upload")}

    def check(self) -> Path:
        """The file, if it is still the one that the run began with. Raises UnusableFile."""
        path, digest = Path(self.path), hashlib.sha256()
        try:
            with open(path, "rb") as file:
                while piece := file.read(PIECE):
                    digest.update(piece)
        except OSError as error:
            raise UnusableFile(f"{self.name} cannot be read any more ({error.strerror}). Upload it again.") from error
        if digest.hexdigest() != self.sha256:
            raise UnusableFile(f"{self.name} is not the file any more that this run began with. Upload it again.")
        return path
