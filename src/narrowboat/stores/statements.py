"""SQL by name: one file a statement, read when first used, in the words of one database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from narrowboat.errors import BadConfiguration

_SHARED = Path(__file__).parent / "queries"


class Statements:
    """The statements of one database. A file in `own` goes before the shared one of the same name."""

    def __init__(self, own: Path, translate: Callable[[str], str]) -> None:
        self._folders = (own, _SHARED) if own.is_dir() else (_SHARED,)
        self._translate = translate
        self._known: dict[str, str] = {}

    def get(self, name: str) -> str:
        """The statement of that name."""
        return self._known.get(name) or self._keep(name, name, ())

    def for_values(self, name: str, values: Mapping[str, object]) -> str:
        """The statement of that name; in one that filters, a condition whose value is None is left out."""
        if not name.startswith("find"):
            return self.get(name)
        left_out = tuple(value for value in values if values[value] is None)
        key = " ".join((name, *left_out))
        return self._known.get(key) or self._keep(key, name, left_out)

    def _keep(self, key: str, name: str, left_out: tuple[str, ...]) -> str:
        statement = self._known[key] = self._translate(self._read(name, left_out))
        return statement

    def _read(self, name: str, left_out: tuple[str, ...]) -> str:
        path = next(path for folder in self._folders if (path := folder / f"{name}.sql").exists())
        lines = path.read_bytes().decode().splitlines()
        return "\n".join(line for line in lines if not line.startswith("--") and not _uses(line, left_out))


def _uses(line: str, names: tuple[str, ...]) -> bool:
    return any(f":{name}" in line for name in names)


def migrations(folder: Path, current: int, what: str) -> list[tuple[int, str, str]]:
    """(version, name, SQL) of every migration in a folder that tables at version `current` lack, oldest first.

    Raises BadConfiguration where they are newer than all of them. what: whose tables these are.
    """
    files = {int(file.stem.split("_")[0]): file for file in sorted(folder.iterdir()) if file.suffix == ".sql"}
    if current > max(files):
        raise BadConfiguration(f"{what} was made by a newer Narrowboat (its tables are at {current}); upgrade.")
    lacking = [(version, file) for version, file in files.items() if version > current]
    return [(version, file.stem, file.read_text(encoding="utf-8")) for version, file in lacking]
