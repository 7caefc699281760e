"""Settling: how a chunk in a target and its record in the store become one, wherever the two are.

In the store's own database one transaction holds both. Elsewhere the target keeps a receipt with the rows, which is the
truth where a worker died before the store knew. A dry run keeps nothing in the target.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from narrowboat.data.target import Loading, Restoring
from narrowboat.kernel.model import Chunk, Control, Counters, Extent, Lease, Reject


class Settling:
    """The commits of one attempt."""

    def __init__(self, target: Loading | Restoring, lease: Lease, *, shared: bool, dry_run: bool = False) -> None:
        """shared: the target is in the store's own database."""
        self._target, self._lease, self._shared, self._dry_run = target, lease, shared, dry_run
        self._number = lease.run.seq
        self._chunk: Chunk | None = None

    def pending(self) -> Chunk | None:
        """The chunk that the target has and the store does not know of, if there is one. Older fences end here."""
        if self._shared or self._dry_run:
            return None
        receipt = self._target.take_over()
        return _chunk(receipt.text) if receipt and receipt.number == self._number + 1 else None

    def hold(self, chunk: Chunk, *, settled: bool = False) -> Chunk:
        """The chunk that will be committed next. settled: the target has it already."""
        self._chunk = None if settled else chunk
        return chunk

    def commit(self, save: Callable[[Any], Control]) -> Control:
        """See `kernel.work.Transactional`."""
        self._number += 1
        if self._chunk is None:
            return save(None)
        if self._dry_run:
            self._target.rollback()
            return save(None)
        if self._target.connection is not None and self._shared:
            control = save(self._target.connection)
            self._target.commit()
            return control
        if self._target.connection is not None:
            self._target.note(self._number, _text(self._chunk))
            self._target.commit()
        return save(None)

    def finish(self) -> None:
        """The run is complete and the store knows it: no receipt is needed any more."""
        if not self._shared and not self._dry_run:
            self._target.forget()


def _text(chunk: Chunk) -> str:
    record = chunk._asdict() | {
        "counters": tuple(chunk.counters),
        "extent": chunk.extent and tuple(chunk.extent),
        "rejects": [tuple(reject) for reject in chunk.rejects],
    }
    return json.dumps(record, default=str)


def _chunk(text: str) -> Chunk:
    record = json.loads(text)
    return Chunk(
        **record
        | {
            "counters": Counters(*record["counters"]),
            "extent": record["extent"] and Extent(*record["extent"]),
            "rejects": tuple(Reject(*reject) for reject in record["rejects"]),
            "total": record["total"] and tuple(record["total"]),
        }
    )
