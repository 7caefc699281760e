"""Hearing that the process is told to stop, beside who heard it before."""

from __future__ import annotations

import signal
import threading

from narrowboat.web.drain import on_stop


def test_both_hear_the_signal_and_afterwards_only_the_first() -> None:
    heard: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("server"))
    try:
        with on_stop(lambda: heard.append("streams")):
            signal.raise_signal(signal.SIGTERM)
            assert heard == ["streams", "server"]
        signal.raise_signal(signal.SIGTERM)
        assert heard == ["streams", "server", "server"]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_signal_that_nobody_handles_stays_unhandled() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with on_stop(lambda: None):
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_outside_the_main_thread_nothing_is_changed() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def inside() -> None:
        with on_stop(lambda: None):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [before]
