"""What MySQL or MariaDB says of a table, a view or a statement."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any, Final, TypeAlias

import pymysql
from pymysql.constants import FIELD_TYPE, FLAG

from narrowboat.data.columns import Column, Type
from narrowboat.data.sources.lookalike import no_such_table
from narrowboat.data.sources.queries import load
from narrowboat.data.sources.relation import Field, Key, KeyPart, Named, Relation, Sql

Connection: TypeAlias = "pymysql.connections.Connection[pymysql.cursors.Cursor]"
Execute: TypeAlias = Callable[[Sql], tuple[list[Any], list[tuple[Any, ...]]]]
"""Runs a small statement. Gives the descriptions of its columns, as the driver has them, and its rows."""

_MEANINGS: Final = {
    FIELD_TYPE.TINY: Type.INTEGER,
    FIELD_TYPE.SHORT: Type.INTEGER,
    FIELD_TYPE.INT24: Type.INTEGER,
    FIELD_TYPE.LONG: Type.INTEGER,
    FIELD_TYPE.LONGLONG: Type.INTEGER,
    FIELD_TYPE.YEAR: Type.INTEGER,
    FIELD_TYPE.FLOAT: Type.FLOAT,
    FIELD_TYPE.DOUBLE: Type.FLOAT,
    FIELD_TYPE.DECIMAL: Type.DECIMAL,
    FIELD_TYPE.NEWDECIMAL: Type.DECIMAL,
    FIELD_TYPE.DATE: Type.DATE,
    FIELD_TYPE.NEWDATE: Type.DATE,
    FIELD_TYPE.TIME: Type.TIME,
    FIELD_TYPE.DATETIME: Type.DATETIME,
    FIELD_TYPE.TIMESTAMP: Type.DATETIME,
}
_BYTES: Final = {
    FIELD_TYPE.TINY_BLOB,
    FIELD_TYPE.BLOB,
    FIELD_TYPE.MEDIUM_BLOB,
    FIELD_TYPE.LONG_BLOB,
    FIELD_TYPE.VARCHAR,
    FIELD_TYPE.VAR_STRING,
    FIELD_TYPE.STRING,
}
"""Types that are text or bytes, by their character set."""
_NO_CHARACTERS: Final = 63
"""The number of the character set `binary`."""
_NO_KEY: Final = (
    "The table has no PRIMARY KEY, and no UNIQUE index on whole NOT NULL columns, so an interrupted run starts from "
    "zero. Add one, or name columns that are unique with key=…"
)
_NO_KEY_OF_QUERY: Final = (
    "Nothing says which columns of a query or a view are unique, so an interrupted run starts from zero. "
    "Name them with key=…"
)


def find(execute: Execute, wanted: Named) -> Relation:
    """A table or a view. Raises SourceFailed where there is none of that name."""
    _, listed = execute(_question("mysql_table", wanted.name, wanted.name))
    if not listed:
        _, tables = execute(_question("mysql_tables"))
        raise no_such_table(wanted.name, [name for (name,) in tables])
    ((schema, name, kind),) = listed
    _, parts = execute(_question("mysql_keys", schema, name, schema, name))
    keys: tuple[Key, ...] = tuple(
        tuple(KeyPart(column) for _, column in columns) for _, columns in groupby(parts, lambda part: part[0])
    )
    source = Sql(f"{_quoted(schema)}.{_quoted(name)} as t")
    because = "" if keys else (_NO_KEY_OF_QUERY if "VIEW" in kind else _NO_KEY)
    return Relation(source, _fields(execute, source), keys, because)


def indexes(execute: Execute, wanted: Named) -> list[tuple[str | None, ...]] | None:
    """The columns of each B-tree; None for a view, and where there is no such table."""
    _, listed = execute(_question("mysql_table", wanted.name, wanted.name))
    if not listed or "VIEW" in listed[0][2]:
        return None
    _, parts = execute(_question("mysql_indexes", listed[0][0], listed[0][1]))
    return [tuple(column for _, column in rows) for _, rows in groupby(parts, lambda part: part[0])]


def describe(execute: Execute, statement: Sql) -> Relation:
    """A statement, of which no row is asked for. Raises SourceFailed where two of its columns have one name."""
    source = Sql(f"({statement.text}\n) as t", statement.parameters)
    return Relation(source, _fields(execute, source), (), _NO_KEY_OF_QUERY)


def _question(name: str, *parameters: str) -> Sql:
    return Sql(load(name).replace("%s", "\0"), parameters)


def _fields(execute: Execute, source: Sql) -> tuple[Field, ...]:
    described, _ = execute(Sql("select * from ") + source + Sql(" limit 0"))
    return tuple(_field(one) for one in described)


def _field(described: Any) -> Field:
    """described: a column as the protocol has it, which tells more than the driver's cursor does."""
    name, kind, sql = described.name, described.type_code, f"t.{_quoted(described.name)}"
    if described.flags & (FLAG.ENUM | FLAG.SET):  # sorted by their numbers, but compared as text
        return Field(Column(name, Type.TEXT), sql, sql, int, exact=f"{sql} + 0", order=f"{sql} + 0")
    if kind == FIELD_TYPE.BIT:
        meaning = Type.BOOLEAN if described.length == 1 else Type.INTEGER
        return Field(Column(name, meaning), sql, f"{sql} + 0", int)
    if kind == FIELD_TYPE.GEOMETRY:
        return Field(Column(name, Type.TEXT), sql, f"st_astext({sql})", _text)
    if kind == FIELD_TYPE.FLOAT:  # shown with six digits, compared with all
        return Field(Column(name, Type.FLOAT), sql, sql, float, exact=f"{sql} + 0e0")
    if kind in _BYTES and described.charsetnr == _NO_CHARACTERS:
        return Field(Column(name, Type.BINARY), sql, sql, _same)
    return Field(_column(name, described), sql, sql, _text)


def _column(name: str, described: Any) -> Column:
    if described.type_code == FIELD_TYPE.TINY and described.length == 1:
        return Column(name, Type.BOOLEAN)
    meaning = _MEANINGS.get(described.type_code, Type.TEXT)
    return Column(name, meaning, scale=described.scale if meaning is Type.DECIMAL else None)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _same(cell: Any) -> Any:
    return cell


def _text(cell: Any) -> Any:
    return cell.decode() if isinstance(cell, bytes) else cell
