"""Output: what a person may choose about the file, apart from the job's own parameters."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from narrowboat.data.format import Options
from narrowboat.errors import BadParameter

MOST_PAGES = 1000
"""In one file."""
LARGEST_PAGE = 10**9
"""Rows. With nine digits for the page's number, the place of a row still fits 64 bits."""
RESERVED = frozenset({"columns", "page", "pages", "page_size"})
"""Choices that stand beside a job's parameters in the query string of an address, so no parameter is called so."""
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Output(NamedTuple):
    """Format and its options, columns with order and labels, pages."""

    format: str = "xlsx"
    columns: tuple[str, ...] = ()
    """Names in the wanted order; empty: all of them."""
    labels: Mapping[str, str] = NOTHING
    """Column name to what stands in the header."""
    page_size: int | None = None
    """Rows a page."""
    pages: tuple[int, ...] = ()
    """Page numbers from 1, each a table of the file; empty: everything."""
    options: Options = NOTHING

    def as_json(self) -> dict[str, Any]:
        """For the run's record; `parse` turns it back."""
        return {name: value for name, value in self._asdict().items() if value}

    @staticmethod
    def parse(given: Mapping[str, Any]) -> "Output":
        """From JSON or a query string. Raises BadParameter.

        columns: list or comma-separated names. pages: list, or text such as `1-3,7`.
        """
        if unknown := sorted(set(given) - set(Output._fields)):
            raise BadParameter(f"Unknown output choice {unknown[0]!r}. Choices: {', '.join(Output._fields)}.")
        size = given.get("page_size")
        pages = parse_pages(given.get("pages") or ())
        if size is not None and not 1 <= (size := _whole(size, "page_size")) <= LARGEST_PAGE:
            raise BadParameter(f"page_size must be at least 1 and at most {LARGEST_PAGE:,}.")
        if bool(pages) != (size is not None):
            raise BadParameter("pages and page_size go together: which pages, and how many rows a page has.")
        return Output(
            format=str(given.get("format") or "xlsx"),
            columns=_names(given.get("columns") or ()),
            labels=_labels(given.get("labels")),
            page_size=size,
            pages=pages,
            options=_mapping(given.get("options"), "options"),
        )


def _names(given: Any) -> tuple[str, ...]:
    names = given.split(",") if isinstance(given, str) else given
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise BadParameter(f"columns must be a list of names, not {given!r}.")
    return tuple(name.strip() for name in names if name.strip())


def _labels(given: Any) -> Mapping[str, str]:
    labels = _mapping(given, "labels")
    if wrong := [name for name, label in labels.items() if not isinstance(label, str)]:
        raise BadParameter(f"The label of {wrong[0]!r} must be text, not {labels[wrong[0]]!r}.")
    return labels


def _mapping(given: Any, what: str) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadParameter(f"{what} must be an object of names and values.")
    return dict(given)


def _whole(given: Any, what: str) -> int:
    try:
        return int(given)
    except (TypeError, ValueError, OverflowError):
        raise BadParameter(f"{what} must be a whole number, not {given!r}.") from None


def parse_pages(given: str | int | Sequence[Any]) -> tuple[int, ...]:
    """Page numbers in order, each once: `2`, `[1, 2]` or `"1-3,7"`. Raises BadParameter."""
    pieces = given.split(",") if isinstance(given, str) else given if isinstance(given, list | tuple) else [given]
    pages: set[int] = set()
    for piece in filter(None, map(str.strip, map(str, pieces))):
        match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", piece)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last or last - first >= MOST_PAGES:
            raise BadParameter(f"pages: {piece!r} is not a page or a range of at most {MOST_PAGES} pages, such as 1-3.")
        pages.update(range(first, last + 1))
        if len(pages) > MOST_PAGES:
            raise BadParameter(f"These are more pages than a file may have, {MOST_PAGES}. Take larger pages.")
    return tuple(sorted(pages))
