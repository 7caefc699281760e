"""What is said where a source cannot be read, and what never is: the password."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from narrowboat.data.sources import Database, query, table
from narrowboat.data.url import masked, scrub
from narrowboat.errors import BadConfiguration, BadParameter, MissingExtra, SourceFailed, SourceUnavailable
from tests.unit.sources.places import Mysql, Place, Postgres, Sqlite, read


def test_an_unknown_table_is_named_with_those_that_look_alike(place: Place) -> None:
    place.run(
        "create table driver_leads (id integer)", "create table drivers (id integer)", "create view other as select 1"
    )
    for name in ("driver_lead", "DriverLeads", "driverleads"):
        with pytest.raises(SourceFailed, match=f"no table '{name}'. Tables that look alike: driver_leads"):
            table(place.url, name).shape()
    with pytest.raises(SourceFailed, match="Tables: driver_leads, drivers, other"):
        table(place.url, "xyz").shape()


def test_an_empty_database_has_no_table_to_name(sqlite: Sqlite) -> None:
    with pytest.raises(SourceFailed, match="Tables: none at all"):
        table(sqlite.url, "leads").shape()


@pytest.mark.parametrize("name", ["leads; drop table leads", 'leads" --', "leads' or '1'='1", "", "%", "pg_class\0"])
def test_the_name_of_a_table_is_never_a_statement(place: Place, name: str) -> None:
    place.run("create table leads (id integer primary key)")
    for attempt in (table(place.url, name).shape, table(place.url, name).count):
        with pytest.raises(SourceFailed):
            attempt()
    assert table(place.url, "leads").shape().key == ("id",)


@pytest.mark.services
def test_a_table_is_found_by_its_schema_where_the_path_does_not_lead_there(postgres: Postgres) -> None:
    postgres.run('create schema "else where"', 'create table "else where".leads (id integer primary key)')
    try:
        with pytest.raises(SourceFailed, match=r"look alike: else where\.leads"):
            table(postgres.url, "leads").shape()
        assert table(postgres.url, "else where.leads").shape().key == ("id",)
        postgres.run('create table "else where.leads" (nr integer primary key)')
        assert table(postgres.url, "else where.leads").shape().key == ("nr",)
    finally:
        postgres.run('drop schema "else where" cascade')


def test_sqlite_finds_tables_whatever_their_case(sqlite: Sqlite) -> None:
    sqlite.run("create table Leads (id integer primary key, Name text)")
    assert table(sqlite.url, "leads").shape().key == ("id",)


def test_a_missing_file_is_said_to_be_missing_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"no database file .*crm\.db"):
        table(f"sqlite:///{tmp_path}/crm.db", "leads").shape()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_and_a_file_that_is_no_database_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="no database file"):
        table(f"sqlite:///{tmp_path}", "leads").shape()
    (tmp_path / "notes.txt").write_text("not a database, but long enough to have a header of a hundred bytes " * 20)
    with pytest.raises(SourceFailed, match="not a database"):
        table(f"sqlite:///{tmp_path}/notes.txt", "leads").shape()


def test_a_path_may_hold_what_a_url_may_not(tmp_path: Path) -> None:
    place = Sqlite(tmp_path / "größe ?mode=rw&x #1 100%.db")
    place.run("create table t (id integer primary key)")
    assert table(place.url, "t").shape().key == ("id",)


def test_an_sqlite_database_is_only_read(sqlite: Sqlite) -> None:
    sqlite.run("create table t (id integer primary key)", "insert into t values (1)", "pragma wal_checkpoint(truncate)")
    before = sqlite.path.read_bytes()
    read(query(sqlite.url, "select id, :x as x from t", {"x": 1}))
    assert sqlite.path.read_bytes() == before


@pytest.mark.services
def test_a_server_that_is_not_there_is_worth_another_attempt(tmp_path: Path) -> None:
    for url in (f"postgresql://u:geheim@/db?host={tmp_path}", "postgresql://u:geheim@127.0.0.1:1/db"):
        with pytest.raises(SourceUnavailable) as caught:
            table(url, "leads").shape()
        assert "geheim" not in str(caught.value)


@pytest.mark.services
def test_a_database_that_is_not_there_is_named(postgres: Postgres) -> None:
    with pytest.raises(SourceUnavailable, match='"nowhere" does not exist'):
        table(postgres.url.replace("/postgres?", "/nowhere?"), "leads").shape()


@pytest.mark.services
def test_rights_that_are_missing_are_named(postgres: Postgres) -> None:
    postgres.run("create table t (id integer primary key)")
    with pytest.raises(SourceFailed, match="permission denied"):
        table(postgres.url.replace("search_path", "role%3Dpg_monitor%20-csearch_path"), postgres.schema + ".t").shape()


URLS = [
    ("postgresql://user:s3cret@host/db", "postgresql://user:***@host/db"),
    ("postgresql://user:a@b:c/d?e@host:5432/db", "postgresql://user:***@host:5432/db"),
    ("postgresql://user@corp:s3cret@host/db", "postgresql://user@corp:***@host/db"),
    ("postgres://:s3cret@host", "postgres://:***@host"),
    ("postgresql://host/db?user=u&password=s3cret&x=1", "postgresql://host/db?user=u&password=***&x=1"),
    ("postgresql://host/db?sslpassword=s3cret", "postgresql://host/db?sslpassword=***"),
    ("postgresql://user@host/db", "postgresql://user@host/db"),
    ("postgresql://user@host:5432/db", "postgresql://user@host:5432/db"),
    ("sqlite:///a/b.db", "sqlite:///a/b.db"),
]


@pytest.mark.parametrize(("url", "shown"), URLS)
def test_a_url_is_shown_without_its_passwords(url: str, shown: str) -> None:
    assert masked(url) == shown
    assert str(Database(url)) == shown
    assert "s3cret" not in repr(table(url, "leads"))


def test_a_message_is_scrubbed_of_the_url_and_of_every_form_of_the_password() -> None:
    url = "postgresql://u:p%40ss@host/db"
    message = f'cannot parse "{url}": near "p@ss" or "p%40ss"'
    assert scrub(message, url) == 'cannot parse "postgresql://u:***@host/db": near "***" or "***"'


@pytest.mark.services
@pytest.mark.parametrize(
    "tail", ["@host:port:x/db", "@[::1/db", "@host/db?nonsense=1", "@host/%zz", "@/db?sslmode=maybe"]
)
def test_a_url_that_cannot_be_parsed_does_not_tell_its_password(tail: str) -> None:
    with pytest.raises((SourceFailed, SourceUnavailable)) as caught:
        table("postgresql://user:s3cr%2Fet" + tail, "leads").shape()
    assert "s3cr" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["oracle://u:s3cret@host/db", "crm.db", "sqlite:crm.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", ""]
)
def test_a_url_of_no_known_database_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadConfiguration) as caught:
        table(url, "leads")
    assert "s3cret" not in str(caught.value)
    assert "sqlite:///path.db" in str(caught.value)


def test_a_missing_driver_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "narrowboat.data.sources.postgres", raising=False)
    monkeypatch.delitem(sys.modules, "narrowboat.data.sources.postgres_catalogue", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install narrowboat\[postgres\]"):
        table("postgresql://host/db", "leads").shape()


def test_a_value_that_cannot_be_compared_is_refused(place: Place) -> None:
    place.run("create table t (id integer primary key)")
    with pytest.raises((SourceFailed, BadParameter)):
        read(table(place.url, "t").where(id=object()))
    with pytest.raises((SourceFailed, BadParameter)):
        read(table(place.url, "t").where(id=2**80).where("id", "like", object()))


@pytest.mark.services
def test_a_value_that_its_column_cannot_take_is_refused(postgres: Postgres) -> None:
    postgres.run("create table t (id integer primary key, day date)")
    with pytest.raises(SourceFailed, match="invalid input syntax for type date"):
        read(table(postgres.url, "t").where(day="x"))


WRONG = {
    "select 1 from": ("incomplete input", "syntax error at end of input", "near '' at line 1"),
    "select 1)": ('near ")": syntax error', 'syntax error at or near ")"', "near ')' at line 1"),
    "select\n1 as a\nform t": ('near "form"', 'at or near "form"', "near 'form t' at line 3"),
    "select (1": ("incomplete input", "syntax error at end of input", "near '' at line 1"),
    "select 'a": ("unrecognized token", 'unterminated quoted string at or near "\'a"', "near ''a' at line 1"),
}
"""Statements, and what SQLite, PostgreSQL and MariaDB say of them where they stand alone."""


@pytest.mark.parametrize("statement", WRONG)
def test_a_statement_that_is_wrong_is_told_as_it_was_written(place: Place, statement: str) -> None:
    with pytest.raises(SourceFailed) as refused:
        query(place.url, statement).shape()
    assert WRONG[statement][isinstance(place, Postgres)] in str(refused.value)
    assert "as t" not in str(refused.value)


@pytest.mark.services
@pytest.mark.parametrize("statement", WRONG)
def test_a_statement_that_is_wrong_is_told_as_it_was_written_by_mysql_too(mysql: Mysql, statement: str) -> None:
    with pytest.raises(SourceFailed) as refused:
        query(mysql.url, statement).shape()
    assert str(refused.value).endswith(WRONG[statement][2])


def test_a_parameter_of_a_statement_that_is_wrong_is_no_parameter_of_its_own(place: Place) -> None:
    with pytest.raises(SourceFailed, match="syntax error"):
        query(place.url, "select 1 where :a = 1 and and", {"a": 1}).shape()
