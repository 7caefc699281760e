"""The progress bar: what it says, how wide it is, and when it keeps silent."""

import io
from typing import Any

import pytest

from narrowboat.cli.progress import Done, Progress, clock, line

HALF = Done(16_000, 32_000)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError


def show(done: Done, *, seconds: float = 2.0, width: int = 120) -> str:
    return line("leads.xlsx", done, seconds=seconds, memory=24 << 20, width=width)


def test_a_line_tells_share_rows_rate_time_left_and_memory() -> None:
    assert show(HALF).startswith("leads.xlsx  ███████████████               ")
    for part in (" 50%", "16,000 of 32,000 rows", "8,000/s", "0:02 left", "24 MB"):
        assert part in show(HALF)


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert len(show(HALF, width=width)) <= width


def test_a_narrow_terminal_keeps_the_rows_and_drops_the_rest() -> None:
    assert show(HALF, width=42) == "leads.xlsx   50%  16,000 of 32,000 rows"


def test_without_a_total_nothing_is_pretended() -> None:
    assert show(Done(16_000, None)) == "leads.xlsx  16,000 rows  8,000/s  24 MB"


def test_an_estimated_total_says_so() -> None:
    assert "16,000 of ~32,000 rows" in show(Done(16_000, 32_000, estimated=True))


def test_more_rows_than_the_total_is_still_a_whole() -> None:
    assert "100%" in show(Done(40_000, 32_000))


def test_an_empty_table_has_no_share() -> None:
    assert "%" not in show(Done(0, 0))


def test_the_rate_of_a_resumed_run_counts_only_what_was_done_since() -> None:
    assert "1,000/s" in show(Done(18_000, 32_000, before=16_000))


@pytest.mark.parametrize(("rows", "shown"), [(5, "0:05"), (65, "1:05"), (3_700, "1:01:40"), (-4, "0:00")])
def test_time_left(rows: int, shown: str) -> None:
    assert clock(rows, 1.0) == shown


def drawn(stream: Any, moments: list[float]) -> str:
    """What a bar writes that is told to draw at these moments."""
    shows = [0.0]
    progress = Progress("leads.xlsx", stream, now=lambda: shows[-1])
    progress.update(HALF)
    for moment in moments:
        shows.append(moment)
        progress.draw()
    progress.clear()
    return str(stream.getvalue())


def test_it_is_drawn_at_most_ten_times_a_second() -> None:
    assert drawn(Terminal(), [0.05, 0.15, 0.2, 0.3]).count("leads.xlsx") == 2, "at 0.15 and 0.3"


def test_the_line_is_gone_when_the_work_is_done() -> None:
    assert drawn(Terminal(), [1.0]).endswith("\r\x1b[K")


def test_it_is_silent_where_nobody_looks() -> None:
    assert drawn(io.StringIO(), [1.0, 2.0]) == ""
