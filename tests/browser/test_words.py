"""What people are told when something is not as they wish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page


def be(page: Page, site: Site, name: str) -> None:
    page.context.add_cookies([{"name": "user", "value": name, "url": site.proxy.url}])


def test_no_data(site: Site, page: Page) -> None:
    page.goto(f"{site.url}#/start/empty")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("No data: nothing fits what was asked for.")).to_be_visible()


def test_a_second_run_where_one_is_allowed(site: Site, page: Page) -> None:
    site.pace(0.2)
    run = site.begin("one-at-a-time")
    page.goto(f"{site.url}#/start/one-at-a-time")
    page.get_by_role("button", name="Start", exact=True).click()
    told = page.get_by_role("alert")
    expect(told).to_contain_text("Wait until one has ended, or cancel one.")
    expect(told).to_contain_text("Try again in")
    site.api.post(f"/runs/{run}/cancel")


def test_a_deadline(site: Site, page: Page) -> None:
    site.pace(0.2)
    run = site.begin("hasty")
    page.goto(f"{site.url}#/runs/{run}")
    expect(page.get_by_text("Took too long", exact=True).first).to_be_visible()
    expect(page.get_by_text("Ask for less at once")).to_be_visible()
    expect(page.get_by_role("link", name="Download what there is")).to_be_visible()


def test_a_job_that_fails(site: Site, page: Page) -> None:
    page.goto(f"{site.url}#/start/broken")
    expect(page.get_by_text("the ledger has no such account")).to_be_visible()
    run = site.begin("broken")
    page.goto(f"{site.url}#/runs/{run}")
    expect(page.get_by_text("If it fails again, tell those who run the server.")).to_be_visible()


def test_who_may_only_watch(site: Site, page: Page) -> None:
    be(page, site, "viewer")
    page.goto(site.url)
    expect(page.get_by_text("You may watch its runs, but not start it.").first).to_be_visible()
    expect(page.get_by_role("link", name="Operations")).to_have_count(0)
    page.goto(f"{site.url}#/start/leads")
    expect(page.get_by_text("Ask those who run the server for permission.").first).to_be_visible()
    page.goto(f"{site.url}#/operations")
    expect(page.get_by_text("This page is for those who run the server.")).to_be_visible()


@pytest.mark.parametrize("user", ["ann", "boss"])
def test_a_run_that_is_not_there_or_somebody_elses(site: Site, page: Page, user: str) -> None:
    run = site.begin("empty") if user == "ann" else "none"
    be(page, site, user)
    page.goto(f"{site.url}#/runs/{run}")
    expect(page.get_by_text("There is no such run.")).to_be_visible()


def test_who_is_not_signed_in(site: Site, page: Page) -> None:
    be(page, site, "nobody")
    page.goto(site.url)
    expect(page.get_by_text("Sign in to the application that this page belongs to")).to_be_visible()


def test_a_job_that_is_not_there(site: Site, page: Page) -> None:
    page.goto(f"{site.url}#/start/none")
    expect(page.get_by_text("There is no such job")).to_be_visible()


def test_an_address_that_is_none(site: Site, page: Page) -> None:
    page.goto(f"{site.url}#/elsewhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    page.get_by_role("link", name="To the start").click()
    expect(page.get_by_role("link", name="Driver leads")).to_be_visible()


@pytest.mark.parametrize(("day", "said"), [(0, "No data"), (1, "1 of 1 row")])
def test_a_report_of_no_row_and_of_one(site: Site, page: Page, day: int, said: str) -> None:
    page.goto(f"{site.url}#/start/days?day={day}")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible()
    expect(page.locator("narrowboat-table").get_by_text(said, exact=True)).to_be_visible()


def test_the_sixth_report_at_once(site: Site, page: Page) -> None:
    site.pace(2.5)
    runs = [site.begin("days", params={"day": day}, output={}, background=True) for day in range(11, 16)]
    page.goto(f"{site.url}#/start/days?day=16")
    page.get_by_role("button", name="Start", exact=True).click()
    told = page.get_by_role("alert")
    expect(told).to_contain_text("Wait until one has ended, or cancel one.")
    expect(told).to_contain_text("Try again in")
    for run in runs:
        site.api.post(f"/runs/{run}/cancel")


def test_who_wants_a_mail_at_the_end(site: Site, page: Page) -> None:
    page.goto(f"{site.url}#/start/sales")
    expect(page.get_by_role("checkbox", name="Go on when I close the page")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Write me an e-mail when it ends")).to_have_count(0)
    be(page, site, "mailed")
    page.reload()
    page.get_by_role("checkbox", name="Write me an e-mail when it ends").check()
    site.hold()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("mailed@shop.example will be told when it ends")).to_be_visible()


def test_who_is_told_of_a_run(site: Site, page: Page) -> None:
    site.pace(0.2)
    run = site.begin("told")
    page.goto(f"{site.url}#/runs/{run}")
    expect(page.get_by_text("ops will be told when it ends")).to_be_visible()
    site.pace(0.0)
    expect(page.get_by_text("ops is being told")).to_be_visible()
