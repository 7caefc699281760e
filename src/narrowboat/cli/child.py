"""`python -m narrowboat.cli.child TARGET OPTION VALUE …`: one worker, as a supervisor starts it.

Only supervisors write its command line, so it has no parser: argparse and what that loads would be a megabyte and more
in every worker, for as long as it lives.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from narrowboat import logs
from narrowboat.app import Narrowboat
from narrowboat.cli import ended, process, target
from narrowboat.dispatch.channel import Channel
from narrowboat.dispatch.inline import Inline
from narrowboat.dispatch.liveness import alive
from narrowboat.kernel.memory import Pressure, settle_in
from narrowboat.kernel.model import Lease
from narrowboat.kernel.page_cache import give_back_later, libraries
from narrowboat.kernel.runner import Moment

if TYPE_CHECKING:
    from narrowboat.notify.sending import Sender

log = logging.getLogger("narrowboat.worker")
SLICES = 500
"""Slices after which a child makes room for a fresh one."""


def run(place: str, options: Mapping[str, str]) -> int:
    """Work until the channel closes, it is told to stop, or it is time for a fresh one. The exit status."""
    nb = loaded(place, options.get("--queues"))
    channel = Channel(socket.socket(fileno=int(options["--channel"])))
    return _supervised(nb, options["--name"], channel, int(options.get("--slices", SLICES)))


def loaded(place: str, queues: str | None) -> Narrowboat:
    """The target, with its log, for work on these queues.

    By default on those of its settings and those that jobs name: without dedicated workers nothing waits for ever.
    """
    nb = target.load(place)
    every = {*nb.settings.queues, *(job.queue for job in nb.jobs.values())}
    nb.settings = nb.settings._replace(queues=tuple(queues.split(",") if queues else sorted(every)))
    logs.configure(json=not sys.stderr.isatty())
    return nb


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
    give_back_later(libraries)
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


def main() -> int:
    """As `cli.main`, of this one."""
    _, place, *options = sys.argv
    return ended(lambda: run(place, dict(zip(options[::2], options[1::2], strict=True))))


if __name__ == "__main__":
    sys.exit(process(main))
