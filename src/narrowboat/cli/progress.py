"""A progress bar for a terminal: rows, share, rate, time left, memory. Silent anywhere else."""

import os
import time
from collections.abc import Callable
from typing import NamedTuple, TextIO

from narrowboat.kernel.memory import resident

INTERVAL = 0.1
"""Seconds between two drawings, at least."""
PIECES = " ▏▎▍▌▋▊▉█"
WIDEST_BAR, NARROWEST_BAR = 30, 6


class Done(NamedTuple):
    """How far a run is. `before`: rows that were already there when this process began."""

    rows: int
    total: int | None
    estimated: bool = False
    before: int = 0


def line(title: str, done: Done, *, seconds: float, memory: int, width: int) -> str:
    """One line of at most `width` characters; what does not fit is left out, the least important first.

    seconds: since this process began to work. memory: bytes.
    """
    rate = (done.rows - done.before) / seconds if seconds > 0 else 0.0
    total = f" of {'~' if done.estimated else ''}{done.total:,}" if done.total is not None else ""
    share = min(done.rows / done.total, 1.0) if done.total else None
    essential = f"{done.rows:,}{total} rows"
    optional = [f"{rate:,.0f}/s"] if rate >= 1 else []
    if share is not None:
        essential = f"{share:4.0%}  {essential}"
        optional += [f"{clock((done.total or 0) - done.rows, rate)} left"] if rate >= 1 else []
    optional += [f"{memory / 2**20:.0f} MB"] if memory else []
    text = f"{title}  {essential}"
    for part in optional:
        text = f"{text}  {part}" if len(text) + len(part) + 2 <= width else text
    return _with_bar(title, text, share, width)[:width]


def clock(rows: float, rate: float) -> str:
    """The time that so many rows take, as `m:ss` or `h:mm:ss`."""
    seconds = int(max(rows, 0) / rate + 0.5)
    minutes, hours = seconds // 60, seconds // 3600
    return f"{hours}:{minutes % 60:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"


def _with_bar(title: str, text: str, share: float | None, width: int) -> str:
    room = min(width - len(text) - 2, WIDEST_BAR)
    if share is None or room < NARROWEST_BAR:
        return text
    eighths = int(share * room * 8)
    bar = ("█" * (eighths // 8) + PIECES[eighths % 8])[:room].ljust(room)
    return f"{title}  {bar}{text[len(title) :]}"


class Progress:
    """Draws on a terminal. `update` from the thread that works, `draw` and `clear` from the one that waits."""

    def __init__(
        self,
        title: str,
        stream: TextIO,
        *,
        shown: bool = True,
        memory: Callable[[], int] = resident,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title, self._stream, self._memory, self._now = title, stream, memory, now
        self._began = self._drawn = now()
        self.done = Done(0, None)
        self.shown = shown and stream.isatty()

    def update(self, done: Done) -> None:
        """Remember how far it is; nothing is written here."""
        self.done = done

    def draw(self) -> None:
        """Show where it stands, unless that was just done."""
        if not self.shown or self._now() - self._drawn < INTERVAL:
            return
        self._drawn = self._now()
        seconds = self._drawn - self._began
        self._put(line(self._title, self.done, seconds=seconds, memory=self._memory(), width=self._width()))

    def clear(self) -> None:
        """Take the line away, for what is printed next."""
        if self.shown:
            self._put("")

    def _put(self, text: str) -> None:
        self._stream.write(f"\r{text}\x1b[K")
        self._stream.flush()

    def _width(self) -> int:
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except OSError:
            columns = 0
        # One column less: a full line would wrap on some terminals. Some say that they have none.
        return (columns or 80) - 1
