"""Sender: delivers what the outbox holds, in worker processes, beside the work and never in its way."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from narrowboat.errors import NarrowboatError, NotDelivered
from narrowboat.kernel.outbox import Notice, Outbox
from narrowboat.notify.channel import Channel, Message

log = logging.getLogger("narrowboat.notices")

LEASE = 120.0
"""Seconds for which a claimed notice is left to one sender: more than `connection.WHOLE` with what comes before it."""
FIRST, LONGEST, WINDOW = 5.0, 3600.0, 86400.0
"""Seconds to the second try, doubled for each that follows, to the longest pause; and after which it is given up."""
FEWEST = 5
"""Tries before it is given up: the workers may have been away for days."""


class Sender:
    """One for each worker process. A channel that is slow or away keeps no other one waiting: each has its own thread.

    write: makes the message of a notice for a channel. It may raise NarrowboatError.
    """

    def __init__(
        self, outbox: Outbox, channels: Mapping[str, Channel], write: Callable[[Notice, Channel], Message]
    ) -> None:
        self._outbox, self._channels, self._write = outbox, channels, write
        self._busy: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._stopped = False

    def look(self) -> None:
        """Begin to send what is due, and return. From any thread, as often as you like."""
        try:
            for channel in self._outbox.due():
                self._begin(channel)
        except NarrowboatError as error:  # the store is away; the next look tries again
            log.debug("notices wait: %s", error)

    def send_now(self) -> None:
        """Send all that is due, on this thread; of a channel that fails, what comes before the failure."""
        for channel in self._outbox.due():
            self._send_all(channel)

    def stop(self, seconds: float = 5.0) -> None:
        """Begin no more, and wait for what is being sent. What is not done by then is sent again by another worker."""
        with self._lock:
            self._stopped = True
            threads = list(self._busy.values())
        end = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _begin(self, channel: str) -> None:
        with self._lock:
            if self._stopped or channel in self._busy:
                return
            thread = threading.Thread(target=self._work, args=(channel,), name=f"notices-{channel}", daemon=True)
            self._busy[channel] = thread
            thread.start()

    def _work(self, channel: str) -> None:
        try:
            self._send_all(channel)
        except NarrowboatError as error:
            log.warning("notices of channel %s wait: %s", channel, error)
        finally:
            with self._lock:
                del self._busy[channel]

    def _send_all(self, channel: str) -> None:
        """One after the other, until there are no more or one fails: then the next look goes on, a moment later."""
        while not self._stopped and (notice := self._outbox.claim(channel, seconds=LEASE)):
            if not self._send(notice):
                return

    def _send(self, notice: Notice) -> bool:
        """Whether it was delivered."""
        about = {"run": notice.run, "channel": notice.channel, "tries": notice.tries}
        try:
            self._deliver(notice)
        except Exception as error:
            reason, again_in = _told(error), pause(notice, error)
            self._outbox.failed(notice, reason, again_in=again_in)
            text = "notice given up" if again_in is None else "notice not delivered; it is tried again"
            log.warning(text, extra={**about, "error": reason}, exc_info=not isinstance(error, NarrowboatError))
            return False
        self._outbox.sent(notice)
        log.info("notice sent", extra=about)
        return True

    def _deliver(self, notice: Notice) -> None:
        channel = self._channels.get(notice.channel)
        if channel is None:
            raise NotDelivered(f"This worker knows no channel {notice.channel!r}.")
        channel.deliver(self._write(notice, channel), notice.recipient)


def pause(notice: Notice, error: Exception) -> float | None:
    """Seconds to the next try, with a fifth of chance, so that many do not come back at once; None gives up."""
    import random

    if isinstance(error, NotDelivered) and error.final:
        return None
    seconds = min(FIRST * 2.0 ** min(notice.tries - 1, 20), LONGEST) * random.uniform(0.8, 1.0)  # noqa: S311
    if isinstance(error, NotDelivered):
        seconds = max(seconds, error.retry_after)
    over = notice.waited + seconds > WINDOW and notice.tries >= FEWEST
    return None if over or seconds > WINDOW else seconds


def _told(error: Exception) -> str:
    """For the record. What is none of ours may say anything, credentials too: its name must do."""
    return str(error) if isinstance(error, NarrowboatError) else f"{type(error).__name__}; the worker's log has more."
