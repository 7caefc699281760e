"""From the catalogue to the file, as a person goes."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

BAR = """() => {
  const within = (one, name) => one.shadowRoot.querySelector(name);
  const run = within(within(document.querySelector("nb-page"), "nb-run-view"), "narrowboat-run");
  const bar = within(within(run, "nb-bar"), "[role=progressbar]");
  const part = /scaleX[(](.*)[)]/.exec(bar.firstElementChild.getAttribute("style"));
  const figure = parseInt(within(run, ".percent").innerText);
  return [100 * Number(part[1]), Number(bar.getAttribute("aria-valuenow")), figure];
}"""
"""How long the bar is, what it says of itself, and the figure beside it: in points of a hundred. Once it is seen."""
ALONE = """async (about) => {
  await customElements.whenDefined("nb-bar");
  window.bar = document.body.appendChild(Object.assign(document.createElement("nb-bar"), about));
}"""
"""A bar that is told so, and then no more."""
TINY = 1e-3
"""Points: a length is written with six digits."""
LENGTH = """() => 100 * new DOMMatrix(window.bar.shadowRoot.querySelector(".bar > div").style.transform).a"""


def run_of(page: Page) -> str:
    page.wait_for_url(re.compile("#/runs/."))
    return page.url.rpartition("/")[2]


def test_an_export_is_found_counted_chosen_started_watched_and_downloaded(site: Site, page: Page) -> None:
    site.pace(0.05)
    page.goto(site.url)
    page.get_by_role("link", name="Driver leads").click()
    expect(page.get_by_text("3,000 rows")).to_be_visible()
    page.get_by_role("combobox", name="City").select_option("Lagos")
    expect(page.get_by_text("1,000 rows")).to_be_visible()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="phone").uncheck()
    page.get_by_role("button", name="Move name up").click()
    page.get_by_label("Header of city").fill("Town")
    page.get_by_role("combobox", name="File").select_option("csv")
    page.get_by_role("button", name="Start", exact=True).click()
    run = run_of(page)
    expect(page.get_by_text("Running", exact=True).first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    assert text.splitlines()[:2] == ["name,id,Town", "<b>Zoë 3</b>,3,Lagos"]
    assert (len(text.splitlines()), download.value.suggested_filename) == (1001, "leads.csv")
    assert site.run(run)["params"]["city"] == "Lagos"
    expect(page.get_by_text("all is complete and checked")).to_be_visible()


def test_pages_can_be_chosen(site: Site, page: Page) -> None:
    page.goto(f"{site.url}#/start/leads")
    page.get_by_role("radio", name="One page").check()
    page.get_by_label("Rows a page").fill("180")
    page.keyboard.press("Tab")
    page.get_by_label("Page 1 of 17").fill("17")
    page.keyboard.press("Tab")
    expect(page.get_by_text("120 rows")).to_be_visible()
    page.get_by_role("radio", name="Several pages").check()
    page.get_by_label("Pages", exact=True).fill("16-18")
    page.keyboard.press("Tab")
    expect(page.get_by_text("There are 17 pages.")).to_be_visible()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    page.get_by_label("Pages", exact=True).fill("16-17")
    page.keyboard.press("Tab")
    expect(page.get_by_text("This file holds one table")).to_be_visible()
    page.get_by_role("combobox", name="File").select_option("xlsx")
    page.get_by_role("button", name="Start", exact=True).click()
    assert site.until_state(run_of(page), "succeeded")["done"] == 300


def test_pages_that_are_offered_are_there(site: Site, page: Page) -> None:
    page.goto(f"{site.url}#/start/leads")
    expect(page.get_by_text("3,000 rows")).to_be_visible()
    page.get_by_role("radio", name="Several pages").check()
    pages = page.get_by_label("Pages", exact=True)
    expect(pages).to_have_value("1")
    pages.fill("1-2")
    page.keyboard.press("Tab")
    expect(page.get_by_text("There is one page.")).to_be_visible()
    page.goto(f"{site.url}#/start/days")
    expect(page.get_by_text("Fill in what is required, and the rows are counted.")).to_be_visible()


def test_the_bar_is_within_two_points_of_the_truth_at_every_sample(site: Site, page: Page) -> None:
    """The truth: the rows that the server has committed, asked for before and after each sample."""
    site.pace(0.1)
    run = site.begin()
    page.goto(f"{site.url}#/runs/{run}")
    site.until_rows(run, 1)
    expect(page.get_by_role("progressbar")).to_be_visible()
    samples = 0
    while (now := site.run(run))["state"] == "running" and now["done"] < 2900:
        sample = page.evaluate(BAR)
        assert_true(sample, now["done"] / 30, site.run(run)["done"] / 30)
        samples += 1
        time.sleep(0.02)
    assert samples > 30


def test_the_bar_of_a_long_report_is_within_two_points_of_what_the_store_holds(site: Site, page: Page) -> None:
    """The truth is read in the store's file. When nothing more comes, the bar stands still, and it never goes back."""
    site.pace(0.05)
    run = site.begin("long", output={})
    page.goto(f"{site.url}#/runs/{run}")
    site.until_rows(run, 1)
    expect(page.get_by_role("progressbar")).to_be_visible()
    with closing(sqlite3.connect(site.folder / "runs.db")) as store:

        def done() -> float:
            query = "select rows_done from narrowboat_runs where id = ?"
            return float(store.execute(query, (run,)).fetchone()[0]) / 1000

        samples = [[0.0, 0, 0]]
        while (before := done()) < 80:
            samples.append(page.evaluate(BAR))
            assert_true(samples[-1], before, done())
        assert len(samples) > 100
        assert samples == sorted(samples)
        site.pace(2.0)
        until(lambda: page.evaluate(BAR) == page.evaluate(BAR), "the bar to stand still")
        before = done()
        assert_true(page.evaluate(BAR), before, done())
    site.pace(0.0)
    site.api.post(f"/runs/{run}/pause")
    site.api.post(f"/runs/{run}/cancel")


