"""The refused rows of an import, as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrowboat.data.columns import Column
from narrowboat.data.format import Table
from narrowboat.data.formats import format_named
from narrowboat.errors import StorageFull
from narrowboat.jobs.refused import write_csv


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    writer = format_named("xlsx").writer()
    rows = [("Ama", "=1+1"), ("Kofi", None)]
    made = writer.begin(Table("Rejects", (Column("name"), Column("note"))), rows)
    path = tmp_path / "rejects.xlsx"
    path.write_bytes(made + writer.block(rows) + writer.end())
    return path


def test_the_rows_of_the_workbook_are_written_as_csv(workbook: Path, tmp_path: Path) -> None:
    write_csv(workbook, tmp_path / "rejects.csv")
    assert (tmp_path / "rejects.csv").read_text("utf-8-sig").splitlines() == ["name,note", "Ama,'=1+1", "Kofi,"]


def test_a_disk_without_room_is_told_so(workbook: Path) -> None:
    with pytest.raises(StorageFull):
        write_csv(workbook, Path("/dev/full"))
