"""A reading that others stop."""

from __future__ import annotations

import threading

from narrowboat.data.source import Reader, Source


class Reading(threading.Thread):
    """Opens and reads to the end in a thread of its own, and keeps what it ended with."""

    def __init__(self, source: Source) -> None:
        super().__init__(daemon=True)
        self._source = source
        self.error: Exception | None = None
        self.reader: Reader | None = None
        self.start()

    def run(self) -> None:
        self.reader = reader = self._source.open(after=None, rows=10, raw_text=False)
        try:
            list(reader.blocks())
        except Exception as error:
            self.error = error
        finally:
            reader.close()
