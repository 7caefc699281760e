"""Supervisor: keeps the worker children of one machine alive, from a thread of the server.

With several server processes exactly one supervises: who holds the lock; the others stand by, and ring its bell.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from narrowboat.dispatch.bell import Bell
from narrowboat.dispatch.channel import Channel
from narrowboat.dispatch.liveness import try_lock

log = logging.getLogger("narrowboat.supervisor")

SOON = 5.0
"""Seconds within which a child that cannot start fails; any other that ends is replaced at once."""
SILENT_LOOKS = 60
"""Looks, a tenth of a second apart, after which a child that says nothing is hung, and killed for a fresh one.
Looks and not seconds: a supervisor that was itself asleep heard nothing either."""
LONGEST_PAUSE = 10.0
"""Seconds between two attempts to start a child that cannot."""


class Child:
    """One worker process and the line to it. Raises OSError or RuntimeError where the system has none for us."""

    def __init__(self, command: Sequence[str], moved: Callable[[str], None], started: threading.Event) -> None:
        self.name = f"{os.uname().nodename}-{secrets.token_hex(4)}"
        self.channel, theirs = Channel.pair()
        try:
            with theirs:
                self.process = subprocess.Popen(  # noqa: S603  # our own interpreter and arguments
                    [*command, "--name", self.name, "--channel", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                )
        except OSError:
            self.channel.close()
            raise
        self._moved, self._started = moved, started
        self.silent: int | None = None
        """Looks since it was last heard; None until it is heard first, since starting may take long."""
        self._born, self._worked = time.monotonic(), False
        try:
            threading.Thread(target=self._listen, name=f"listen-{self.name}", daemon=True).start()
        except RuntimeError:  # the system has no thread for us
            self.channel.close()
            self.process.kill()
            self.process.wait()
            raise

    def _listen(self) -> None:
        for word, run_id in self.channel.hear():
            self.silent = 0
            self._started.set()
            if word == "moved":
                self._worked = True
                self._moved(run_id)

    @property
    def could_not_start(self) -> bool:
        """Of one that ended: it failed soon, before it had committed anything."""
        return bool(self.process.returncode) and not self._worked and time.monotonic() - self._born < SOON


class Supervisor:
    """Starts `count` children with `command`, replaces those that end, tells them of work.

    care: called every `care_every` seconds and whenever a child ended: reconciling, purging.
    moved: called, from a thread, with the run that a child committed something of.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        count: int,
        lock: Path,
        moved: Callable[[str], None],
        care: Callable[[], None],
        care_every: float = 1.0,
        grace: float = 8.0,
    ) -> None:
        self._command, self._count, self._lock = command, count, lock
        self._moved, self._care, self._care_every, self._grace = moved, care, care_every, grace
        self._bell = Bell.of(lock)
        self._children: list[Child] = []
        self._pause, self._start_at = 0.0, 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self.supervising = threading.Event()
        self.settled = threading.Event()
        """A child is at work, or none will be soon: it cannot start, or another process supervises."""
        self.died = 0
        """Children that did not end by themselves, or failed."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the children finish their chunk, end those that do not within the grace, and return."""
        self._stop.set()
        self._thread.join()

    def hint(self) -> None:
        """There is work: whoever is idle looks."""
        self._say("hint", "")

    def wake(self, run_id: str) -> None:
        """Somebody asked something of this run."""
        self._say("wake", run_id)

    def _say(self, word: str, run_id: str) -> None:
        if not self.supervising.is_set():
            self._bell.ring(word, run_id)
        for child in list(self._children):
            child.channel.say(word, run_id)

    def health(self) -> dict[str, Any]:
        """Children alive, and whether this process supervises."""
        alive = [child.process.pid for child in self._children if child.process.poll() is None]
        return {"supervising": self.supervising.is_set(), "workers": alive, "died": self.died}

    def _supervise(self) -> None:
        handle = self._elected()
        if handle is None:
            return
        self.supervising.set()
        try:
            with self._bell.heard(self._say):
                self._watch()
        finally:
            self._end_children()
            os.close(handle)

    def _elected(self) -> int | None:
        """The lock's handle once it is ours; None if told to stop before."""
        while (handle := try_lock(self._lock)) is None:
            self.settled.set()
            if self._stop.wait(1.0):
                return None
        return handle

    def _watch(self) -> None:
        cared = 0.0
        while not self._stop.is_set():
            ended = [child for child in self._children if child.process.poll() is not None]
            for child in ended:
                self._reap(child)
            self._kill_hung()
            self._replace()
            if ended or time.monotonic() - cared >= self._care_every:
                self._take_care()
                cared = time.monotonic()
            self._wait()

    def _kill_hung(self) -> None:
        for child in self._children:
            if child.silent is None:
                continue
            child.silent += 1
            if child.silent == SILENT_LOOKS:
                log.warning("worker hangs and is replaced", extra={"worker": child.name})
                child.process.kill()

    def _reap(self, child: Child) -> None:
        status = child.process.returncode
        self.died += bool(status)
        log.log(
            logging.WARNING if status else logging.INFO, "worker ended", extra={"worker": child.name, "status": status}
        )
        child.channel.close()
        self._children.remove(child)
        if child.could_not_start:
            self._pause_before_next()
        else:
            self._pause = 0.0

    def _replace(self) -> None:
        while len(self._children) < self._count and time.monotonic() >= self._start_at:
            try:
                self._children.append(Child(self._command, self._moved, self.settled))
            except (OSError, RuntimeError):
                log.exception("no worker can be started now; it is tried again")
                self._pause_before_next()

    def _pause_before_next(self) -> None:
        """A child that cannot start is not started again and again at once. Meanwhile runs are looked after."""
        self._pause = min(max(0.1, 2 * self._pause), LONGEST_PAUSE)
        self._start_at = time.monotonic() + self._pause
        self.settled.set()

    def _wait(self) -> None:
        """Until a child ends, a moment passed, or we are told to stop."""
        self._stop.wait(0.1)

    def _take_care(self) -> None:
        try:
            self._care()
        except Exception:
            log.exception("care failed; it is tried again")

    def _end_children(self) -> None:
        for child in self._children:
            child.channel.close()
            child.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + self._grace
        for child in self._children:
            try:
                child.process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
