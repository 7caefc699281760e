"""Run one process and say what it used."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.places import environment

LAUNCHER = Path(__file__).with_name("rusage.py")


class Usage(NamedTuple):
    """What a process and those it waited for used, as the kernel counted it."""

    cpu: float
    """Seconds, user and system."""
    peak_mb: float
    """Largest resident set of any one of them."""
    wall: float
    """Seconds."""
    status: int
    """Exit status; negative: the signal that ended it."""


def run(command: Sequence[str | Path], *, log: Path) -> Usage:
    """Run `command` to its end; what it prints goes to `log`.

    A process begins with the peak of the one that started it. So a bare interpreter, which is smaller than
    anything measured here, starts it.
    """
    launch = [sys.executable, "-I", "-S", LAUNCHER, log, *command]
    done = subprocess.run(launch, check=True, capture_output=True, text=True, env=environment())
    return Usage(**json.loads(done.stdout))
