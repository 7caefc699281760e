"""Mapping: which column of the file is which field.

By name or by alias; what only looks alike is suggested, for a person to confirm.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from narrowboat.data.records.field import Field
from narrowboat.errors import BadParameter, MissingColumns

REPORTED: Final = ("Import row", "Import code", "Import problem")
"""What a file of rejects has besides its own columns. They are ignored when it comes back."""
ALIKE: Final = 0.6
"""From 0 to 1: how much a header must resemble a field's name to be suggested for it."""


class Match(NamedTuple):
    """One column of the file.

    `how`: `given`, `name`, `alias`, `suggested`, `ignored`, `filled` (by who asks, so not read) or `unknown`.
    """

    header: str
    field: str | None
    how: str


class Columns(NamedTuple):
    """Where each field is: its place in a row of the file, or None."""

    headers: tuple[str, ...]
    places: tuple[int | None, ...]
    """One a field, in their order."""
    matches: tuple[Match, ...]
    """One a column of the file, for people."""

    def confirm(self, names: Collection[str]) -> None:
        """Raises MissingColumns where one of these fields is only suggested: it decides too much to be left out."""
        for match in self.matches:
            if match.how == "suggested" and match.field in names:
                raise MissingColumns(
                    f"{match.header!r} looks like {match.field!r}, by which records are told apart. Say whether it is: "
                    f"map {match.header!r} to {match.field!r}, or to nothing."
                )

    def warnings(self) -> list[str]:
        """What a person should know of columns that are left out."""
        alike = [
            f"{match.header!r} looks like {match.field!r} and was left out: confirm it with a mapping, if it is."
            for match in self.matches
            if match.how == "suggested"
        ]
        unknown = [repr(match.header) for match in self.matches if match.how == "unknown"]
        filled = [
            f"{match.header!r} was not read: it is filled by who imports the file."
            for match in self.matches
            if match.how == "filled"
        ]
        left = [f"Left out, because no field has this name: {', '.join(unknown)}."] if unknown else []
        return alike + filled + left

    def as_json(self) -> list[dict[str, Any]]:
        """The matches."""
        return [match._asdict() for match in self.matches]


def folded(name: str) -> str:
    """A name without what people vary: case, accents, blanks, punctuation."""
    import unicodedata  # large, and a server has this module whether it imports or not

    plain = unicodedata.normalize("NFKD", name).casefold()
    return re.sub(r"[\W_]+", "", "".join(mark for mark in plain if not unicodedata.combining(mark)))


def find_columns(
    headers: Sequence[str], fields: Sequence[Field], given: Mapping[str, str | None], *, guess: bool
) -> Columns:
    """Find each field in the file.

    given: header to field's name as a person confirmed it; None leaves a column out. guess: take what is only suggested
    as if it were confirmed. Raises BadParameter for a header or field of `given` that is not there, MissingColumns
    where a required field has no column, or no column has a field.
    """
    found = look_for_columns(headers, fields, given, guess=guess)
    check_columns(found, fields)
    return found


def look_for_columns(
    headers: Sequence[str], fields: Sequence[Field], given: Mapping[str, str | None], *, guess: bool
) -> Columns:
    """The same, and a field that has no column is no error."""
    matches = _suggested(_matched(headers, fields, given), fields)
    if guess:
        matches = [match._replace(how="given") if match.how == "suggested" else match for match in matches]
    places: dict[str, int] = {}
    for place, match in enumerate(matches):
        if match.field is not None and match.how != "suggested" and places.setdefault(match.field, place) != place:
            two = f"{headers[places[match.field]]!r} and {match.header!r}"
            raise BadParameter(f"Two columns, {two}, are both {match.field!r}. Leave one out, or say which it is.")
    return Columns(tuple(headers), tuple(places.get(field.name) for field in fields), tuple(matches))


def _matched(headers: Sequence[str], fields: Sequence[Field], given: Mapping[str, str | None]) -> list[Match]:
    filled = {folded(name) for f in fields if f.requester for name in (f.name, f.label, *f.aliases)}
    fields = [field for field in fields if not field.requester]
    names = {field.name for field in fields}
    for header, name in given.items():
        if header not in headers:
            raise BadParameter(f"The file has no column {header!r}. Its columns: {', '.join(filter(None, headers))}.")
        if name is not None and name not in names:
            raise BadParameter(f"There is no field {name!r} to map {header!r} to. Fields: {', '.join(sorted(names))}.")
    taken = set(given.values())
    known = {folded(alias): (field.name, "alias") for field in fields for alias in (*field.aliases, field.label)}
    known |= {folded(field.name): (field.name, "name") for field in fields}
    outside = {folded(name): "ignored" for name in REPORTED} | dict.fromkeys(filled, "filled")
    return [_match(header, given, {k: v for k, v in known.items() if v[0] not in taken}, outside) for header in headers]


def _match(
    header: str, given: Mapping[str, str | None], known: Mapping[str, tuple[str, str]], outside: Mapping[str, str]
) -> Match:
    """outside: headers that are no field's, and why."""
    if header in given:
        return Match(header, given[header], "given" if given[header] is not None else "ignored")
    plain = folded(header)
    if not plain or plain in outside:
        return Match(header, None, outside.get(plain, "ignored"))
    name, how = known.get(plain, (None, "unknown"))
    return Match(header, name, how)


def _suggested(matches: list[Match], fields: Sequence[Field]) -> list[Match]:
    """For columns that nobody knows, the free field that looks most like them."""
    found = {match.field for match in matches}
    free = [field for field in fields if field.name not in found and not field.requester]
    names = {folded(name): f.name for f in free for name in (f.name, f.label, *f.aliases)}
    if not names or all(match.how != "unknown" for match in matches):
        return matches
    from difflib import get_close_matches  # only where it is needed: most files have the names they should

    for place, match in enumerate(matches):
        if match.how == "unknown" and (alike := get_close_matches(folded(match.header), names, 1, ALIKE)):
            name = names[alike[0]]
            matches[place] = Match(match.header, name, "suggested")
            names = {known: field for known, field in names.items() if field != name}
    return matches


def check_columns(found: Columns, fields: Sequence[Field]) -> None:
    """Raises MissingColumns where a required field has no column, or no column has a field."""
    placed = zip(fields, found.places, strict=True)
    missing = [field for field, place in placed if field.required and field.default is None and place is None]
    if not missing and any(place is not None for place in found.places):
        return
    headers = ", ".join(repr(match.header) for match in found.matches if match.header) or "none"
    hints = "".join(
        f" {match.header!r} looks like {match.field!r}: confirm it with a mapping."
        for match in found.matches
        if match.how == "suggested"
    )
    wanted = ", ".join(field.title for field in (missing or fields) if not field.requester)
    what = f"lacks {wanted}" if missing else f"has none of {wanted}"
    raise MissingColumns(f"The file {what}. Its columns: {headers}.{hints}")
