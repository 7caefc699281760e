"""Memory of a server and a worker that have nothing to do, as a control group counts it."""

from __future__ import annotations

import pytest

from benchmarks import installation
from benchmarks.box import MB
from benchmarks.group import Group, unavailable
from benchmarks.idle import SERVER, TOGETHER, WORKER, resident, resting

pytestmark = [
    pytest.mark.box,
    pytest.mark.skipif(unavailable() is not None, reason=f"no box here: {unavailable()}"),
    pytest.mark.skipif(installation.unavailable() is not None, reason=f"none here: {installation.unavailable()}"),
]


def test_of_a_clean_installation_that_nobody_has_read_all_that_is_charged_is_little() -> None:
    with Group("narrowboat-idle") as group, resting(group, installed=True) as server:
        assert resident(server.pid)[0] <= SERVER
        assert [resident(pid)[0] <= WORKER for pid in server.workers()] == [True]
        assert group.memory().charged <= TOGETHER * MB
