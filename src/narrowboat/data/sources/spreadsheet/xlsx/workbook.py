"""The workbook of an xlsx archive: its sheets, and the tables that their cells refer to."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from narrowboat.data.sheet import Block, SheetInfo, place_of
from narrowboat.data.sources.spreadsheet.archive import Archive
from narrowboat.data.sources.spreadsheet.limits import COLUMNS
from narrowboat.data.sources.spreadsheet.xlsx import strings, styles
from narrowboat.data.sources.spreadsheet.xlsx.cells import Meanings
from narrowboat.data.sources.spreadsheet.xlsx.fragments import TRUE
from narrowboat.data.sources.spreadsheet.xlsx.markup import Attributes, decoded, local, opened, walk
from narrowboat.data.sources.spreadsheet.xlsx.moments import Calendar
from narrowboat.data.sources.spreadsheet.xlsx.rows import Rows
from narrowboat.errors import FileNotSupported

_DEFAULT: Final = {
    "officeDocument": "xl/workbook.xml",
    "sharedStrings": "xl/sharedStrings.xml",
    "styles": "xl/styles.xml",
}
"""Where a part is when no relationship tells."""


class _Sheet(NamedTuple):
    name: str
    hidden: bool
    part: str


class _Relation(NamedTuple):
    kind: str
    """The last word of its type: transitional and strict OOXML agree on it."""
    target: str


class Workbook:
    """A Book over an xlsx, xlsm, xltx or xltm archive. Macros are data that nobody reads."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._part = self._related("", "officeDocument")
        self._relations = self._relations_of(self._part)
        self._since_1904 = False
        self._sheets = self._listed()

    def sheets(self) -> Sequence[SheetInfo]:
        return self._infos

    def open(self, sheet: str | int, *, after: int = 0) -> Iterator[Block]:
        found = self._sheets[place_of(sheet, self._infos)]
        texts = decoded(self._archive.stream(found.part), found.part)
        return Rows(texts, found.part, self._meanings, after).blocks()

    def close(self) -> None:
        if "_meanings" in vars(self):
            self._meanings.strings.discard()
        self._archive.close()

    @cached_property
    def _meanings(self) -> Meanings:
        strings_part, styles_part = self._related(self._part, "sharedStrings"), self._related(self._part, "styles")
        table = strings.Strings()
        if strings_part in self._archive:
            table = strings.read(decoded(self._archive.stream(strings_part), strings_part), strings_part)
        kinds = b""
        if styles_part in self._archive:
            kinds = styles.read(self._archive.stream(styles_part), styles_part)
        return Meanings(table, kinds, Calendar(since_1904=self._since_1904))

    @cached_property
    def _infos(self) -> list[SheetInfo]:
        return [self._described(sheet) for sheet in self._sheets]

    def _listed(self) -> list[_Sheet]:
        sheets = []

        def start(path: list[str], attributes: Attributes) -> None:
            if path[1:] == ["workbookPr"]:
                self._since_1904 = attributes.get("date1904") in TRUE
            elif path[1:] == ["sheets", "sheet"]:
                own = {local(name): value for name, value in attributes.items() if name != "sheetId"}
                relation = self._relations.get(own.get("id", ""))
                if relation is not None and relation.kind == "worksheet" and relation.target in self._archive:
                    hidden = own.get("state", "visible") != "visible"
                    sheets.append(_Sheet(own.get("name", ""), hidden, relation.target))

        if self._part not in self._archive:
            raise FileNotSupported("This is an archive, and no workbook of Excel is in it.")
        walk(self._archive.stream(self._part), self._part, start)
        if not sheets:
            raise FileNotSupported("The workbook has no sheet with cells.")
        return sheets

    def _described(self, sheet: _Sheet) -> SheetInfo:
        rows: list[int] = []
        hidden: list[int] = []

        def start(name: str, attributes: Attributes) -> None:
            if name == "dimension":
                last = attributes.get("ref", "").rpartition(":")[2].lstrip("$ABCDEFGHIJKLMNOPQRSTUVWXYZ")
                rows.extend([int(last)] if last.isdecimal() and len(last) < 8 else [])
            elif name == "col" and attributes.get("hidden") in TRUE:
                hidden.extend(_columns(attributes))

        opened(decoded(self._archive.stream(sheet.part), sheet.part), sheet.part, "sheetData", start)
        return SheetInfo(sheet.name, sheet.hidden, rows[0] if rows else None, hidden_columns=tuple(hidden))

    def _relations_of(self, part: str) -> dict[str, _Relation]:
        folder, _, name = part.rpartition("/")
        where = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, _Relation] = {}

        def start(path: list[str], attributes: Attributes) -> None:
            if path[-1] == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(
                    posixpath.join("/", folder, attributes.get("Target", "").replace("\\", "/"))
                )
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = _Relation(kind, target.lstrip("/"))

        if where in self._archive:
            walk(self._archive.stream(where), where, start)
        return found

    def _related(self, part: str, kind: str) -> str:
        relations = self._relations if part else self._relations_of("")
        return next((one.target for one in relations.values() if one.kind == kind), _DEFAULT[kind])


def _columns(attributes: Attributes) -> range:
    try:
        first, last = int(attributes.get("min", 0)), int(attributes.get("max", 0))
    except ValueError:
        return range(0)
    # Hidden "to the end" is how a sheet's unused right side is hidden; there are no cells to speak of.
    return range(max(first, 1) - 1, last) if last < COLUMNS else range(0)
