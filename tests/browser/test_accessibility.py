"""Everybody can use it: no violation that axe knows, by keyboard alone, from phone to desktop, in light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.sync_api import expect

from tests.browser.axe import FAULTS
from tests.browser.conftest import Site
from tests.browser.test_import import query

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

VIEWS = ["#/", "#/start/leads?city=Accra", "#/start/none", "#/runs", "#/operations"]


def violations(page: Page, axe: str) -> list[Any]:
    page.evaluate(axe)
    found: list[Any] = page.evaluate(f"() => {{ {FAULTS} }}")
    return found


def settled(page: Page) -> None:
    expect(page.locator("h1").first).to_be_visible()
    expect(page.get_by_text("Loading…")).to_have_count(0)
    expect(page.get_by_text("Counting…")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1280])
def test_every_view_is_without_fault(
    site: Site, chromium: Browser, axe: str, scheme: Literal["light", "dark"], width: int
) -> None:
    ended, broken = site.begin("leads"), site.begin("broken")
    site.until_state(ended, "succeeded")
    site.until_state(broken, "failed")
    site.hold()
    running = site.begin(params={"city": "Lagos"})
    runs = {ended: "Finished", broken: "Failed", running: "Running"}
    context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    for view in [*VIEWS, *(f"#/runs/{run}" for run in runs)]:
        page.goto(f"{site.url}{view}")
        if view == "#/start/none":
            expect(page.get_by_text("There is no such job")).to_be_visible()
        else:
            settled(page)
        if state := runs.get(view.removeprefix("#/runs/")):
            expect(page.get_by_text(state, exact=True).first).to_be_visible()
        if view == "#/start/leads":
            page.get_by_text("Columns", exact=True).click()
            page.get_by_role("radio", name="Several pages").check()
        assert violations(page, axe) == [], view
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, view
    page.get_by_role("button", name="Cancel…").click()
    assert violations(page, axe) == []
    context.close()
    site.api.post(f"/runs/{running}/cancel")


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_every_step_of_an_import_is_without_fault(
    site: Site, chromium: Browser, axe: str, scheme: Literal["light", "dark"], width: int, tmp_path: Path
) -> None:
    def check() -> None:
        assert violations(page, axe) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    path = tmp_path / "customers.csv"
    path.write_text(f"Name,Phone No,Remark\nEfua,020123{width:04},\n,12,{'long ' * 40}\n", "utf-8")
    context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    page.goto(f"{site.url}#/import/customers")
    settled(page)
    check()
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("Looks like Phone. Is it?")).to_be_visible()
    check()
    page.get_by_role("button", name="is Phone").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Of the first 2 rows, 1 would be refused.")).to_be_visible()
    page.get_by_role("button", name="Try it without").click()
    expect(page.get_by_role("heading", name="Refused rows")).to_be_visible()
    check()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("button", name="Undo this import…")).to_be_visible()
    page.get_by_label("Name, row 3").fill("Yaw")
    check()
    page.get_by_role("button", name="Undo this import…").click()
    check()
    context.close()


def test_the_keyboard_alone_imports(site: Site, page: Page, tmp_path: Path) -> None:
    query(site, "delete from customers")
    path = tmp_path / "customers.csv"
    path.write_text("Name,Phone No,Town\nKeyed,0201234999,Accra\n,12,\n,0201234998,Lagos\n", "utf-8")
    page.goto(f"{site.url}#/import/customers")
    settled(page)
    page.keyboard.press("Tab")
    press_until(page, "Tab", "Choose a file")
    page.locator("input[type=file]").set_input_files(path)  # the system's own dialog is not ours to test
    expect(page.get_by_text("Looks like Phone. Is it?")).to_be_visible()
    press_until(page, "Tab", "Yes, it is: Phone No")
    page.keyboard.press("Enter")
    press_until(page, "Tab", "Town is imported as")
    page.keyboard.type("City")
    expect(page.get_by_role("button", name="Continue")).to_be_enabled()
    press_until(page, "Tab", "Continue")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Of the first 3 rows, 2 would be refused.")).to_be_visible()
    press_until(page, "Tab", "Try it")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name, row 3")).to_be_visible()
    press_until(page, "Tab", "Name, row 3")
    page.keyboard.type("First")
    page.keyboard.press("Enter")
    page.keyboard.type("Second")
    press_until(page, "Shift+Tab", "Phone No, row 3")
    page.keyboard.press("Control+A")
    page.keyboard.type("0201234997")
    press_until(page, "Tab", "Import 2 corrected rows")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Every row is in.")).to_be_visible()
    assert query(site, "select name, city from customers order by name") == [
        ("First", None), ("Keyed", "Accra"), ("Second", "Lagos")
    ]  # fmt: skip
    press_until(page, "Tab", "Undo this import…")
    page.keyboard.press("Enter")
    press_until(page, "Tab", "Undo it")
    page.keyboard.press("Enter")
    expect(page.get_by_text("What was taken back")).to_be_visible()
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible()
    assert query(site, "select name from customers") == [("Keyed",)]


def test_the_keyboard_alone_reads_a_report(site: Site, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(site.url)
    settled(page)
    press_until(page, "Tab", "Sales")
    page.keyboard.press("Enter")
    expect(page.get_by_text("3,000 rows")).to_be_visible()
    press_until(page, "Tab", "Start later")
    page.keyboard.press("Tab")
    press_until(page, "Tab", "Start")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible()
    grid = page.get_by_role("grid")
    expect(grid.get_by_role("gridcell", name="Lagos").first).to_be_visible()
    page.keyboard.press("Tab")
    press_until(page, "Tab", str(grid.get_attribute("aria-label")))
    page.keyboard.press("Control+Home")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Control+c")
    expect(page.get_by_text("Copied: 2 rows, 2 columns.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "1\t<b>Zoë 1</b>\n2\t<b>Zoë 2</b>"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowUp")
    head = page.get_by_role("columnheader").first
    before = head.evaluate("one => one.offsetWidth")
    page.keyboard.press("Alt+ArrowRight")
    expect(head).to_have_css("width", f"{before + 16}px")
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    press_until(page, "Shift+Tab", "Show all in order")
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "none")


def test_axe_would_find_something(page: Page, axe: str) -> None:
    page.set_content("<html><body><img src=x><input><p style='color:#bbb;background:#fff'>faint</p></body></html>")
    assert {"image-alt", "label", "color-contrast"} <= {one for one, _ in violations(page, axe)}


def press_until(page: Page, key: str, name: str) -> None:
    """Press until something of that name has the focus."""
    focused = """() => { let one = document.activeElement;
        while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
        return one?.getAttribute('aria-label') || one?.labels?.[0]?.innerText || one?.innerText || ''; }"""
    for _ in range(60):
        if page.evaluate(focused).strip().startswith(name):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{name} cannot be reached")


def test_the_keyboard_alone_suffices(site: Site, page: Page) -> None:
    site.hold()
    page.goto(site.url)
    settled(page)
    page.keyboard.press("Tab")
    press_until(page, "Tab", "Skip to the content")
    page.keyboard.press("Enter")
    press_until(page, "Tab", "Driver leads")
    page.keyboard.press("Enter")
    press_until(page, "Tab", "City")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("1,000 rows")).to_be_visible()
    press_until(page, "Tab", "Columns")
    page.keyboard.press("Enter")
    press_until(page, "Tab", "Move id down")
    page.keyboard.press("Enter")
    press_until(page, "Tab", "Start later")
    page.keyboard.press("Tab")
    press_until(page, "Tab", "Start")
    page.keyboard.press("Enter")
    page.wait_for_url("**/#/runs/*")
    press_until(page, "Tab", "Cancel…")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep it going")).to_be_focused()
    press_until(page, "Tab", "Cancel the run")
    page.keyboard.press("Enter")
    run_id = page.url.rpartition("/")[2]
    site.until_state(run_id, "cancelling")
    site.pace(0.0)
    expect(page.get_by_text("Cancelled", exact=True).first).to_be_visible()
    run = site.run(run_id)
    assert (run["state"], run["params"]["city"]) == ("cancelled", "Lagos")
    assert run["output"]["columns"][:2] == ["name", "id"]
