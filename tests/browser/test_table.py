"""The table: a million rows, text and nothing but text, by mouse and keyboard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGE = """<!doctype html><html lang=en><head><meta charset=utf-8><title>rows</title>
<script type=module src=/bulk/elements.js></script></head>
<body><h1>Rows</h1><narrowboat-table label=Leads></narrowboat-table></body></html>"""
SOURCE = """([total, columns, nasty]) => {
  const listeners = new Set();
  const cell = (row, column) => column === 0 ? row : column === 1 ? nasty[row % nasty.length] : `${row}/${column}`;
  const source = {
    columns: Array.from({ length: columns }, (_, n) => ({
      name: `c${n}`, label: n ? `Column ${n}` : "Number", type: n ? "text" : "integer",
    })),
    total, expected: null, epoch: 0, asked: [],
    async fetch(from, count) {
      this.asked.push(from);
      await new Promise((done) => setTimeout(done, 5));
      const rows = Math.max(0, Math.min(count, (this.behind ? 50 : this.total) - from));
      return Array.from({ length: rows }, (_, n) => Array.from({ length: columns }, (_, c) => cell(from + n, c)));
    },
    follow(changed) { listeners.add(changed); return () => listeners.delete(changed); },
    grow(total) { this.total = total; for (const one of listeners) one(); },
  };
  window.rows = source;
  document.querySelector("narrowboat-table").source = source;
}"""
NASTY = [
    "<b>bold</b>",
    "<img src=x onerror='window.hit=1'><script>window.hit=1</script>",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦 Zoë ňå",
    "x" * 10_000,
    "line\none\ttab",
    "=1+1",
    "",
]


@pytest.fixture
def table(site: Site, page: Page) -> Any:
    (site.folder / "table.html").write_text(PAGE)

    def show(total: int, columns: int = 6) -> Page:
        page.goto(f"{site.proxy.url}/host/table.html")
        page.wait_for_function("!!customElements.get('narrowboat-table')")
        page.evaluate(SOURCE, [total, columns, NASTY])
        if total:
            expect(page.get_by_role("gridcell").first).not_to_have_text("…")
        page.get_by_role("grid").focus()
        return page

    return show


def cell(page: Page, row: int, column: int) -> Any:
    """A cell, both counted from 1."""
    return page.locator(f"[role=row][aria-rowindex='{row + 1}'] [aria-colindex='{column}']")


def test_a_million_rows_are_reached_and_few_are_in_the_document(table: Any) -> None:
    page = table(1_000_000)
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "1000001")
    page.keyboard.press("Control+End")
    expect(cell(page, 1_000_000, 1)).to_have_text("999999")
    expect(cell(page, 1_000_000, 1)).to_be_in_viewport()
    page.keyboard.press("Control+Home")
    expect(cell(page, 1, 1)).to_be_in_viewport()
    page.evaluate("""() => { const s = document.querySelector('narrowboat-table').shadowRoot.querySelector('.scroller');
        s.scrollTop = s.scrollHeight / 2; }""")
    expect(cell(page, 500_020, 1)).to_have_text("500019")
    expect(cell(page, 500_020, 1)).to_be_in_viewport()
    for _ in range(3):
        page.keyboard.press("PageDown")
    assert page.locator("[role=row]").count() < 80
    assert page.evaluate("window.rows.asked.length") < 25


def test_cells_are_text_whatever_they_hold(table: Any) -> None:
    page = table(20)
    for row, text in enumerate(NASTY, start=1):
        shown = cell(page, row, 2).evaluate("one => one.textContent")
        assert shown == (text if len(text) < 300 else text[:300] + "…")
        assert cell(page, row, 2).evaluate("one => one.children.length") == 0
    assert page.evaluate("window.hit") is None
    cell(page, 5, 2).dblclick()
    assert page.get_by_role("dialog").locator(".whole").inner_text() == NASTY[4]
    page.keyboard.press("Escape")
    expect(page.get_by_role("grid")).to_be_focused()


def test_three_hundred_columns(table: Any) -> None:
    page = table(1000, 300)
    assert page.get_by_role("columnheader").count() < 40
    page.keyboard.press("End")
    expect(cell(page, 1, 300)).to_have_text("0/299")
    expect(cell(page, 1, 300)).to_be_in_viewport()
    expect(page.get_by_role("columnheader", name="Column 299")).to_be_in_viewport()
    assert page.get_by_role("gridcell").count() < 40 * 60


def test_the_header_stays_and_rows_come_while_they_are_made(table: Any) -> None:
    page = table(0)
    expect(page.get_by_text("No data")).to_be_visible()
    page.evaluate("window.rows.grow(150)")
    expect(page.get_by_text("150 of 150 rows")).to_be_visible()
    page.evaluate("window.rows.grow(5000)")
    expect(page.get_by_text(re.compile("of 5,?000 rows"))).to_be_visible()
    page.keyboard.press("Control+End")
    expect(cell(page, 5000, 1)).to_have_text("4999")
    expect(page.get_by_role("columnheader", name="Number")).to_be_in_viewport()


def test_while_rows_come_it_is_as_tall_as_they_are_once_somebody_scrolls(table: Any) -> None:
    page = table(5_000)

    def tall() -> int:
        return int(page.locator(".body").evaluate("one => one.clientHeight")) // 32

    page.evaluate("rows.expected = 100_000; rows.grow(6_000)")
    expect(page.get_by_text("6,000 of 100,000 rows")).to_be_visible()
    assert tall() == 5_000, "what nobody can see is not drawn anew"
    page.get_by_role("grid").hover()
    page.mouse.wheel(0, 64)
    until(lambda: tall() == 6_000, "all there are, for somebody who scrolls")
    page.keyboard.press("Control+Home")
    page.evaluate("rows.grow(90_000)")
    page.keyboard.press("Control+End")
    expect(cell(page, 90_000, 1)).to_be_in_viewport()
    page.keyboard.press("Control+Home")
    page.get_by_role("columnheader").first.click()
    until(lambda: tall() < 5_000, "no more than what is sorted")
    page.get_by_role("button", name="Show all in order").click()
    page.evaluate("rows.expected = null; rows.grow(100_000)")
    until(lambda: tall() == 100_000, "all of them at the end")


def test_a_page_that_comes_short_is_asked_for_again_when_there_is_news(table: Any) -> None:
    page = table(50)
    frames = """() => new Promise((done) => {
        let n = 20; const next = () => n-- ? requestAnimationFrame(next) : done(); next(); })"""
    page.evaluate("() => { window.rows.behind = true; window.rows.grow(150); }")
    page.evaluate(frames)
    assert page.evaluate("window.rows.asked.length") < 8
    page.evaluate("() => { window.rows.behind = false; window.rows.grow(160); }")
    expect(page.get_by_text("160 of 160 rows")).to_be_visible()
    page.keyboard.press("Control+End")
    expect(cell(page, 160, 1)).to_have_text("159")


def test_what_is_loaded_can_be_sorted_and_says_so(table: Any) -> None:
    page = table(10_000)
    page.get_by_role("columnheader", name="Number").click()
    expect(page.get_by_text("Sorted: only the 200 rows loaded so far, of 10,000.")).to_be_visible()
    page.get_by_role("columnheader", name="Number").click()
    expect(page.get_by_role("columnheader", name="Number")).to_have_attribute("aria-sort", "descending")
    expect(cell(page, 1, 1)).to_have_text("199")
    page.get_by_role("button", name="Show all in order").click()
    expect(cell(page, 1, 1)).to_have_text("0")


def test_a_header_has_room_for_its_mark_and_a_cell_for_its_text(table: Any) -> None:
    page = table(20)
    cut = "one => one.scrollWidth > one.clientWidth"
    assert not cell(page, 1, 2).evaluate(cut)
    for name in ("Number", "Column 2"):
        head = page.get_by_role("columnheader", name=name)
        head.click()
        expect(head).to_contain_text("↑")
        assert not head.evaluate(cut)


def test_a_selection_is_copied_also_where_it_was_never_seen(table: Any) -> None:
    page = table(10_000)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("Home")
    for _ in range(5):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Control+c")
    expect(page.get_by_text("Copied: 6 rows, 2 columns.")).to_be_visible()
    lines = page.evaluate("navigator.clipboard.readText()")
    assert lines.startswith("0\t<b>bold</b>\n1\t")
    assert lines.endswith('5\t"line\none\ttab"')
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+Shift+End")
    page.keyboard.press("Control+c")
    expect(page.get_by_text("Copied: 10,000 rows, 6 columns.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").endswith("9999/5")


def test_what_is_copied_cannot_run_as_a_formula(table: Any) -> None:
    page = table(20)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cell(page, 7, 2).click()
    page.keyboard.press("Control+c")
    expect(page.get_by_text("Copied: 1 row, 1 column.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "'=1+1"


def test_widths_change_by_mouse_and_by_key(table: Any) -> None:
    page = table(100)
    head = page.get_by_role("columnheader", name="Column 2")
    width = head.bounding_box()["width"]
    box = head.locator(".edge").bounding_box()
    page.mouse.move(box["x"] + 4, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 64, box["y"] + 5)
    page.mouse.up()
    assert head.bounding_box()["width"] == pytest.approx(width + 60, abs=2)
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowUp")
    head = page.get_by_role("columnheader", name="Number")
    width = head.bounding_box()["width"]
    page.keyboard.press("Alt+ArrowRight")
    expect(page.locator("#active")).to_have_attribute("role", "columnheader")
    page.wait_for_timeout(100)
    assert head.bounding_box()["width"] == width + 16
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