def assert_true(sample: list[float], before: float, after: float) -> None:
    """A sample of the bar, between two looks at what is committed, all in points."""
    long, said, figure = sample
    assert before - 2 - TINY <= long <= after + 2 + TINY, (before, long, after)
    assert said == figure <= min(long, after), "a figure is what is known"


@pytest.mark.parametrize(
    ("pace", "still", "least", "most"),
    [(0.1, False, 50.8, 51.3), (10.0, False, 51.99, 52 + TINY), (0.0, False, 50.0, 50.0), (10.0, True, 50.0, 50.0)],
)
def test_a_bar_goes_on_at_its_pace_for_a_moment_and_never_by_more_than_two_points(
    site: Site, page: Page, pace: float, still: bool, least: float, most: float
) -> None:
    """How far depends on how long a frame is seen, but for the most of it."""
    page.goto(f"{site.url}#/runs")
    page.evaluate(ALONE, {"share": 0.5, "pace": pace, "still": still})
    until(lambda: least <= page.evaluate(LENGTH) <= most, "the bar to stand where it should")
    assert page.evaluate("new Promise((seen) => setTimeout(seen, 300))") is None
    assert least <= page.evaluate(LENGTH) <= most


def test_the_bar_of_a_paused_run_is_exact(site: Site, page: Page) -> None:
    site.pace(0.05)
    run = site.begin()
    page.goto(f"{site.url}#/runs/{run}")
    site.until_rows(run, 500)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True).first).to_be_visible()
    long, said, figure = page.evaluate(BAR)
    assert long == pytest.approx(site.run(run)["done"] / 30, abs=0.001)
    assert said == figure == int(long + 0.001)
    expect(page.get_by_text("Speed", exact=True)).to_have_count(0)


