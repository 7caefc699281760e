"""Memory: what this process holds, and when that is too much."""

from narrowboat.kernel.memory import Group, Pressure, resident


def test_resident_memory_grows_with_what_the_process_holds() -> None:
    before = resident()
    ballast = bytearray(64 << 20)
    ballast[::4096] = b"x" * len(ballast[::4096])
    assert resident() - before > 48 << 20


def test_the_mark_of_a_process_is_noticed() -> None:
    assert Pressure(mark=1).over_mark()
    assert Pressure(mark=1).high()
    assert not Pressure(mark=1 << 50).over_mark()
    assert not Pressure().over_mark()


def test_the_group_has_a_limit_and_a_working_set_below_it() -> None:
    group = Group()
    assert 0 <= group.working_set() < group.limit()
