"""`narrowboat audit` and what else lists names that others chose: a terminal shows them, and obeys none."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat import Narrowboat
from narrowboat.cli import main
from narrowboat.cli.outcome import visible

EVIL = "\x1b]0;owned\x07\x1b[2Jann\r\n2026-01-01T00:00:00Z  boss\x9b31m \u202egnp.exe \ud800"


@pytest.fixture
def store(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/runs.db"
    nb = Narrowboat(url)
    with closing(nb.store):
        nb.audit("tariff.change", by="Zoë 😀", about="tariff-7", detail={"to": 12})
        nb.audit(
            "sign-in.failed",
            by=EVIL.removesuffix(" \ud800"),
            about=EVIL.removesuffix(" \ud800"),
            detail={"address": EVIL},
        )
    return url


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> list[str]:
    assert main(list(argv)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.isprintable() for line in lines)
    return lines


def test_an_entry_is_a_line_whatever_stands_in_it(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    evil, plain = told(capsys, "audit", "--store", store)
    assert plain.split("  ", 1)[1].split() == ["Zoë", "😀", "tariff.change", "tariff-7", '{"to":', "12}"]
    assert "\\u001b[2Jann\\r\\n2026" in evil
    assert "\\u009b31m \\u202egnp.exe" in evil


def test_programs_read_the_same_as_it_was(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = told(capsys, "audit", "--store", store, "--json")
    evil, _ = json.loads(line)["entries"]
    assert (evil["by"], evil["detail"]) == (EVIL.removesuffix(" \ud800"), {"address": EVIL})


def test_what_can_be_read_stays_as_it_is() -> None:
    assert visible("Łódź, 東京, שלום, 😀 <b>") == "Łódź, 東京, שלום, 😀 <b>"