def test_a_run_is_cancelled_only_after_a_question_and_keeps_what_it_has(site: Site, page: Page) -> None:
    site.pace(0.1)
    run = site.begin()
    page.goto(f"{site.url}#/runs/{run}")
    site.until_rows(run, 100)
    page.get_by_role("button", name="Cancel…").click()
    page.get_by_role("button", name="Keep it going").click()
    assert site.run(run)["state"] == "running"
    page.get_by_role("button", name="Cancel…").click()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.get_by_text("Cancelled", exact=True).first).to_be_visible()
    expect(page.get_by_text("what was done is kept", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download what there is").click()
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert len(lines) == site.run(run)["done"] + 1
    site.pace(0.0)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible()
    assert site.run(run)["done"] == 3000


def test_a_run_pauses_and_goes_on_and_runs_again(site: Site, page: Page) -> None:
    site.pace(0.1)
    run = site.begin()
    page.goto(f"{site.url}#/runs/{run}")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True).first).to_be_visible()
    expect(page.get_by_text("It goes on where it stopped")).to_be_visible()
    site.pace(0.0)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible()
    with page.expect_request("**/rerun") as asked:
        page.get_by_role("button", name="Run again").click()
    assert asked.value.header_value("idempotency-key")
    page.wait_for_url(lambda url: run not in url)
    assert site.until_state(run_of(page), "succeeded")["parent"] == run


def test_two_people_cancel_at_once(site: Site, page: Page) -> None:
    site.pace(0.1)
    run = site.begin()
    other = page.context.new_page()
    for one in (page, other):
        one.goto(f"{site.url}#/runs/{run}")
        one.get_by_role("button", name="Cancel…").click()
    for one in (page, other):
        one.get_by_role("button", name="Cancel the run").click()
    for one in (page, other):
        expect(one.get_by_text("Cancelled", exact=True).first).to_be_visible()
        expect(one.get_by_role("alert")).to_have_count(0)


def test_a_tab_that_cancels_twice_lets_go_of_its_own_share_alone(site: Site, page: Page) -> None:
    site.pace(0.1)
    run = site.begin()
    assert site.begin() == run, "asked for twice, done once"

    def cancel(tab: Page) -> None:
        tab.get_by_role("button", name="Cancel…").click()
        with tab.expect_response("**/cancel"):
            tab.get_by_role("button", name="Cancel the run").click()

    page.goto(f"{site.url}#/runs/{run}")
    cancel(page)
    cancel(page)
    assert (site.run(run)["state"], site.run(run)["holders"]) == ("running", 1)
    other = page.context.new_page()
    other.goto(f"{site.url}#/runs/{run}")
    cancel(other)
    expect(other.get_by_text("Cancelled", exact=True).first).to_be_visible()


def test_the_history_can_be_filtered_and_moves(site: Site, page: Page) -> None:
    site.begin("empty")
    site.pace(0.1)
    run = site.begin("leads", params={"city": "Accra"})
    page.goto(f"{site.url}#/runs")
    item = page.get_by_role("listitem").filter(has_text="city: Accra").first
    expect(item.get_by_text("Running")).to_be_visible()
    site.pace(0.0)
    expect(item.get_by_text("Finished")).to_be_visible()
    page.get_by_role("combobox", name="Job").select_option("Complaints")
    expect(page.get_by_role("listitem").filter(has_text="Driver leads")).to_have_count(0)
    page.get_by_role("combobox", name="Job").select_option("all")
    page.get_by_role("combobox", name="State").select_option("Failed")
    expect(page.get_by_text("No run fits.").or_(page.get_by_text("Failed").nth(1))).to_be_visible()
    page.get_by_role("combobox", name="State").select_option("any")
    page.get_by_label("Started by").fill("somebody else")
    page.keyboard.press("Tab")
    expect(page.get_by_text("No run fits.")).to_be_visible()
    page.get_by_label("Started by").fill("")
    page.keyboard.press("Tab")
    page.get_by_role("link", name="Driver leads").first.click()
    assert run_of(page) == run


