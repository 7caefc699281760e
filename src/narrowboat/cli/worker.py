"""`narrowboat worker`: processes that do the work of runs; a server's children, or alone on any machine."""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from types import FrameType

from narrowboat.app import Narrowboat
from narrowboat.cli import target
from narrowboat.cli.child import SLICES, loaded
from narrowboat.cli.outcome import say
from narrowboat.dispatch.supervisor import Supervisor

EXAMPLES = """\
examples:
  narrowboat worker jobs:nb                            one worker for every queue the jobs name
  narrowboat worker jobs:nb --concurrency 4            four, each a process of its own
  narrowboat worker jobs:nb --queues big               only what waits in the queue `big`

A server has its own workers; run these beside it for more, or on other machines that reach the same PostgreSQL and
the same folder of files. SIGTERM or Ctrl-C: each worker finishes its chunk, and its run goes on elsewhere.
"""


def arguments(parser: ArgumentParser) -> None:
    """See `parser.Command`."""
    parser.description = "Run workers until told to stop."
    parser.epilog = EXAMPLES
    parser.add_argument("target", metavar="TARGET", help=target.HELP)
    declare(parser)


def declare(parser: ArgumentParser) -> None:
    """What it takes beside the target."""
    add = parser.add_argument
    add("--queues", metavar="A,B", help="only these queues; else all that the jobs name")
    add("--concurrency", type=int, default=1, metavar="N", help="worker processes (1)")
    add("--slices", type=int, default=SLICES, metavar="N", help=f"slices until a worker is replaced ({SLICES})")


def run(arguments: Namespace) -> int:
    """See `parser.Command`."""
    return _supervise(loaded(arguments.target, arguments.queues), arguments)


def _supervise(nb: Narrowboat, arguments: Namespace) -> int:
    """Keep workers alive without a server, and look after the runs of dead ones."""
    # Not the server's lock: a server that starts later must not stand by while these serve other queues.
    lock = nb.folder / "supervisors" / f"{os.uname().nodename}-{os.getpid()}.lock"
    command = [sys.executable, "-m", "narrowboat.cli.child", arguments.target]
    command += ["--queues", ",".join(nb.settings.queues), "--slices", str(arguments.slices)]
    care = nb.care()
    supervisor = Supervisor(command, count=arguments.concurrency, lock=lock, moved=lambda run_id: None, care=care)
    wait = told_to_stop()
    supervisor.start()
    say(f"{arguments.concurrency} worker(s) for {', '.join(nb.settings.queues)}; Ctrl-C stops.")
    wait()
    say("Stopping: each worker finishes its chunk.")
    supervisor.stop()
    return 0


def told_to_stop() -> Callable[[], None]:
    """From now on SIGINT and SIGTERM are kept for the function returned, which waits for the first."""
    ear, mouth = os.pipe()

    def hear(number: int, frame: FrameType | None) -> None:
        os.write(mouth, b"!")

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hear)

    def wait() -> None:
        os.read(ear, 1)

    return wait
