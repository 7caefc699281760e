"""The page of reference about sources: its example runs, and its tables are as the code is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

from narrowboat.data.sources.conditions import Operator
from narrowboat.data.sources.query import Query
from narrowboat.data.sqlite_types import column

PAGE = (Path(__file__).parents[3] / "docs/reference/sources.md").read_text(encoding="utf-8")


def test_the_example_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    subprocess.run([sys.executable, "-W", "error", "-c", example], cwd=tmp_path, check=True)


def test_every_method_that_narrows_a_query_and_every_operator_is_explained() -> None:
    narrowing = {
        name for name, method in vars(Query).items() if getattr(method, "__annotations__", {}).get("return") == "Query"
    }
    for name in narrowing - {"_choosing"}:
        assert f"`.{name}(" in PAGE
    for operator in get_args(Operator):
        assert f"`{operator}`" in PAGE


def test_every_type_of_sqlite_on_the_page_is_what_the_page_says() -> None:
    table = PAGE.split("## Types")[1].split("## Counting")[0]
    lines = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    found = [(name, cells[2].strip()) for cells in lines for name in re.findall(r"`([A-Z]+)`", cells[1])]
    assert len(found) >= 20
    for name, kind in found:
        assert str(column("x", name).type) == kind
