"""TARGET: where the Narrowboat object is, as the command line says it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from narrowboat.app import Narrowboat
from narrowboat.errors import BadConfiguration, BadParameter

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "module:name or path/file.py:name of a Narrowboat object, or a narrowboat.toml"


def load(target: str) -> Narrowboat:
    """The object at `module:name` (the working folder comes first), `file.py:name`, or made from a TOML file.

    Raises BadConfiguration, which says what is missing.
    """
    if target.endswith(".toml"):
        from narrowboat.cli.config import read

        return read(Path(target))
    found = attribute(target)
    if not isinstance(found, Narrowboat):
        raise BadConfiguration(f"{target} is a {type(found).__name__}, not a Narrowboat.")
    return found


def arguments(parser: ArgumentParser) -> None:
    """TARGET or --store, for commands that need no job: see `meant`."""
    parser.add_argument("target", metavar="TARGET", nargs="?", help=HELP)
    parser.add_argument("--store", metavar="URL", help="the database of runs, instead of TARGET")


def meant(arguments: Namespace) -> Narrowboat:
    """The object whose runs are meant. Raises BadParameter where nothing says which."""
    if arguments.store:
        return Narrowboat(arguments.store)
    if arguments.target:
        return load(arguments.target)
    if Path("narrowboat.toml").exists():
        return load("narrowboat.toml")
    if Path("narrowboat.db").exists():
        return Narrowboat("sqlite:///narrowboat.db")
    raise BadParameter("Whose runs? Give a TARGET such as jobs:nb, or --store URL.")


def attribute(target: str) -> Any:
    """What `module:name` or `file.py:name` stands for. Raises BadConfiguration."""
    place, separator, name = target.rpartition(":")
    if not separator or not place or not name:
        raise BadConfiguration(f"{target!r} is no target: write module:name, path/file.py:name or narrowboat.toml.")
    module = _from_file(Path(place)) if place.endswith(".py") else _from_path(place)
    try:
        return getattr(module, name)
    except AttributeError:
        raise BadConfiguration(f"There is no {name!r} in {place}.") from None


def _from_path(name: str) -> ModuleType:
    _first(Path.cwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            raise BadConfiguration(f"There is no module {name!r} in {Path.cwd()} or installed.") from None
        raise


def _from_file(path: Path) -> ModuleType:
    """A script becomes a module of its own name, so that its `__main__` part does not run."""
    if not path.is_file():
        raise BadConfiguration(f"There is no file {path}.")
    _first(path.resolve().parent)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None, "the name ends in .py"  # noqa: S101
    assert spec.loader is not None, "the name ends in .py"  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _first(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
