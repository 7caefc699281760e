"""What locust runs: each user starts a report of ROWS rows once and receives all of them as they come.

Not imported by anything of ours: locust loads it in its own environment. NARROWBOAT_ROWS says how many rows.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from locust import FastHttpUser, events, task  # type: ignore[import-not-found]

ROWS = int(os.environ["NARROWBOAT_ROWS"])


class Reader(FastHttpUser):  # type: ignore[misc]
    """One report a user, from the request that starts it to its last row."""

    @task
    def report(self) -> None:
        begun, error, rows = time.perf_counter(), None, 0
        try:
            rows = self._received(begun)
            if rows != ROWS:
                error = ValueError(f"{rows} rows instead of {ROWS}")
        except Exception as caught:
            error = caught
        _tell("all rows", begun, rows, error)
        self.stop()

    def _received(self, begun: float) -> int:
        user = {"X-User": f"{id(self)}"}
        started = self.client.post("/jobs/rows/runs", json={"params": {"count": ROWS}}, headers=user)
        run = started.json()["id"]
        rows, end, waiting = 0, None, b""
        headers = {"Accept": "application/x-ndjson", **user}
        with self.client.get(f"/runs/{run}/rows", headers=headers, stream=True, name="/runs/[run]/rows") as answer:
            while piece := answer._response.read(1 << 16 if rows else 1 << 12):
                lines = (waiting + piece).split(b"\n")
                waiting = lines.pop()
                arrays = sum(line[:1] == b"[" for line in lines)
                if arrays and not rows:
                    _tell("first rows", begun, arrays, None)
                rows += arrays
                end = next((line for line in lines if line[:8] == b'{"done":'), end)
        if end is None or json.loads(end)["rows"] != rows:
            raise EOFError("the stream has no end")
        return rows


def _tell(name: str, begun: float, length: int, error: Any) -> None:
    events.request.fire(
        request_type="report",
        name=name,
        response_time=(time.perf_counter() - begun) * 1000,
        response_length=length,
        exception=error,
        context={},
    )
