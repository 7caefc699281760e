"""What people see while the network, a proxy or the server is away, and that nothing is lost by it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

RECONNECTING = "Reconnecting. Nothing is lost"


@contextmanager
def cut_every(site: Site, seconds: float) -> Iterator[None]:
    """Connections live no longer than that while inside."""
    over = threading.Event()

    def cut() -> None:
        while not over.wait(seconds):
            site.proxy.cut()

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def finished(page: Page, seconds: float = 30) -> None:
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible(timeout=seconds * 1000)
    expect(page.get_by_text("3,000", exact=True)).to_be_visible()


def test_a_connection_that_is_cut_every_second(site: Site, page: Page) -> None:
    site.pace(0.08)
    run = site.begin()
    page.goto(f"{site.url}#/runs/{run}")
    page.get_by_role("progressbar").wait_for()
    with cut_every(site, 1.0):
        finished(page)
    assert len([line for line in site.proxy.asked if line.startswith("GET /bulk/events")]) > 2


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_that_answers_for_itself(site: Site, page: Page, status: int) -> None:
    site.pace(0.08)
    run = site.begin()
    page.goto(f"{site.url}#/runs/{run}")
    page.get_by_role("progressbar").wait_for()
    site.proxy.refuse(status)
    expect(page.get_by_text(RECONNECTING)).to_be_visible()
    site.proxy.refuse(None)
    expect(page.get_by_text(RECONNECTING)).to_have_count(0, timeout=15_000)
    site.pace(0.0)
    finished(page)


def test_a_server_that_is_killed_and_comes_back(site: Site, page: Page) -> None:
    site.pace(0.08)
    run = site.begin()
    page.goto(f"{site.url}#/runs/{run}")
    page.get_by_role("progressbar").wait_for()
    site.until_rows(run, 200)
    site.kill()
    expect(page.get_by_text(RECONNECTING)).to_be_visible()
    site.pace(0.0)
    site.start()
    finished(page, 60)
    assert site.run(run)["generation"] == 0


def test_a_server_that_says_goodbye(site: Site, page: Page) -> None:
    site.pace(0.08)
    run = site.begin()
    page.goto(f"{site.url}#/runs/{run}")
    page.get_by_role("progressbar").wait_for()
    site.process.terminate()
    expect(page.get_by_text("The server restarts.")).to_be_visible()
    site.process.wait(20)
    site.start()
    site.pace(0.0)
    finished(page, 60)


def test_a_page_that_is_opened_while_the_server_is_away(site: Site, page: Page) -> None:
    page.goto(site.url)
    page.get_by_role("link", name="Driver leads").wait_for()
    site.proxy.refuse(503)
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_text("The server does not answer at the moment.")).to_be_visible()
    site.proxy.refuse(None)
    expect(page.get_by_role("alert")).to_have_count(0, timeout=15_000)


def test_a_slow_network(site: Site, page: Page) -> None:
    site.proxy.delay = 0.2
    site.pace(0.05)
    page.goto(f"{site.url}#/start/leads", timeout=30_000)
    expect(page.get_by_text("3,000 rows")).to_be_visible(timeout=15_000)
    page.get_by_role("button", name="Start", exact=True).click()
    finished(page, 60)


def test_a_server_that_cannot_stream(site: Site, page: Page) -> None:
    """Under WSGI there are no events: the page asks instead."""
    page.route("**/events?*", lambda route: route.fulfill(status=406, body="no streams here"))
    site.hold()
    run = site.begin()
    page.goto(f"{site.url}#/runs/{run}")
    expect(page.get_by_role("progressbar")).to_be_visible()
    site.pace(0.0)
    finished(page)


def test_seven_tabs_hold_one_connection(site: Site, page: Page) -> None:
    """A browser has six for a server: one each would leave none for anything else."""
    site.hold()
    run, other = site.begin(params={"city": "Lagos"}), site.begin(params={"city": "Accra"})
    tabs = [page, *(page.context.new_page() for _ in range(6))]
    for place, tab in enumerate(tabs):
        tab.goto(f"{site.url}#/runs/{run if place % 2 else other}")
    for tab in tabs:
        expect(tab.get_by_role("progressbar")).to_be_visible()
    time.sleep(0.5)
    assert site.api.get("/operations").json()["followers"] == 2
    site.pace(0.0)
    for tab in tabs:
        expect(tab.get_by_text("Finished", exact=True).first).to_be_visible()


def test_another_tab_takes_over_when_the_one_that_leads_is_closed(site: Site, page: Page) -> None:
    site.hold()
    run = site.begin()
    other = page.context.new_page()
    page.goto(f"{site.url}#/runs/{run}")
    page.get_by_role("progressbar").wait_for()
    other.goto(f"{site.url}#/runs/{run}")
    other.get_by_role("progressbar").wait_for()
    page.goto("about:blank")
    site.pace(0.0)
    finished(other)


def test_every_row_of_a_report_is_shown_once_whatever_the_network_does(site: Site, page: Page) -> None:
    """Connections cut each second, a proxy that answers for itself, a server killed: then all rows, as copied."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    site.pace(0.4)
    page.goto(f"{site.url}#/start/sales")
    page.get_by_role("button", name="Start", exact=True).click()
    grid = page.get_by_role("grid")
    expect(grid.get_by_role("gridcell", name="<b>Zoë 1</b>", exact=True)).to_be_visible()
    run = page.url.rpartition("/")[2]
    with cut_every(site, 1.0):
        site.until_rows(run, site.run(run)["done"] + 100)
    site.proxy.refuse(502)
    expect(page.get_by_text(RECONNECTING)).to_be_visible()
    site.proxy.refuse(None)
    expect(page.get_by_text(RECONNECTING)).to_have_count(0, timeout=15_000)
    site.kill()
    expect(page.get_by_text(RECONNECTING)).to_be_visible()
    site.pace(0.0)
    site.start()
    expect(page.get_by_text("3,000 of 3,000 rows")).to_be_visible()
    grid.focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    expect(page.get_by_text("Copied: 3,000 rows, 4 columns.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert [line.partition("\t")[0] for line in copied] == [str(n) for n in range(1, 3001)]


def phone_line(site: Site) -> None:
    """3G: 400 ms there and back, 1.6 Mbit a second."""
    site.proxy.delay, site.proxy.rate = 0.2, 200_000.0


def test_a_report_over_3g(site: Site, page: Page) -> None:
    phone_line(site)
    page.goto(f"{site.url}#/start/sales")
    page.get_by_role("button", name="Start", exact=True).click()
    grid = page.get_by_role("grid")
    expect(grid.get_by_role("gridcell", name="<b>Zoë 1</b>", exact=True)).to_be_visible()
    expect(page.get_by_text("3,000 of 3,000 rows")).to_be_visible(timeout=15_000)
    grid.focus()
    page.keyboard.press("Control+End")
    expect(grid.get_by_role("gridcell", name="<b>Zoë 3000</b>", exact=True)).to_be_visible(timeout=15_000)


def test_an_upload_over_3g(site: Site, page: Page, tmp_path: Path) -> None:
    phone_line(site)
    path = tmp_path / "customers.csv"
    path.write_text("Name,Phone\n" + "".join(f"{n:0>60},0{n:09}\n" for n in range(14_000)))
    page.goto(f"{site.url}#/import/customers")
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text(re.compile(r"^524\.3 KB of 1 MB$"))).to_be_visible(timeout=15_000)
    expect(page.get_by_text("Which column is what?")).to_be_visible(timeout=15_000)
