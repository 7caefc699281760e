"""The bell: words between processes of one host."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest

from narrowboat.dispatch.bell import Bell


@pytest.mark.parametrize("folder", ["near", "f" * 60 + "/" + "g" * 60])
def test_a_word_reaches_who_listens_however_long_the_path_is(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    place.mkdir(parents=True)
    words: queue.Queue[tuple[str, str]] = queue.Queue()
    with Bell.of(place / "supervisor.lock").heard(lambda word, run_id: words.put((word, run_id))):
        Bell.of(place / "supervisor.lock").ring("wake", "run-1")
        Bell.of(place / "supervisor.lock").ring("hint")
        assert [words.get(timeout=5), words.get(timeout=5)] == [("wake", "run-1"), ("hint", "")]


def test_a_word_that_nobody_hears_is_lost_without_harm(tmp_path: Path) -> None:
    bell = Bell.of(tmp_path / "supervisor.lock")
    bell.ring("hint")
    with bell.heard(lambda word, run_id: None):
        pass
    bell.ring("hint")  # the socket's file is still there


def test_who_listens_next_is_heard_in_place_of_who_died(tmp_path: Path) -> None:
    bell, words = Bell.of(tmp_path / "supervisor.lock"), queue.Queue[str]()
    with bell.heard(lambda word, run_id: None):
        pass
    with bell.heard(lambda word, run_id: words.put(word)):
        bell.ring("hint")
        assert words.get(timeout=5) == "hint"
