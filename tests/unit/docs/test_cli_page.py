"""The pages about the command line say all there is, and what they show works."""

from __future__ import annotations

import re
import shlex
import sqlite3
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat import sample
from narrowboat.cli import export, main
from narrowboat.cli.config import TOP, read
from narrowboat.cli.deliveries import REPORT
from narrowboat.cli.imports import FIELD, IMPORT
from narrowboat.cli.notices import NOTICE
from narrowboat.cli.parser import COMMANDS, _load
from narrowboat.jobs.export import Export
from narrowboat.jobs.output import Output

DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = (DOCS / "reference/cli.md").read_text()


def options(parser: ArgumentParser) -> Iterator[str]:
    """Every option that is not hidden, of sub-commands too."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for verb, child in action.choices.items():
                yield verb
                yield from options(child)
        elif action.option_strings and action.help != "==SUPPRESS==":
            yield action.option_strings[-1]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_in_the_reference(command: str) -> None:
    parser = ArgumentParser(add_help=False)
    _load(command).arguments(parser)
    section = REFERENCE.partition(f"\n## {command}\n")[2].partition("\n## ")[0]
    missing = [name for name in options(parser) if name != "--help" and not re.search(rf"`{name}[ `]", section)]
    assert not missing


def test_every_key_of_the_file_is_in_the_reference() -> None:
    section = REFERENCE.partition("\n## narrowboat.toml\n")[2]
    assert [key for key in (*TOP, *REPORT, *IMPORT, *FIELD, *NOTICE) if f"`{key}`" not in section] == []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the database that the pages speak of."""
    monkeypatch.chdir(tmp_path)
    sample.make(tmp_path / "crm.db", 400)
    with closing(sqlite3.connect(tmp_path / "crm.db")) as database, database:
        database.execute("create table vehicles (id integer primary key, plate text)")
        database.execute("create table leads as select * from driver_leads")
    return tmp_path


def commands(text: str) -> list[str]:
    """Lines that call `narrowboat export` on SQLite, with what is continued joined."""
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [line.strip() for line in lines if line.strip().startswith("narrowboat export sqlite")]


HOW_TO = "".join(re.findall(r"```sh\n(.*?)```", (DOCS / "howto/export-from-the-shell.md").read_text(), re.S))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("line", [*commands(HOW_TO), *commands(export.EXAMPLES)])
def test_every_example_works(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = shlex.split(re.sub(r"\s{4,}.*", "", line))[1:]
    assert main(argv) == 0, capsys.readouterr().err
    assert Path(argv[argv.index("--to") + 1]).stat().st_size > 0


def test_the_file_in_the_how_to_works(folder: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", (DOCS / "howto/run-a-server.md").read_text(), re.S)
    (folder / "narrowboat.toml").write_text(text)
    nb = read(folder / "narrowboat.toml")
    busy = nb.delivering("busy").count_rows({"least": 3000}, Output())
    assert busy is not None
    assert 0 < busy.rows < 400
    leads = nb.job("leads")
    assert isinstance(leads, Export)
    assert leads.function(city="Accra").shape().resumable


def test_the_report_in_the_how_to_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", (DOCS / "howto/reports.md").read_text(), re.S)
    (tmp_path / "narrowboat.toml").write_text(text)
    sales = read(tmp_path / "narrowboat.toml").delivering("sales")
    assert (sales.kind, sales.formats) == ("report", ("csv", "xlsx"))
