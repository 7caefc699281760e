"""A host's own page, as the documentation shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.acceptance.server import ROOT
from tests.browser.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

COOKIES = 'credentials: "include"'
SOURCE = "document.querySelector('narrowboat-run').src"
DOCS = (ROOT / "docs/howto/embed.md").read_text()


def example() -> str:
    (text,) = re.findall(r"```html\n(.*?)```", DOCS, re.S)
    return str(text)


def test_the_example_starts_and_shows_a_run(site: Site, page: Page) -> None:
    (site.folder / "leads.html").write_text(example())
    site.pace(0.05)
    page.goto(f"{site.proxy.url}/host/leads.html")
    page.get_by_role("button", name="Export them").click()
    expect(page.get_by_role("heading", name="Driver leads", level=2)).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    site.pace(0.0)
    expect(page).to_have_title("Your leads are there")
    button = page.get_by_role("link", name="Download", exact=True)
    assert button.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(124, 58, 237)"


def test_the_table_shows_a_report(site: Site, page: Page) -> None:
    run = site.begin("sales", output={}, background=True)
    text = example().replace(
        "<narrowboat-run hidden>",
        f'<narrowboat-table src="/bulk/runs/{run}"></narrowboat-table><narrowboat-run hidden>',
    )
    (site.folder / "sales.html").write_text(text)
    page.goto(f"{site.proxy.url}/host/sales.html")
    expect(page.get_by_role("gridcell", name="<b>Zoë 1</b>", exact=True)).to_be_visible()
    assert page.locator("narrowboat-table").bounding_box()["height"] == 320  # type: ignore[index]


def test_a_page_of_another_origin_starts_and_shows_a_run(site: Site, page: Page) -> None:
    """As the documentation says: its origin is named, addresses are in full, and cookies go along."""
    text = (
        example().replace('"/bulk/', f'"{site.proxy.url}/bulk/').replace('method: "POST"', 'method: "POST", ' + COOKIES)
    )
    text = text.replace('answer.headers.get("Location")', f'"{site.proxy.url}" + answer.headers.get("Location")')
    text = text.replace("<narrowboat-run ", '<narrowboat-run credentials="include" ')
    (site.folder / "elsewhere.html").write_text(text)
    page.context.add_cookies([{"name": "user", "value": "ann", "url": site.proxy.url}])
    site.hold()
    page.goto(f"{site.origin}/host/elsewhere.html")
    with page.expect_request("**/events?*") as followed:
        page.get_by_role("button", name="Export them").click()
    with page.expect_request("**/pause") as asked:
        page.get_by_role("button", name="Pause").click()
    for one in (followed.value, asked.value):
        assert one.header_value("cookie") == "user=ann"
    site.pace(0.0)
    page.get_by_role("button", name="Resume").click()
    expect(page).to_have_title("Your leads are there")
    run = page.evaluate(SOURCE)
    assert (site.proxy.url in run, site.run(run.rpartition("/")[2])["owner"]) == (True, "ann")


def test_every_property_and_attribute_of_the_documentation_is_there() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "ui/src").rglob("*.ts"))
    look = (ROOT / "ui/src/look.css").read_text()
    told = set(re.findall(r"`(--nb-[a-z-]+)`", DOCS)) | {
        f"--nb-{state}-ground" for state in ("good", "busy", "warn", "bad")
    }
    assert told == set(re.findall(r"(--nb-[a-z-]+):", look)) - {"--nb-ground"}
    for attribute in re.findall(r"^\| `(\w+)` \|", DOCS, re.M):
        assert re.search(rf"@property\([^)]*\) {attribute}\b", sources), attribute
