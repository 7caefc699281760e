"""A worker process: one slice of the run named on the command line, known as alive while it lasts."""

from __future__ import annotations

import os
import sys

from narrowboat.dispatch.liveness import alive
from tests.sinks.jobs import nb

worker = f"w{os.getpid()}"
with alive(nb.folder / "workers", worker):
    nb.runner(worker).run_slice(sys.argv[1])
