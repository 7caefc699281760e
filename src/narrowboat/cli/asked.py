"""What an export on the command line asks for: its tables and its file, checked before anything is started."""

import json
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from narrowboat.data import formats
from narrowboat.data.columns import Column, Type, choose
from narrowboat.data.sources import Query, query, table
from narrowboat.errors import BadParameter
from narrowboat.jobs.output import Output

EXTRA: Mapping[Type, str] = {Type.DATETIME: "zone", Type.MONEY: "currency", Type.DECIMAL: "scale"}
"""What may stand after a type's colon: `--type paid=money:GHS`."""


class Asked(NamedTuple):
    """An export as the command line says it."""

    url: str
    tables: tuple[str, ...]
    query: str | None
    parameters: Mapping[str, Any]
    where: Mapping[str, Any]
    types: Mapping[str, Column]
    key: tuple[str, ...]
    title: str
    output: Output

    def sources(self) -> dict[str, Query]:
        """The tables of the file by name. Raises UnknownColumn."""
        if self.query is not None:
            found = {self.title: query(self.url, self.query, self.parameters, key=self.key)}
        else:
            found = {name: table(self.url, name, key=self.key).where(**self.where) for name in self.tables}
        if not self.types:
            return found
        known = {name: source.shape().columns for name, source in found.items()}
        choose(tuple(chain.from_iterable(known.values())), self.types)  # a type is for a column of any of the tables
        return {name: self._as_said(source, known[name]) for name, source in found.items()}

    def _as_said(self, source: Query, known: Sequence[Column]) -> Query:
        return source.columns(*(self.types.get(column.name, column.name) for column in known))

    def digest(self) -> str:
        """The same for the same request, so that a resumed run is known to be the one meant. Holds no password."""
        from hashlib import sha256

        types = {name: repr(column) for name, column in self.types.items()}
        parts = [self.url, self.tables, self.query, self.parameters, self.where, types, self.key, self.output.as_json()]
        return sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def parse(arguments: Namespace) -> Asked:
    """Raises BadParameter, naming the argument that is wrong."""
    _check_kind(arguments)
    return Asked(
        url=arguments.database,
        tables=tuple(arguments.table),
        query=arguments.query,
        parameters=dict(_parameter(text) for text in arguments.param),
        where=_conditions(arguments.where),
        types={column.name: column for column in map(_column, arguments.type)},
        key=tuple(name for text in arguments.key for name in text.split(",")),
        title=_stem(Path(arguments.to)),
        output=output_of(arguments),
    )


def output_of(arguments: Namespace) -> Output:
    """What was chosen about the file. Raises BadParameter."""
    return Output.parse(
        {
            "format": arguments.format or format_of(Path(arguments.to)),
            "columns": arguments.columns or (),
            "labels": dict(pair("--label", text) for text in arguments.label),
            "page_size": arguments.page_size,
            "pages": arguments.pages or (),
            "options": {name: scalar(value) for name, value in (pair("--option", text) for text in arguments.option)},
        }
    )


def _check_kind(arguments: Namespace) -> None:
    if bool(arguments.table) == (arguments.query is not None):
        raise BadParameter("Say what to export: --table NAME (once or several times), or --query SQL.")
    if arguments.query is not None and arguments.where:
        raise BadParameter("--where goes with --table. In a --query, write the condition and bind it with --param.")
    if arguments.param and arguments.query is None:
        raise BadParameter("--param goes with --query. To filter a table use --where COLUMN=VALUE.")
    if len(set(arguments.table)) < len(arguments.table):
        raise BadParameter("The same --table was given twice; each becomes one sheet.")


def format_of(target: Path) -> str:
    """The format that a file name asks for: `leads.csv.gz` is `csv.gz`. Raises BadParameter."""
    if found := formats.format_of(target.name.lower()):
        return found
    raise BadParameter(
        f"{target.name} tells no format; end it in one of {', '.join(formats.FORMATS)}, or say --format."
    )


def _stem(target: Path) -> str:
    return target.name.split(".")[0] or target.name


def pair(option: str, text: str) -> tuple[str, str]:
    """`name=value` in two. Raises BadParameter."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise BadParameter(f"{option} {text!r} must be NAME=VALUE.")
    return name.strip(), value


def scalar(text: str) -> str | int | bool:
    """An option's value: true, false, a whole number, or else text."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isascii() and text.isdigit() else text


def _parameter(text: str) -> tuple[str, Any]:
    """`name=value`, or `name:int=value` where the statement needs another type than text."""
    from narrowboat.jobs.parameters import Parameter, parsers

    name, value = pair("--param", text)
    name, _, kind = name.partition(":")
    types = {known.__name__: known for known in parsers()}
    if kind and kind not in types:
        raise BadParameter(f"--param {text!r}: there is no type {kind!r}. Types: {', '.join(types)}.")
    return name, Parameter(name, types[kind or "str"], required=True, nullable=False).parse(value)


def _conditions(given: Sequence[str]) -> dict[str, Any]:
    """Conditions by column; a column that is given several times may have any of the values."""
    found: dict[str, Any] = {}
    for name, value in (pair("--where", text) for text in given):
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _column(text: str) -> Column:
    """`born=date`, `paid=money:GHS`, `seen=datetime:Africa/Accra`, `rate=decimal:4`."""
    name, value = pair("--type", text)
    kind, _, extra = value.partition(":")
    if kind not in tuple(Type):
        raise BadParameter(f"--type {text!r}: there is no type {kind!r}. Types: {', '.join(Type)}.")
    if not extra:
        return Column(name, Type(kind))
    attribute = EXTRA.get(Type(kind))
    if attribute is None or (attribute == "scale" and not extra.isdigit()):
        raise BadParameter(f"--type {text!r}: after the colon stand a datetime's zone, a money's currency, or a scale.")
    parsed: Callable[[str], Any] = int if attribute == "scale" else str
    return Column(name, Type(kind), **{attribute: parsed(extra)})
