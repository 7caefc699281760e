"""Pace: small first, then towards the target, smaller under pressure."""

from narrowboat.kernel.pace import Pace


def test_the_first_chunk_is_one_block() -> None:
    assert Pace(0.5).blocks == 1


def test_fast_chunks_grow_by_steps_until_they_fill_the_target() -> None:
    pace = Pace(0.5)
    sizes = []
    for _ in range(6):
        pace.took(pace.blocks * 0.01, pressed=False)
        sizes.append(pace.blocks)
    assert sizes == [4, 16, 50, 50, 50, 50]


def test_a_slow_chunk_shrinks_the_next_one_at_once() -> None:
    pace = Pace(0.5)
    pace.blocks = 50
    pace.took(5.0, pressed=False)
    assert pace.blocks == 5


def test_memory_pressure_halves_down_to_one_block() -> None:
    pace = Pace(0.5)
    pace.blocks = 5
    seen = []
    for _ in range(4):
        pace.took(0.0001, pressed=True)
        seen.append(pace.blocks)
    assert seen == [2, 1, 1, 1]
