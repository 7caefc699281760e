"""Memory: what this process holds, and when that is too much."""

import gc
from pathlib import Path

import pytest

from narrowboat.kernel.memory import UNLIMITED, Group, Pressure, peak, resident, settle_in


def test_resident_memory_grows_with_what_the_process_holds() -> None:
    before = resident()
    ballast = bytearray(64 << 20)
    ballast[::4096] = b"x" * len(ballast[::4096])
    assert resident() - before > 48 << 20


def test_what_a_process_that_stays_has_loaded_is_no_more_looked_through() -> None:
    before = gc.get_freeze_count()
    try:
        settle_in()
        assert gc.get_freeze_count() > before + 1000
        assert len(gc.get_objects()) < 1000
    finally:
        gc.unfreeze()


def test_the_mark_of_a_process_is_noticed() -> None:
    assert Pressure(mark=1).over_mark()
    assert Pressure(mark=1).high()
    assert not Pressure(mark=1 << 50).over_mark()
    assert not Pressure().over_mark()


@pytest.mark.parametrize(("limit", "more"), [(UNLIMITED, 256 << 20), (128 << 20, 64 << 20)])
def test_a_process_without_a_mark_may_grow_and_in_a_small_group_less(tmp_path: Path, limit: int, more: int) -> None:
    group = Group(system(tmp_path, {**V2, "sys/fs/cgroup/box/memory.max": f"{limit}\n"}))
    pressure = Pressure(group=group)
    room = more - (32 << 20)
    ballast = bytearray(b"x") * room
    assert not pressure.grown(), "it holds less than it may"
    ballast *= 2
    assert pressure.grown()
    assert not pressure.over_mark(), "its slice goes on to its end"


def test_a_process_with_a_mark_has_grown_when_it_is_over_it() -> None:
    assert Pressure(mark=1).grown()
    assert not Pressure(mark=1 << 50).grown()


def test_this_machines_group_tells_a_working_set_below_its_limit() -> None:
    group = Group()
    assert 0 <= group.working_set() < group.limit()


def test_a_process_that_is_not_there_holds_nothing() -> None:
    assert (resident(2**22 + 1), peak(2**22 + 1)) == (0, 0)
    assert peak() >= resident() > 0


V1 = {
    "proc/self/cgroup": "5:memory:/box\n4:cpu,cpuacct:/\n",
    "sys/fs/cgroup/memory/box/memory.limit_in_bytes": "268435456\n",
    "sys/fs/cgroup/memory/box/memory.usage_in_bytes": "240000000\n",
    "sys/fs/cgroup/memory/box/memory.stat": "cache 5\ninactive_file 1\ntotal_inactive_file 40000000\n",
}
V2 = {
    "proc/self/cgroup": "0::/box\n",
    "sys/fs/cgroup/cgroup.controllers": "memory cpu\n",
    "sys/fs/cgroup/box/memory.max": "268435456\n",
    "sys/fs/cgroup/box/memory.current": "240000000\n",
    "sys/fs/cgroup/box/memory.stat": "anon 5\ninactive_file 40000000\n",
}
CONTAINER = {
    "proc/self/cgroup": "5:memory:/docker/0123\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "268435456\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "240000000\n",
    "sys/fs/cgroup/memory/memory.stat": "total_inactive_file 40000000\n",
}
NO_PROC = {name: text for name, text in CONTAINER.items() if not name.startswith("proc")}


@pytest.mark.parametrize("files", [V1, V2, CONTAINER, NO_PROC], ids=["v1", "v2", "container", "no proc"])
def test_both_versions_of_control_groups_are_understood(tmp_path: Path, files: dict[str, str]) -> None:
    group = Group(system(tmp_path, files))
    assert (group.limit(), group.working_set()) == (268435456, 200000000)
    assert not Pressure(group=group).high(), "page cache that is not in use is no reason"
    usage = next(name for name in files if name.endswith(("usage_in_bytes", "current")))
    system(tmp_path, {usage: "270000000\n"})
    assert Pressure(group=group).high()


def test_a_group_without_a_limit_is_never_pressed(tmp_path: Path) -> None:
    group = Group(system(tmp_path, {**V2, "sys/fs/cgroup/box/memory.max": "max\n"}))
    assert group.limit() == UNLIMITED
    assert not Pressure(group=group).high()


def test_a_system_that_tells_nothing_sets_no_limit(tmp_path: Path) -> None:
    group = Group(tmp_path)
    assert (group.limit(), group.working_set()) == (UNLIMITED, 0)


def system(root: Path, files: dict[str, str]) -> Path:
    """A root with these files in it."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root
