"""What PostgreSQL says of a table, a view or a statement."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias

import psycopg
from psycopg import RawCursor
from psycopg.pq import DiagnosticField

from narrowboat.data.columns import Column, Type
from narrowboat.data.sources.lookalike import no_such_table
from narrowboat.data.sources.queries import load
from narrowboat.data.sources.relation import MARK, Field, Key, KeyPart, Named, Relation, Sql
from narrowboat.errors import SourceFailed

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

_AS_THEY_ARE: Final = {
    "boolean": Type.BOOLEAN,
    "bytea": Type.BINARY,
    "smallint": Type.INTEGER,
    "integer": Type.INTEGER,
    "bigint": Type.INTEGER,
    "oid": Type.INTEGER,
    "real": Type.FLOAT,
    "double precision": Type.FLOAT,
    "numeric": Type.DECIMAL,
    "date": Type.DATE,
    "time without time zone": Type.TIME,
    "timestamp without time zone": Type.DATETIME,
    "timestamp with time zone": Type.DATETIME,
    "text": Type.TEXT,
    "character varying": Type.TEXT,
    "bpchar": Type.TEXT,
    "name": Type.TEXT,
}
"""Types whose cells the driver delivers as a source must. All others are made text, or JSON text, by the server."""
_NO_KEY: Final = (
    "The table has no PRIMARY KEY, and no UNIQUE index that is valid, not deferrable and on NOT NULL columns alone, so "
    "an interrupted run starts from zero. Add one, or name columns that are unique with key=…"
)
_NO_KEY_OF_QUERY: Final = (
    "Nothing says which columns of a query or a view are unique, so an interrupted run starts from zero. "
    "Name them with key=…"
)


_SYNTAX_ERROR: Final = b"42601"


class _Kind(NamedTuple):
    name: str
    kind: str
    category: str


def find(connection: Connection, wanted: Named) -> Relation:
    """A table, view, materialized view or foreign table. Raises SourceFailed where there is none of that name."""
    found = _ask(connection, "postgres_table", wanted.name)
    if not found:
        raise no_such_table(wanted.name, [name for (name,) in _ask(connection, "postgres_tables")])
    ((number, kind, qualified),) = found
    keys = _keys(_ask(connection, "postgres_keys", number))
    source = Sql(f"{qualified} as t")
    because = "" if keys else (_NO_KEY if kind in "rp" else _NO_KEY_OF_QUERY)
    return Relation(source, _fields(connection, source), keys, because, nulls_high=True)


def indexes(connection: Connection, wanted: Named) -> list[tuple[str | None, ...]] | None:
    """The columns of each B-tree that covers all rows; None for a view, and where there is no such table."""
    found = _ask(connection, "postgres_table", wanted.name)
    if not found or found[0][1] not in "rpm":
        return None
    return [tuple(columns) for (columns,) in _ask(connection, "postgres_indexes", found[0][0])]


def describe(connection: Connection, statement: Sql) -> Relation:
    """A statement, planned but not run. Raises SourceFailed where two of its columns have one name."""
    source = Sql(f"({statement.text}\n) as t", statement.parameters)
    try:
        fields = _fields(connection, source)
    except psycopg.errors.SyntaxError as error:
        raise _alone(connection, statement) or error from None
    return Relation(source, fields, (), _NO_KEY_OF_QUERY, nulls_high=True)


def _alone(connection: Connection, statement: Sql) -> psycopg.Error | None:
    """What is wrong with a statement in the words for it as it was written, without what stands around it here."""
    connection.rollback()
    found = connection.pgconn.prepare(b"", numbered(statement))  # which does not run it
    if found.error_field(DiagnosticField.SQLSTATE) != _SYNTAX_ERROR:
        return None
    said = found.error_field(DiagnosticField.MESSAGE_PRIMARY) or b""
    return psycopg.errors.SyntaxError(said.decode(errors="replace"))


def numbered(statement: Sql) -> bytes:
    """The statement's text with `$1`, `$2` … for its parameters."""
    head, *tail = statement.text.split(MARK)
    return (head + "".join(f"${number}{text}" for number, text in enumerate(tail, 1))).encode()


def _ask(connection: Connection, question: str, *parameters: Any) -> list[tuple[Any, ...]]:
    return connection.execute(load(question).encode(), parameters).fetchall()


def _keys(rows: list[tuple[Any, ...]]) -> tuple[Key, ...]:
    return tuple(
        tuple(
            KeyPart(name, f" collate {collation}" if collation else "")
            for name, collation in zip(columns, collations, strict=True)
        )
        for columns, collations in rows
    )


def _fields(connection: Connection, source: Sql) -> tuple[Field, ...]:
    none = Sql("select * from ") + source + Sql(" limit 0")
    # Asking for binary makes the driver send one statement alone, whatever the text holds.
    with RawCursor(connection) as cursor:
        cursor.execute(numbered(none), none.parameters, binary=True)
        columns = cursor.description or []
    names = [column.name for column in columns]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SourceFailed(f"Two columns are called {', '.join(sorted(twice))}. Give them different names with AS.")
    found = _ask(connection, "postgres_types", [column.type_code for column in columns])
    kinds = {number: _Kind(name, kind, category) for number, name, kind, category in found}
    return tuple(_field(column.name, column.scale, kinds[column.type_code]) for column in columns)


def _field(name: str, scale: int | None, kind: _Kind) -> Field:
    sql = f't."{name.replace(chr(34), chr(34) * 2)}"'
    bound = f"cast({MARK} as {kind.name})"
    if kind.name in _AS_THEY_ARE:
        meaning = _AS_THEY_ARE[kind.name]
        column = Column(name, meaning, scale=scale if meaning is Type.DECIMAL else None)
        return Field(column, sql, sql, take=_TAKE.get(meaning, _text), bound=bound)
    if kind.name == "money":
        return Field(Column(name, Type.MONEY), sql, f"{sql}::numeric", _text, bound, exact=f"{sql}::text")
    if kind.category == "A" or kind.kind == "c":
        return Field(Column(name, Type.TEXT), sql, f"to_json({sql})::text", _text, bound, exact=f"{sql}::text")
    return Field(Column(name, Type.TEXT), sql, f"{sql}::text", _text, bound)


def _same(cell: Any) -> Any:
    return cell


def _text(cell: Any) -> Any:
    return cell.decode() if isinstance(cell, bytes) else cell


def _integer(cell: Any) -> Any:
    return int(cell) if isinstance(cell, bytes) else cell


_TAKE: Final = {Type.BINARY: _same, Type.INTEGER: _integer}
