"""How true any bar could be here: a page that has nothing but a bar, which knows everything, while a report runs.

    python -m benchmarks.bare [--engine NAME] [--width PIXELS] [--times N] [--json]

What `benchmarks.page` finds in an engine is to be read beside this: the same server makes a report of 100,000 rows, but
the page does not follow it. Its bar goes from empty to full in as long, its truth grows in steps of a chunk, and it is
drawn by the clock, for the middle of the time that a frame is seen. What it is off is due to frames alone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.page import ENGINE, WIDTHS, placed, point_at
from benchmarks.reports import Client
from benchmarks.server import Server

ROWS = 100_000
WHOLE = 1200
"""Milliseconds that the report takes, and its bar."""
PAGE = """data:text/html,<body style="margin:0;background:white"><div style="width:900px;height:12px;background:silver">
<div id="bar" style="width:100%;height:12px;background:teal;transform-origin:left"></div></div>"""
GO = """
const [start, whole] = arguments;
const seen = window.seen = { bar: [], frames: [] };
const { port1, port2 } = new MessageChannel(); // heard when the page has done its part of a frame
let [last, long, share] = [0, 17, 0];
port2.onmessage = () => seen.bar.push([performance.timeOrigin + performance.now(), share]);
const frame = (at) => {
  if (last) seen.frames.push(at - last), long += (Math.min(at - last, 100) - long) / 4;
  last = at;
  const now = performance.timeOrigin + performance.now() + long / 2;
  share = Math.max(0, Math.min(1, (now - start) / whole));
  document.getElementById("bar").style.transform = `scaleX(${share})`;
  port1.postMessage(0);
  if (share < 1) requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
"""


def figures(seen: dict[str, Any], start: float) -> tables.Record:
    """What of the time the bar is within two points of its truth. start: milliseconds since 1970."""
    frames = sorted(seen["frames"])
    off = []
    for past in range(WHOLE // 10, WHOLE):
        truth = past * 100 // WHOLE + 0.5  # points; a chunk is one
        off.append(abs(100 * point_at(seen["bar"], start + past) - truth))
    return {
        "frame ms, median": round(frames[len(frames) // 2], 1),
        "p95": round(frames[int(len(frames) * 0.95)], 1),
        "bar true, %": round(100 * sum(one <= 2 for one in off) / len(off), 1),
        "at most off": round(max(off), 1),
    }


def watched(engine: str, width: int, server: Server) -> tables.Record:
    """One bar in a new window while a report is made."""
    with tempfile.TemporaryDirectory() as folder, ENGINE[engine](Path(folder), width) as browser:
        browser.open(PAGE)
        time.sleep(1)
        Client(server.port).start(ROWS)
        start = time.time() * 1000 + 200
        browser.run(GO, start, WHOLE)
        time.sleep(WHOLE / 1000 + 1)
        return {"engine": engine, "width": width, **figures(browser.run("return window.seen"), start)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=(*ENGINE, "all"), default="all")
    parser.add_argument("--width", type=int, action="append", help="of the window; may be repeated")
    parser.add_argument("--times", type=int, default=1, help="that each is done")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with placed(ROWS, None, None) as server:
        lines = [
            watched(engine, width, server)
            for engine in (ENGINE if given.engine == "all" else [given.engine])
            for width in given.width or WIDTHS
            for _ in range(given.times)
        ]
    tables.show("A page that has nothing but a bar while a report runs", lines, as_json=given.json)


if __name__ == "__main__":
    main()
