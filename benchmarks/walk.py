"""A walk through the table of a report's page while its rows come and when all are there, as somebody uses it by
keyboard, mouse and clipboard. Used by `benchmarks.page` for a million rows.

Each step is timed until the rows that it leads to are on the screen; where a step leads elsewhere, the walk fails.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import CDPSession, Page

from benchmarks import tables
from benchmarks.server import Server

MB = 1024 * 1024
SELECTED = 1000
PATIENCE = 20_000
"""Milliseconds that a step may take."""
SHOWN = """async () => {
  await new Promise((made) => requestAnimationFrame(() => setTimeout(made)));
  const within = (one, ...names) => names.reduce((at, name) => at?.shadowRoot?.querySelector(name), one);
  const table = within(document.querySelector("nb-page"), "nb-run-view", "narrowboat-table");
  const scroller = table.shadowRoot.querySelector(".scroller").getBoundingClientRect();
  const lines = [...table.shadowRoot.querySelectorAll(".body .line:not([hidden])")].filter((line) => {
    const { top, bottom } = line.getBoundingClientRect();
    return bottom > scroller.top + 40 && top < scroller.bottom - 4;
  });
  return lines.map((line) => [Number(line.getAttribute("aria-rowindex")) - 1,
                              line.querySelector("[aria-colindex='1']")?.textContent]).sort((a, b) => a[0] - b[0]);
}"""
"""The lines that are on the screen, when a frame has been made: between a key and its frame the table has scrolled
already, and its lines have not followed."""
SCROLL = """(share) => {
  const within = (one, ...names) => names.reduce((at, name) => at?.shadowRoot?.querySelector(name), one);
  const scroller = within(document.querySelector("nb-page"), "nb-run-view", "narrowboat-table", ".scroller");
  scroller.scrollTop = share * scroller.scrollHeight;
}"""


class Walk:
    """Through the table of the page, in which a run's report of so many rows is shown."""

    def __init__(self, page: Page, rows: int) -> None:
        self.page, self._rows = page, rows
        self.steps: list[tables.Record] = []
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    def while_it_grows(self) -> None:
        """To the last row that is there by key, to the middle by wheel, and back."""
        self._step("while it grows: Ctrl+End, Home", self._keys("Control+End", "Home"), lambda rows: rows[-1] > 1)
        self._step("while it grows: to the middle", lambda: self.page.evaluate(SCROLL, 0.5), lambda rows: rows[0] > 1)
        self._step("while it grows: Ctrl+Home", self._keys("Control+Home"), lambda rows: rows[0] == 1)

    def when_all_are_there(self) -> None:
        """To the end, the middle and the start, and some thousand rows to the clipboard."""
        last = self._rows
        self._step("Ctrl+End, Home", self._keys("Control+End", "Home"), lambda rows: rows[-1] == last)
        self._step("Page Up, twice", self._keys("PageUp", "PageUp"), lambda rows: last - 100 < rows[-1] < last)
        self._step("to the middle", lambda: self.page.evaluate(SCROLL, 0.5), lambda rows: 0.49 < rows[0] / last < 0.51)
        self._step("to three quarters", lambda: self.page.evaluate(SCROLL, 0.75), lambda rows: rows[0] > 0.7 * last)
        self._step("Ctrl+Home", self._keys("Control+Home"), lambda rows: rows[0] == 1)
        self._copy()

    def _copy(self) -> None:
        self._keys("Control+End", "Home")()
        while self.page.evaluate(SHOWN)[0][0] > self._rows - SELECTED:
            self._keys("Shift+PageUp")()
            self.page.wait_for_timeout(20)
        began = time.monotonic()
        self._keys("Control+c")()
        self.page.get_by_text("Copied:").wait_for(timeout=PATIENCE)
        lines = self.page.evaluate("navigator.clipboard.readText()").splitlines()
        if len(lines) < SELECTED - 50 or lines[-1] != str(self._rows):
            raise SystemExit(f"{len(lines)} lines were copied, the last of them {lines[-1]!r}")
        self.steps.append({"step": f"Ctrl+C, {len(lines):,} rows", "ms": _since(began)})

    def _keys(self, *names: str) -> Callable[[], object]:
        grid = self.page.get_by_role("grid")
        return lambda: [grid.press(name) for name in names]

    def _step(self, name: str, act: Callable[[], object], there: Callable[[list[int]], bool]) -> None:
        """Act, and wait until rows that fit are shown, each with its own number in the first cell."""
        began = time.monotonic()
        act()
        while (time.monotonic() - began) * 1000 < PATIENCE:
            shown = self.page.evaluate(SHOWN)
            if shown and all(text == str(row) for row, text in shown) and there([row for row, _ in shown]):
                self.steps.append({"step": name, "ms": _since(began)})
                return
            self.page.wait_for_timeout(5)
        raise SystemExit(f"{name}: after {PATIENCE / 1000:g} s the table shows {shown[:3]} to {shown[-3:]}")


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def of_tab(devtools: CDPSession) -> tables.Record:
    """Memory of the page: objects of its scripts, and nodes of its document."""
    devtools.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    return {"tab MB": found["JSHeapUsedSize"] / MB, "nodes": int(found["Nodes"])}


def of_server(server: Server) -> float:
    """MB of heaps and stacks of the server and its workers now."""
    total = 0
    for pid in (server.pid, *server.workers()):
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))
    return total / 1024
