"""What an export on the command line asks for."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from narrowboat.cli import main
from narrowboat.cli.asked import Asked, format_of, parse, scalar
from narrowboat.cli.parser import chosen
from narrowboat.data.columns import Column, Type
from narrowboat.errors import BadParameter, UnknownColumn


def asked(*argv: str, to: str = "leads.xlsx") -> Asked:
    return parse(chosen(["export", "sqlite:///crm.db", "--to", to, *argv])[1])


@pytest.fixture
def crm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("crm.db")) as database, database:
        database.execute("create table leads (id integer primary key, born text, city text, paid text)")
        database.execute("insert into leads values (1, '1990-01-31', 'Accra', '12.50')")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.xlsx", "xlsx"), ("A.XLSX", "xlsx"), ("a.b.csv", "csv"), ("a.csv.gz", "csv.gz"), ("a.jsonl.zip", "jsonl.zip")],
)
def test_the_ending_of_the_file_tells_the_format(name: str, expected: str) -> None:
    assert format_of(Path(name)) == expected


def test_an_ending_that_tells_nothing_is_asked_about() -> None:
    with pytest.raises(BadParameter, match=r"leads.txt tells no format; end it in one of xlsx, csv"):
        asked("--table", "leads", to="leads.txt")


def test_the_format_may_be_said_instead() -> None:
    assert asked("--table", "leads", "--format", "csv", to="leads.txt").output.format == "csv"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "Say what to export"),
        (["--table", "a", "--query", "select 1"], "Say what to export"),
        (["--query", "select 1", "--where", "a=1"], "--where goes with --table"),
        (["--table", "a", "--param", "a=1"], "--param goes with --query"),
        (["--table", "a", "--table", "a"], "given twice"),
        (["--table", "a", "--where", "city"], "--where 'city' must be NAME=VALUE"),
        (["--table", "a", "--type", "born=day"], "there is no type 'day'. Types: any, text"),
        (["--table", "a", "--type", "born=date:UTC"], "after the colon"),
        (["--table", "a", "--type", "paid=decimal:two"], "after the colon"),
        (["--query", "select :n", "--param", "n:number=1"], "there is no type 'number'. Types: str, int"),
        (["--query", "select :n", "--param", "n:int=one"], "must be a whole number"),
        (["--table", "a", "--pages", "1-3"], "pages and page_size go together"),
        (["--table", "a", "--pages", "0", "--page-size", "10"], "is not a page"),
    ],
)
def test_a_wrong_argument_is_named(argv: list[str], message: str) -> None:
    with pytest.raises(BadParameter) as refused:
        asked(*argv)
    assert message in str(refused.value)


def test_values_of_parameters_have_the_type_that_is_said() -> None:
    found = asked("--query", "select :a, :b, :c", "--param", "a=007", "--param", "b:int=7", "--param", "c:Decimal=1.50")
    assert found.parameters == {"a": "007", "b": 7, "c": Decimal("1.50")}


def test_conditions_on_one_column_are_alternatives() -> None:
    found = asked("--table", "leads", "--where", "city=Accra", "--where", "city=Tema", "--where", "note=a=b")
    assert found.where == {"city": ["Accra", "Tema"], "note": "a=b"}


def test_types_say_zone_currency_and_scale() -> None:
    argv = ["--type", "a=datetime:Africa/Accra", "--type", "b=money:GHS", "--type", "c=decimal:4", "--type", "d=text"]
    assert asked("--table", "leads", *argv).types == {
        "a": Column("a", Type.DATETIME, zone="Africa/Accra"),
        "b": Column("b", Type.MONEY, currency="GHS"),
        "c": Column("c", Type.DECIMAL, scale=4),
        "d": Column("d", Type.TEXT),
    }


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("false", False), ("12", 12), ("-1", "-1"), (";", ";"), ("²", "²")]
)
def test_an_option_is_a_switch_a_number_or_text(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


@pytest.mark.usefixtures("crm")
def test_declared_types_and_all_other_columns_are_in_the_table() -> None:
    (source,) = asked("--table", "leads", "--type", "born=date", "--type", "paid=money:GHS").sources().values()
    shape = source.shape()
    assert [column.name for column in shape.columns] == ["id", "born", "city", "paid"]
    assert [column.type for column in shape.columns][1:] == [Type.DATE, Type.TEXT, Type.MONEY]
    assert shape.columns[3].currency == "GHS"


@pytest.mark.usefixtures("crm")
def test_a_type_of_a_column_that_no_table_has_is_named() -> None:
    with pytest.raises(UnknownColumn, match=r"There is no column 'bron'. Columns: id, born, city, paid"):
        asked("--table", "leads", "--type", "bron=date").sources()


@pytest.mark.usefixtures("crm")
def test_a_query_is_named_after_the_file() -> None:
    assert list(asked("--query", "select 1 as one", to="folder/busy.csv.gz").sources()) == ["busy"]


def test_the_digest_changes_with_anything_that_changes_the_file() -> None:
    same = ["--table", "leads", "--where", "city=Accra"]
    assert asked(*same).digest() == asked(*same).digest()
    others = [
        [],
        ["--columns", "id"],
        ["--type", "id=text"],
        ["--key", "city"],
        ["--label", "id=No"],
        ["--option", "a=1"],
    ]
    digests = {asked("--table", "leads", *other).digest() for other in others} | {asked(*same).digest()}
    assert len(digests) == len(others) + 1


def test_an_unknown_format_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "sqlite:///crm.db", "--table", "a", "--to", "a.x", "--format", "doc"]) == 2
    assert "There is no format 'doc'. Formats: xlsx, csv" in capsys.readouterr().err
