"""TARGET: finding the Narrowboat object."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from narrowboat.app import Narrowboat
from narrowboat.cli.target import attribute, load
from narrowboat.errors import BadConfiguration

JOBS = """
from narrowboat import Narrowboat
import {sibling}

nb = Narrowboat("sqlite:///{sibling}.db")
other = 1
if __name__ == "__main__":
    raise SystemExit("this part is for scripts")
"""


@pytest.fixture(autouse=True)
def clean_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}_sibling.py").write_text("")
    (folder / f"{name}.py").write_text(JOBS.format(sibling=f"{name}_sibling"))


def test_a_module_of_the_working_folder_is_found(tmp_path: Path) -> None:
    write(tmp_path, "some_jobs")
    assert isinstance(load("some_jobs:nb"), Narrowboat)


def test_a_script_is_found_by_its_path_and_its_siblings_with_it(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", "script_jobs")
    found = load("elsewhere/script_jobs.py:nb")
    assert found.target == "script_jobs:nb"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("jobs", "'jobs' is no target: write module:name"),
        (":nb", "is no target"),
        ("no_such_module:nb", "There is no module 'no_such_module'"),
        ("json.no_such_part:nb", "There is no module 'json.no_such_part'"),
        ("no/such/file.py:nb", "There is no file no/such/file.py"),
        ("no.toml", "Cannot read no.toml: No such file"),
        ("json:nb", "There is no 'nb' in json"),
        ("json:dumps", "json:dumps is a function, not a Narrowboat"),
    ],
)
def test_what_cannot_be_found_is_named(target: str, message: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        load(target)
    assert message in str(refused.value)


def test_an_import_that_fails_inside_the_module_is_shown_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "broken_jobs.py").write_text("import not_installed_anywhere\n")
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        load("broken_jobs:nb")


def test_any_attribute_can_be_named() -> None:
    assert attribute("json:dumps").__name__ == "dumps"
