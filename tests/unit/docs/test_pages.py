"""The documentation holds together: links lead somewhere, the reference is as the code is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_page_that_is_there(page: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(), flags=re.S)
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose)
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


def test_every_page_can_be_found_from_the_index() -> None:
    seen, to_read = set(), [ROOT / "README.md"]
    while to_read:
        page = to_read.pop().resolve()
        if page in seen or not page.exists():
            continue
        seen.add(page)
        to_read += [page.parent / link for link in re.findall(r"\]\(([^)#\s]+\.md)(?:#[^)]*)?\)", page.read_text())]
    assert {page.resolve() for page in PAGES} <= seen


def test_the_python_reference_is_up_to_date() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "scripts/api_reference.py", "--check"], capture_output=True, text=True
    )
    assert check.returncode == 0, check.stderr
