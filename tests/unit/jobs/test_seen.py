"""Which row of the file had a key first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from narrowboat.jobs.seen import FEW, Seen

SIZES = [10, FEW, FEW + 1]
"""Keys that stay in memory, as many as can, and more than can."""


@contextmanager
def opened(folder: Path, fence: int, *fences: list[int]) -> Iterator[Seen]:
    seen = Seen(folder, fence, fences)
    yield seen
    seen.close()


def keys(first: int, count: int) -> dict[str, int]:
    return {f"0\x1fÀ{row}": row for row in range(first, first + count)}


@pytest.mark.parametrize("size", SIZES)
def test_a_key_is_known_by_the_row_that_had_it(tmp_path: Path, size: int) -> None:
    with opened(tmp_path, 1) as seen:
        seen.add(keys(2, size - 5))
        seen.add(keys(size - 3, 5))
        assert seen.rows(["0\x1fÀ2", f"0\x1fÀ{size + 1}", "0\x1fÀ1", f"0\x1fÀ{size + 2}"]) == {
            "0\x1fÀ2": 2,
            f"0\x1fÀ{size + 1}": size + 1,
        }


@pytest.mark.parametrize("size", SIZES)
def test_who_takes_over_knows_what_was_committed_and_no_more(tmp_path: Path, size: int) -> None:
    with opened(tmp_path, 1) as seen:
        seen.add(keys(2, size))
        seen.add(keys(size + 2, 3))  # killed before it was committed
    with opened(tmp_path, 2, [1, size + 1]) as seen:
        known = seen.rows(keys(2, size + 5))
        assert (len(known), max(known.values())) == (size, size + 1)
        seen.add({f"0\x1fÀ{size + 2}": size + 4})
        assert seen.rows([f"0\x1fÀ{size + 2}", f"0\x1fÀ{size + 3}"]) == {f"0\x1fÀ{size + 2}": size + 4}


@pytest.mark.parametrize("size", SIZES)
def test_what_was_never_committed_is_forgotten(tmp_path: Path, size: int) -> None:
    with opened(tmp_path, 1) as seen:
        seen.add(keys(2, size))
    with opened(tmp_path, 2) as seen:
        seen.add(keys(2, 1))
        assert seen.rows(keys(2, 2)) == keys(2, 1)
        seen.add(keys(FEW + 9, FEW))
        assert seen.rows(keys(2, 2)) == keys(2, 1)
