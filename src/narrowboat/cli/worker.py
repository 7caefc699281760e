"""`narrowboat worker`: processes that do the work of runs; a server's children, or alone on any machine."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from narrowboat import logs
from narrowboat.app import Narrowboat
from narrowboat.cli import target
from narrowboat.cli.outcome import say
from narrowboat.dispatch.channel import Channel
from narrowboat.dispatch.inline import Inline
from narrowboat.dispatch.liveness import alive
from narrowboat.dispatch.supervisor import Supervisor
from narrowboat.kernel.memory import Pressure, settle_in
from narrowboat.kernel.model import Lease
from narrowboat.kernel.runner import Moment

if TYPE_CHECKING:
    from narrowboat.notify.sending import Sender

log = logging.getLogger("narrowboat.worker")
SLICES = 500
"""Slices after which a child makes room for a fresh one."""
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
    add("--name", help=SUPPRESS)
    add("--channel", type=int, metavar="FD", help=SUPPRESS)


def run(arguments: Namespace) -> int:
    """See `parser.Command`."""
    nb = target.load(arguments.target)
    queues = tuple(arguments.queues.split(",")) if arguments.queues else every_queue(nb)
    nb.settings = nb.settings._replace(queues=queues)
    logs.configure(json=not sys.stderr.isatty())
    if arguments.channel is None:
        return _alone(nb, arguments)
    return _supervised(nb, arguments.name, Channel(socket.socket(fileno=arguments.channel)), arguments.slices)


def every_queue(nb: Narrowboat) -> tuple[str, ...]:
    """Those of the settings and those that jobs name: without dedicated workers nothing waits for ever."""
    return tuple(sorted({*nb.settings.queues, *(job.queue for job in nb.jobs.values())}))


def _supervised(nb: Narrowboat, name: str, channel: Channel, slices: int) -> int:
    """One child: works until its channel closes, it is told to stop, or it is time for a fresh one."""
    sender = nb.sender()
    runner = nb.runner(name, watch=_teller(channel, sender), stuck=_give_up)
    inline = Inline(
        lambda: nb.store.due(nb.settings.queues, limit=16), channel=channel, woken=runner.look, drained=runner.drain
    )
    inline.bind(_recycled(lambda run_id: runner.run_slice(run_id) is not None, inline, runner.pressure, slices))
    if sender:
        inline.every(1.0, sender.look)
    # Ctrl-C reaches every process of a terminal; the supervisor then tells its children in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A handler may interrupt the very locks that draining takes, so a thread does it.
    signal.signal(signal.SIGTERM, lambda number, frame: threading.Thread(target=inline.drain).start())
    for job in nb.jobs.values():
        job.warm()
    settle_in()
    with alive(nb.folder / "workers", name):
        threading.Thread(target=_say_alive, args=(channel,), name="alive", daemon=True).start()
        inline.run_worker(nb.settings.queues)
    if sender:
        sender.stop()
    nb.store.close()
    return 0


def _give_up(lease: Lease) -> None:
    """Nothing can stop a thread of Python but the end of its process; what it works on can be taken over, as ever."""
    log.warning(
        "its work was told to stop and does not, so this worker ends and another takes its place",
        extra={"run": lease.run.id, "job": lease.run.job, "worker": lease.worker},
    )
    os._exit(1)


def _say_alive(channel: Channel) -> None:
    """A worker that hangs as a whole stops saying so, and is replaced."""
    while True:
        channel.say("alive")
        time.sleep(1.0)


def _teller(channel: Channel, sender: Sender | None) -> Callable[[Moment], None]:
    """Tells the supervisor that something was committed, the log all that happens, and the sender of an end."""
    note = logs.watcher()

    def tell(moment: Moment) -> None:
        note(moment)
        if moment.point in ("committed", "released"):
            channel.say("moved", moment.lease.run.id)
        if sender and moment.run and moment.run.ended:
            sender.look()

    return tell


def _recycled(work: Callable[[str], bool], inline: Inline, pressure: Pressure, slices: int) -> Callable[[str], bool]:
    """`work`, and what it left cleared away; ends the worker after so many slices, or once it has grown too much.

    The runner ends its slice by itself, so no run is interrupted.
    """
    left = slices

    def run_slice(run_id: str) -> bool:
        nonlocal left
        worked = work(run_id)
        left -= worked
        if worked:
            gc.collect()  # a command looks for garbage too seldom for a process that stays
        if left <= 0 or pressure.grown():
            inline.drain()
        return worked

    return run_slice


def _alone(nb: Narrowboat, arguments: Namespace) -> int:
    """Supervise workers without a server, and look after the runs of dead ones."""
    # Not the server's lock: a server that starts later must not stand by while these serve other queues.
    lock = nb.folder / "supervisors" / f"{os.uname().nodename}-{os.getpid()}.lock"
    command = [sys.executable, "-m", "narrowboat", "worker", arguments.target]
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
