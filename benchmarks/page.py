"""The page while a report of 100,000 rows runs: how soon rows are on the screen, how true the bar is, how smooth it is.

    python -m benchmarks.page [--engine NAME] [--width PIXELS] [--rows N] [--times N] [--memory MB --cpu CPUS] [--json]

A real server and the page at three widths, in Chromium or in the engine that is named: chrome119, firefox, webkitgtk,
wpe, all; with --memory and --cpu the server is in a box and the browser outside. Asked for: first rows within 0.5 s of
the click, 10,000, 100,000 and 1,000,000 rows complete within 1, 5 and 60 s, a bar within two points of the truth at
every sample, and in Chromium frames of 17 ms median and 34 ms at the 95th percentile while rows come. The truth is what
the store holds as committed at that millisecond, read from outside the page; `bar true, %` is how much of the time the
bar is that near, and then how many points it was off at most. A length of the bar counts from the moment when the page
has done its part of the frame that shows it, until that of the next. Of a million rows somebody walks through the table
as well (`benchmarks.walk`), at two widths, while rows come and when all are there, in engines of Chromium.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from benchmarks import tables
from benchmarks.box import MB
from benchmarks.group import Group, unavailable
from benchmarks.server import Server, serving
from benchmarks.walk import Walk, of_server, of_tab
from tests.browser import engines
from tests.browser.engines import Browser, ByPlaywright
from tests.waiting import until

ENGINE = {
    "chromium": engines.chromium,
    "chrome119": engines.chrome_119,
    "firefox": engines.firefox,
    "webkitgtk": engines.webkit,
    "wpe": engines.wpe,
}
WIDTHS = (1280, 820, 390)
EMPTY = "about:blank"
START = """
const all = (root) => [...root.querySelectorAll("*")].flatMap(
  (one) => [one, ...(one.shadowRoot ? all(one.shadowRoot) : [])]);