def test_a_name_is_not_cut_up_beside_its_state_on_a_phone(site: Site, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    site.until_state(site.begin("empty"), "succeeded")
    page.goto(f"{site.url}#/runs")
    line = page.get_by_role("listitem").filter(has_text="Complaints").first
    for state in ("Finished", "Finished, some rows refused"):
        line.locator(".state").evaluate("(one, state) => { one.textContent = state; }", state)
        lines = "one => one.offsetHeight / parseFloat(getComputedStyle(one).lineHeight)"
        assert line.get_by_role("link").evaluate(lines) < 1.5


def test_older_runs_come_on_demand(site: Site, page: Page) -> None:
    for n in range(28):
        site.begin("empty", not_before=f"2090-01-{n + 1:02}T00:00:00Z")
    page.goto(f"{site.url}#/runs")
    expect(page.get_by_role("listitem")).to_have_count(25)
    page.get_by_role("button", name="Show older runs").click()
    expect(page.get_by_role("listitem").nth(27)).to_be_visible()


def test_operators_see_how_the_server_does(site: Site, page: Page) -> None:
    site.pace(0.1)
    run = site.begin(params={"city": "Kraków"})
    site.until_rows(run, 50)
    page.goto(site.url)
    page.get_by_role("link", name="Operations").click()
    expect(page.get_by_role("heading", name="Worked on now")).to_be_visible()
    expect(page.get_by_role("link", name="Driver leads").first).to_be_visible()
    expect(page.get_by_role("columnheader", name="Since")).to_be_visible()
    expect(page.get_by_role("cell", name="server")).to_be_visible()
    expect(page.get_by_role("cell", name="worker").first).to_be_visible()
    for chart in ("Waiting", "Working", "Oldest waiting", "Memory", "Watching", "Disk free"):
        expect(page.get_by_role("figure").filter(has_text=chart).first).to_be_visible()
    site.pace(0)
    outcomes = page.get_by_role("region", name="On average")
    expect(outcomes.get_by_role("cell", name="Driver leads")).to_be_visible()


def test_operators_are_told_of_missing_indexes_before_a_run(site: Site, page: Page) -> None:
    page.goto(f"{site.url}#/start/leads")
    expect(page.get_by_text("3,000 rows")).to_be_visible()
    page.get_by_role("combobox", name="City").select_option("Accra")
    expect(page.get_by_text("1 index", exact=True)).to_be_visible()
    page.get_by_role("heading", name="Missing indexes").click()
    expect(page.get_by_text("No index begins with city")).to_be_visible()
    expect(page.get_by_text(re.compile("^create index .*leads.*city.*;$"))).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("create index idx_leads_city on")
    page.get_by_role("combobox", name="City").select_option("any")
    expect(page.get_by_role("heading", name="Missing indexes")).to_be_hidden()


def test_others_are_not_told_of_indexes(site: Site, page: Page) -> None:
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.add_cookies([{"name": "user", "value": "ann", "url": site.proxy.url}])
    page.goto(f"{site.url}#/start/leads?city=Accra")
    expect(page.get_by_text("1,000 rows")).to_be_visible()
    expect(page.get_by_role("group").filter(has_text="Columns")).to_be_visible()
    assert not [url for url in asked if "advice" in url]


def test_a_report_shows_its_rows_while_they_come(site: Site, page: Page) -> None:
    site.pace(0.3)
    page.goto(f"{site.url}#/start/sales")
    page.get_by_role("button", name="Start", exact=True).click()
    grid = page.get_by_role("grid")
    expect(grid.get_by_role("gridcell", name="<b>Zoë 1</b>", exact=True)).to_be_visible()
    assert site.run(run_of(page))["state"] == "running"
    for figure in ("Speed", "Time left", "Memory"):
        expect(page.get_by_role("term").filter(has_text=figure)).to_be_visible()
    page.get_by_role("button", name="Let it go on without me").click()
    expect(page.get_by_role("button", name="Let it go on without me")).to_have_count(0)
    assert site.run(run_of(page))["unfollowed"] is None
    site.pace(0.0)
    expect(page.get_by_text("3,000 of 3,000 rows")).to_be_visible()
    grid.focus()
    page.keyboard.press("Control+End")
    expect(grid.get_by_role("gridcell", name="<b>Zoë 3000</b>", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download csv").click()
    assert len(Path(download.value.path()).read_text("utf-8-sig").splitlines()) == 3001
