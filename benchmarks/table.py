"""Frames of the page's table while 100,000 rows come in, and while somebody scrolls through them, in Chromium.

    python -m benchmarks.table

Asked for: median at most 17 ms, 95th percentile at most 34 ms. Rows arrive as a run commits them, 1,000 each 20 ms.
"""

from __future__ import annotations

import http.server
import json
import threading
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

UI = Path(__file__).parents[1] / "src/narrowboat/web/ui"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PAGE = "<!doctype html><narrowboat-table></narrowboat-table><script type=module src=elements.js></script>"
MEASURE = """async ([rows, scrolling]) => {
  const listeners = new Set();
  const columns = ["integer", "text", "text", "float", "date", "text", "text", "boolean"];
  const source = {
    columns: columns.map((type, n) => ({ name: `c${n}`, label: `Column ${n}`, type })),
    total: 0, expected: rows, epoch: 0,
    async fetch(from, count) {
      await new Promise((done) => setTimeout(done, 8));
      return Array.from({ length: Math.max(0, Math.min(count, this.total - from)) }, (_, n) => [
        from + n, `Adwoa ${from + n}`, "Kumasi", (from + n) / 7, "2026-01-05", "+233200000", "waiting", n % 2 === 0]);
    },
    follow(changed) { listeners.add(changed); return () => listeners.delete(changed); },
  };
  const table = document.querySelector("narrowboat-table");
  table.style.height = "700px";
  table.source = source;
  const frames = [];
  let last = performance.now(), over = false;
  const frame = (now) => { frames.push(now - last); last = now; if (!over) requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  const scroller = () => table.shadowRoot.querySelector(".scroller");
  while (source.total < rows) {
    source.total += 1000;
    for (const one of listeners) one();
    if (scrolling) scroller().scrollTop += 640;
    await new Promise((done) => setTimeout(done, 20));
  }
  over = true;
  frames.sort((a, b) => a - b);
  const at = (part) => +frames[Math.floor(frames.length * part)].toFixed(1);
  return { frames: frames.length, median: at(0.5), p95: at(0.95), most: at(0.999) };
}"""


class _Files(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())
        return None

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def main() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(UI)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        for rows, scrolling in ((100_000, False), (100_000, True), (1_000_000, True)):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.wait_for_function("!!customElements.get('narrowboat-table')")
            found = page.evaluate(MEASURE, [rows, scrolling])
            print(f"{rows:>9,} rows {'scrolled' if scrolling else 'still   '} {json.dumps(found)}")
            page.close()
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