const shown = all(document).filter((one) => one.matches("button") && one.getClientRects().length);
return shown.find((one) => one.textContent.trim() === "Start");
"""
MOST = {10_000: 1.0, 100_000: 5.0, 1_000_000: 60.0}
"""Rows to seconds."""
WARM = 100_000
LONG = 1_000_000
"""From so many rows on somebody walks through the table, at two widths, and memory is looked at."""
WATCH = """() => {
  const seen = window.seen = { begun: 0, first: 0, whole: 0, frames: [], bar: [] };
  const within = (one, ...names) => names.reduce((at, name) => at?.shadowRoot?.querySelector(name), one);
  const view = () => within(document.querySelector("nb-page"), "nb-run-view");
  const run = () => within(view(), "narrowboat-run");
  let last = 0;
  let share = null;
  const { port1, port2 } = new MessageChannel(); // heard when the page has done its part of a frame
  const frame = (now) => {
    requestAnimationFrame(frame);
    port1.postMessage(now);
  };
  const look = () => { // asked for after what the page asked for, so it sees what this frame shows
    const line = within(run(), "nb-bar", "[role=progressbar] > div");
    share = /scaleX[(](.*)[)]/.exec(line?.getAttribute("style"))?.[1] ?? null;
  };
  port2.onmessage = ({ data: now }) => {
    if (!seen.begun || seen.whole) return;
    requestAnimationFrame(look);
    const cell = within(view(), "narrowboat-table", "[role=gridcell]")?.textContent;
    if (!seen.first && cell && cell !== "…") seen.first = performance.now();
    if (seen.first && last) seen.frames.push(now - last);
    last = now;
    if (share !== null && Number(share) !== seen.bar.at(-1)?.[1])
      seen.bar.push([performance.timeOrigin + performance.now(), Number(share)]);
    if (within(run(), ".state.good")) seen.whole = performance.now();
  };
  requestAnimationFrame(frame);
  addEventListener("click", () => (seen.begun ||= performance.now()), true);
}"""


class Truth:
    """What the store holds as committed of the newest run, looked at about every millisecond while inside."""

    def __init__(self, store: Path, turn: str) -> None:
        self.seen: list[tuple[float, int]] = []
        """Milliseconds since 1970, and rows."""
        self._store, self._turn = store, turn
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Truth:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        with suppress(PermissionError):  # who looks is not kept waiting by what is looked at
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        newest = "select rows_done, params from narrowboat_runs order by created_at desc, id desc limit 1"
        with closing(sqlite3.connect(self._store)) as store:
            while not self._over.wait(0.001):
                rows, params = store.execute(newest).fetchone() or (0, "")
                if rows > (self.seen[-1][1] if self.seen else 0) and self._turn in params:
                    self.seen.append((time.time() * 1000, rows))


class Watching:
    """A page in which a report is started and watched to its end."""

    def __init__(self, browser: Browser, server: Server, rows: int) -> None:
        self._browser, self._server, self._rows = browser, server, rows
        self._turn = str(time.time())
        browser.open(EMPTY)
        browser.open(f"http://127.0.0.1:{server.port}/#/start/rows?count={rows}&turn={self._turn}")
        until(lambda: browser.run(f"return Boolean((() => {{ {START} }})())"), "the button")
        time.sleep(0.5)
        browser.run(f"({WATCH})()")
        self.walk = Walk(browser.page, rows) if rows >= LONG and isinstance(browser, ByPlaywright) else None

    def figures(self) -> dict[str, Any]:
        """Click and watch."""
        with Truth(self._server.log.with_name("runs.db"), self._turn) as truth:
            self._browser.click(START)
            memory = self._to_the_end()
        return {**_figures(self._browser.run("return window.seen"), truth.seen, self._rows), **memory}

    def _to_the_end(self) -> dict[str, Any]:
        """Until all rows are there; of a long report with a walk through its table. Returns memory of that."""
        walk, heaps, walked = self.walk, 0.0, False
        while not self._browser.run("return window.seen.whole"):
            time.sleep(0.5 if walk else 0.2)  # seldom: each look disturbs what is measured
            if walk and not walked and self._browser.run("return window.seen.first"):
                walk.while_it_grows()
                walked = True
            heaps = max(heaps, of_server(self._server)) if walk else 0.0
        if not walk:
            return {}
        walk.when_all_are_there()
        devtools = walk.page.context.new_cdp_session(walk.page)
        devtools.send("Performance.enable")
        return {**of_tab(devtools), "server MB": heaps}


def _figures(seen: dict[str, Any], truth: list[tuple[float, int]], rows: int) -> dict[str, Any]:
    bar = [(at, share * rows) for at, share in seen["bar"]]
    frames = sorted(seen["frames"]) or [0.0]  # all came within one
    first, whole = (seen["first"] - seen["begun"]) / 1000, (seen["whole"] - seen["begun"]) / 1000
    median, p95 = frames[len(frames) // 2], frames[int(len(frames) * 0.95)]
    off = [100 * rows_off / rows for rows_off in _off(truth, bar)]
    near = 100 * sum(abs(one) <= 2 + 1e-9 for one in off) / len(off)
    return {
        "first rows, s": round(first, 2),
        "whole, s": round(whole, 2),
        "frame ms, median": round(median, 1),
        "p95": round(p95, 1),
        "bar true, %": round(near, 1),
        "at most behind": round(-min(off), 1),
        "ahead": round(max(off), 1),
        "holds": first < 0.5 and whole < MOST.get(rows, 1e9) and near == 100,
    }


def _off(truth: list[tuple[float, int]], bar: list[tuple[float, float]]) -> list[float]:
    """How many rows the bar is ahead of what is committed, sampled each millisecond while it is on the screen."""
    samples = range(int(max(truth[0][0], bar[0][0])) + 1, int(bar[-1][0]) + 1)
    return [point_at(bar, when) - point_at(truth, when) for when in samples] or [0.0]


def point_at(steps: Sequence[tuple[float, float]], when: float) -> float:
    """The value of the newest step before that moment."""
    return steps[bisect_left(steps, when, key=itemgetter(0)) - 1][1]


@contextmanager
def placed(rows: int, memory: int | None, cpu: float | None) -> Iterator[Server]:
    """A server with so many leads, in a box where there is a limit. memory: MB."""
    with ExitStack() as stack:
        group = None
        if memory or cpu:
            if reason := unavailable():
                raise SystemExit(f"No control group: {reason}.")
            group = stack.enter_context(Group("narrowboat-page", memory=memory and memory * MB, cpu=cpu))
        yield stack.enter_context(serving(rows, group))


def watched(engine: str, width: int, rows: int, server: Server, steps: list[tables.Record]) -> tables.Record:
    """The figures of one report in a new window. steps: those of a walk are added."""
    with tempfile.TemporaryDirectory() as folder, ENGINE[engine](Path(folder), width) as browser:
        Watching(browser, server, min(rows, WARM)).figures()  # what is loaded once
        watching = Watching(browser, server, rows)
        found = watching.figures()
    steps += [{"width": width, **step} for step in (watching.walk.steps if watching.walk else [])]
    found["holds"] &= engine != "chromium" or (found["frame ms, median"] <= 17 and found["p95"] <= 34)
    return {"engine": engine, "width": width, "rows": rows, **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=(*ENGINE, "all"), default="chromium")
    parser.add_argument("--width", type=int, action="append", help="of the window; may be repeated")
    parser.add_argument("--rows", type=int, action="append", help="of a report; may be repeated")
    parser.add_argument("--times", type=int, default=1, help="that each is done")
    parser.add_argument("--memory", type=int, help="MB of the server's box")
    parser.add_argument("--cpu", type=float, help="CPUs of the server's box")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    lines: list[tables.Record] = []
    steps: list[tables.Record] = []
    for rows in given.rows or [100_000]:
        widths = given.width or (WIDTHS if rows < LONG else WIDTHS[::2])
        with placed(rows, given.memory, given.cpu) as server:
            for engine in ENGINE if given.engine == "all" else [given.engine]:
                try:
                    lines += [
                        watched(engine, width, rows, server, steps) for width in widths for _ in range(given.times)
                    ]
                except pytest.skip.Exception as missing:
                    lines.append({"engine": f"{engine} {missing}"})
    box = f"; server in {given.memory} MB and {given.cpu} CPU" if given.memory or given.cpu else ""
    tables.show(f"The page while a report runs{box}", lines, as_json=given.json)
    tables.show(f"A walk through its table{box}", steps, as_json=given.json)


if __name__ == "__main__":
    main()
