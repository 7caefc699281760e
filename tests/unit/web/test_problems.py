"""Every error has a status, a title and an entry in the docs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from narrowboat import errors
from narrowboat.errors import NarrowboatError
from narrowboat.web import problems

PAGE = Path(__file__).parents[3] / "docs/reference/errors.md"


def classes() -> Iterator[type[NarrowboatError]]:
    for _, found in inspect.getmembers(errors, inspect.isclass):
        if issubclass(found, NarrowboatError):
            yield found


def entries() -> dict[str, str]:
    """The sections of the page by code."""
    parts = re.split(r"^### `([a-z-]+)`\n", PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_error_class_has_its_status() -> None:
    assert set(problems.KINDS) == set(classes())


def test_every_code_belongs_to_one_class() -> None:
    codes = [cls.code for cls in classes()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("cls", list(classes()))
def test_every_error_is_in_the_docs_with_its_status(cls: type[NarrowboatError]) -> None:
    kind, entry = problems.KINDS[cls], entries()[cls.code]
    assert f"HTTP {kind.status}" in entry
    assert (", private" in entry) == (errors.outside(cls.code) is not None)
    assert (", quotes rows" in entry) == cls.quotes


@pytest.mark.parametrize(("status", "code"), sorted(problems.HTTP_CODES.items()))
def test_what_http_itself_refuses_is_in_the_docs(status: int, code: str) -> None:
    assert f"HTTP {status}" in entries()[code]


def test_the_docs_know_no_code_that_is_not_there() -> None:
    assert set(entries()) == {cls.code for cls in classes()} | set(problems.HTTP_CODES.values())


def test_private_messages_are_told_to_insiders_alone() -> None:
    assert problems.told("job-failed", "secret", insider=True) == "secret"
    assert "secret" not in problems.told("job-failed", "secret", insider=False)
    assert problems.told("bad-parameter", "page 0", insider=False) == "page 0"
    assert "secret" not in problems.told("a-code-of-tomorrow", "secret", insider=False)
