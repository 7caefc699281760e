"""`:name` parameters in a statement that a person wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from narrowboat.data.sources.relation import MARK, Sql
from narrowboat.errors import BadParameter

_TOKENS: Final = r"""
      (?<!\w)[eE]'(?:\\.|''|[^'\\])*'       # text with escapes, as PostgreSQL has it
    | '(?:[^']|'')*'                        # text
    | "(?:[^"]|"")*"                        # a quoted name
    | `[^`]*`                               # a quoted name, as MySQL and SQLite have it
    | \$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$  # text between dollars
    | (?P<end>;(?:[;\s]|--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*\Z)  # with what may stand behind it
    | --[^\n]*                              # a comment
    | /\*.*?\*/                             # a comment
    | ::                                    # a cast
    | (?<![\w:]):(?P<name>[A-Za-z_]\w*)     # a parameter, but for the end of a slice [1:n]
    """


def named(text: str, parameters: Mapping[str, Any]) -> Sql:
    """The statement with its `:name`s bound.

    Raises BadParameter where a name has no value, where a value has no name, and for a NUL character.
    """
    if MARK in text:
        raise BadParameter("The statement holds a NUL character, which no database accepts.")
    used: list[str] = []

    def bind(token: re.Match[str]) -> str:
        if token["end"]:
            return ""
        if token["name"] is None:
            return token[0]
        used.append(token["name"])
        return MARK

    marked = re.sub(_TOKENS, bind, text.strip(), flags=re.VERBOSE | re.DOTALL)
    if missing := set(used) - parameters.keys():
        raise BadParameter(f"The statement's parameter {_list(missing)} has no value.")
    if unknown := parameters.keys() - set(used):
        raise BadParameter(f"The statement has no parameter {_list(unknown)}.")
    return Sql(marked, tuple(parameters[name] for name in used))


def _list(names: set[str]) -> str:
    return ", ".join(f":{name}" for name in sorted(names))
