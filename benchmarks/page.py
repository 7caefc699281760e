"""The page while a report of 100,000 rows runs: how soon rows are on the screen, how true the bar is, how smooth it is.

    python -m benchmarks.page [--chromium PATH] [--rows N] [--json]

A real server and the page in Chromium at three widths. Asked for: first rows within 0.5 s of the click, frames of 17 ms
median and 34 ms at the 95th percentile while rows come, and 10,000, 100,000 and 1,000,000 rows complete within 1, 5 and
60 s. The bar shows nothing but what was committed, so it can only be late: `bar late, ms` is from when the server first
answers with so many rows until the bar shows them, at most; `true, %` how much of the time it is within 2 points.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from bisect import bisect_left
from collections.abc import Sequence
from http.client import HTTPConnection
from operator import itemgetter
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks import tables
from benchmarks.server import Server, serving
from benchmarks.table import ARGUMENTS

WIDTHS = (1280, 820, 390)
MOST = {10_000: 1.0, 100_000: 5.0, 1_000_000: 60.0}
"""Rows to seconds."""
WATCH = """() => {
  const seen = window.seen = { begun: 0, first: 0, whole: 0, frames: [], bar: [] };
  const within = (one, ...names) => names.reduce((at, name) => at?.shadowRoot?.querySelector(name), one);
  const page = document.querySelector("nb-page");
  let last = 0;
  const look = (now) => {
    requestAnimationFrame(look);
    if (!seen.begun || seen.whole) return;
    const view = within(page, "nb-run-view");
    const table = within(view, "narrowboat-table");
    const cell = within(table, "[role=gridcell]")?.textContent;
    if (!seen.first && cell && cell !== "…") seen.first = performance.now();
    if (seen.first && last) seen.frames.push(now - last);
    last = now;
    const run = within(view, "narrowboat-run");
    const share = /scaleX[(](.*)[)]/.exec(within(run, "nb-bar", "[role=progressbar] > div")?.getAttribute("style"));
    if (share && Number(share[1]) !== seen.bar.at(-1)?.[1])
      seen.bar.push([performance.timeOrigin + performance.now(), Number(share[1])]);
    if (within(run, ".state.good")) seen.whole = performance.now();
  };
  requestAnimationFrame(look);
  addEventListener("click", () => (seen.begun ||= performance.now()), true);
}"""


class Truth:
    """What the server says is committed, asked again and again while inside."""

    def __init__(self, port: int, turn: str) -> None:
        self.seen: list[tuple[float, int]] = []
        self._turn = turn
        self._port, self._over = port, threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Truth:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port)
        while not self._over.wait(0.01):
            connection.request("GET", "/runs?limit=1")
            runs = json.loads(connection.getresponse().read())["runs"]
            if (
                runs
                and runs[0]["params"]["turn"] == self._turn
                and (not self.seen or runs[0]["done"] > self.seen[-1][1])
            ):
                self.seen.append((time.time() * 1000, runs[0]["done"]))


def watched(browser: Browser, server: Server, width: int, rows: int) -> dict[str, Any]:
    """A report is started in the page and watched to its end."""
    page = browser.new_page(viewport={"width": width, "height": 844 if width < 800 else 900}, locale="en-GB")
    turn = str(time.time())
    page.goto(f"http://127.0.0.1:{server.port}/#/start/rows?count={rows}&turn={turn}")
    page.get_by_role("button", name="Start", exact=True).wait_for()
    page.wait_for_timeout(500)
    page.evaluate(WATCH)
    with Truth(server.port, turn) as truth:
        page.get_by_role("button", name="Start", exact=True).click()
        while not page.evaluate("window.seen.whole"):
            page.wait_for_timeout(50)
    seen = page.evaluate("window.seen")
    page.close()
    bar = [(at, share * rows) for at, share in seen["bar"]]
    frames = sorted(seen["frames"]) or [0.0]  # all came within one
    late = _late(truth.seen, bar)
    first, whole = (seen["first"] - seen["begun"]) / 1000, (seen["whole"] - seen["begun"]) / 1000
    median, p95 = frames[len(frames) // 2], frames[int(len(frames) * 0.95)]
    return {
        "width": width,
        "rows": rows,
        "first rows, s": round(first, 2),
        "whole, s": round(whole, 2),
        "frame ms, median": round(median, 1),
        "p95": round(p95, 1),
        "bar late, ms": round(max(late, default=0.0)),
        "true, %": round(100 * _true(truth.seen, bar, 0.02 * rows), 1),
        "holds": first < 0.5 and median <= 17 and p95 <= 34 and whole < MOST.get(rows, 1e9),
    }


def _late(truth: list[tuple[float, int]], bar: list[tuple[float, float]]) -> list[float]:
    shown = [rows + 0.5 for _, rows in bar]
    places = ((at, bisect_left(shown, rows)) for at, rows in truth)
    return [max(0.0, bar[place][0] - at) for at, place in places if place < len(bar)]


def _true(truth: list[tuple[float, int]], bar: list[tuple[float, float]], within: float) -> float:
    """The share of samples, one a millisecond, at which the bar is that near to what was committed."""
    samples = range(int(max(truth[0][0], bar[0][0])) + 1, int(bar[-1][0]))
    near = sum(abs(_at(truth, when) - _at(bar, when)) <= within for when in samples)
    return near / max(1, len(samples))


def _at(steps: Sequence[tuple[float, float]], when: float) -> float:
    return steps[bisect_left(steps, when, key=itemgetter(0)) - 1][1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--rows", type=int, action="append", help="of a report; may be repeated")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    lines = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=ARGUMENTS)
        for rows in given.rows or [100_000]:
            with serving(rows, None) as server:
                watched(browser, server, WIDTHS[0], rows)  # what is loaded once
                lines += [watched(browser, server, width, rows) for width in WIDTHS]
        browser.close()
    tables.show("The page while a report runs", lines, as_json=given.json)


if __name__ == "__main__":
    main()
