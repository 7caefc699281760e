"""The page about the store names all there is, and its example works."""

from __future__ import annotations

import inspect
import re
import sqlite3
from pathlib import Path

import pytest

from narrowboat.kernel.store import Store
from narrowboat.stores import open_store
from tests.store.samples import Place, submitted

PAGE = (Path(__file__).parents[2] / "docs/reference/store.md").read_text()


def test_every_table_and_column_is_on_the_page(tmp_path: Path) -> None:
    Place(f"sqlite:///{tmp_path}/runs.db").open().close()
    conn = sqlite3.connect(tmp_path / "runs.db")
    tables = [name for (name,) in conn.execute("select name from sqlite_master where type = 'table'")]
    assert len(tables) > 5
    for table in tables:
        section = PAGE.partition(f"\n### {table.removeprefix('narrowboat_')}\n")[2].partition("\n##")[0]
        columns = [row[1] for row in conn.execute(f"pragma table_info({table})")]
        assert [column for column in columns if f"`{column}`" not in section] == [], table
    conn.close()


def test_every_setting_is_on_the_page_with_its_default() -> None:
    options = [p for p in inspect.signature(open_store).parameters.values() if p.default is not p.empty]
    for option in options:
        default = f"`{option.default}`" if isinstance(option.default, str) else str(option.default)
        assert f"| `{option.name}` | {default} |" in PAGE


def test_the_example_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(example, {})  # noqa: S102
    assert (tmp_path / "runs.db").exists()


@pytest.mark.services
def test_the_questions_can_be_asked(postgres_url: str) -> None:
    import psycopg

    store: Store = Place(postgres_url).open()
    submitted(store)
    with psycopg.connect(postgres_url) as conn:
        for question in re.findall(r"```sql\n(.*?)```", PAGE, re.S):
            conn.execute(question)
        conn.execute("drop schema narrowboat cascade")
    store.close()
