"""LibreOffice as a reader that nobody here wrote."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

needs_office = pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice (soffice) is not installed")


def to_xlsx(file: Path, *, filter: str | None = None) -> Path:
    """The file as LibreOffice understands it, saved as a workbook beside it. filter: how to read the file."""
    out = file.parent / "office"
    command = ["soffice", f"-env:UserInstallation={(file.parent / 'profile').as_uri()}", "--headless", "--norestore"]
    reading = [f"--infilter={filter}"] if filter else []
    subprocess.run(
        [*command, *reading, "--convert-to", "xlsx", "--outdir", out, file],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return out / f"{file.stem}.xlsx"


def convert(file: Path, kind: str) -> Path:
    """The file saved by LibreOffice as another kind, such as `xls`."""
    out = file.parent / "office"
    command = ["soffice", f"-env:UserInstallation={(file.parent / 'profile').as_uri()}", "--headless", "--norestore"]
    subprocess.run(
        [*command, "--convert-to", kind, "--outdir", out, file], check=True, capture_output=True, timeout=120
    )
    return out / f"{file.stem}.{kind}"
