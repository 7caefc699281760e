"""Ranges and conditions of RFC 9110."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowboat.web import ranges
from narrowboat.web.ranges import Range, Span

TAG = '"run.0"'


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-0", Range(0, 0)),
        ("bytes=5-", Range(5)),
        ("bytes=-7", Range(suffix=7)),
        (" bytes=1-2 ", Range(1, 2)),
        ("bytes=2-1", None),
        ("bytes=1-2,4-5", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=+1-2", None),
        ("bytes=1-2x", None),
        ("items=1-2", None),
        ("bytes=٣-٤", None),
        ("", None),
        (None, None),
    ],
)
def test_one_range_is_understood_and_all_else_means_the_whole_file(header: str | None, found: Range | None) -> None:
    assert ranges.wanted(header, None, TAG) == found


@pytest.mark.parametrize(("if_range", "kept"), [(TAG, True), ('"run.1"', False), (f"W/{TAG}", False), ("", False)])
def test_a_range_of_another_file_is_ignored(if_range: str, kept: bool) -> None:
    assert (ranges.wanted("bytes=1-2", if_range, TAG) is not None) == kept


@pytest.mark.parametrize(
    ("found", "size", "span"),
    [
        (Range(0, 0), 10, Span(0, 1)),
        (Range(3), 10, Span(3, 10)),
        (Range(3, 99), 10, Span(3, 10)),
        (Range(10), 10, None),
        (Range(suffix=4), 10, Span(6, 10)),
        (Range(suffix=99), 10, Span(0, 10)),
        (Range(suffix=0), 10, None),
        (Range(suffix=5), 0, None),
        (Range(0), 0, None),
    ],
)
def test_a_range_is_cut_to_the_file(found: Range, size: int, span: Span | None) -> None:
    assert ranges.within(found, size) == span


@given(first=st.integers(0, 40), last=st.none() | st.integers(0, 40), size=st.integers(0, 30))
def test_a_span_is_never_empty_and_always_inside(first: int, last: int | None, size: int) -> None:
    found = ranges.wanted(f"bytes={first}-{'' if last is None else last}", None, TAG)
    span = found and ranges.within(found, size)
    assert span is None or 0 <= span.begin < span.end <= size


@pytest.mark.parametrize(
    ("header", "known"),
    [(None, False), (TAG, True), (f'"x", {TAG}', True), (f"W/{TAG}", True), ("*", True), ('"x"', False)],
)
def test_a_copy_is_known_by_its_etag(header: str | None, known: bool) -> None:
    assert ranges.has_it(header, TAG) is known


@pytest.mark.parametrize(
    ("tag", "found"),
    [('"abc.3"', ("abc", 3)), ('"abc"', None), ('W/"abc.3"', None), ('"a b.3"', None), (None, None), ('"a.3.7"', None)],
)
def test_an_etag_leads_back_to_its_run(tag: str | None, found: tuple[str, int] | None) -> None:
    assert ranges.run_of(tag) == found
