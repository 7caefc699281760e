"""A database that is lost in the middle, as people see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.postgresql import Server, own_server

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with own_server() as server:
        yield server


@pytest.fixture(scope="module")
def site(database: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"), SITE_STORE=database.get_uri())
    yield site
    site.close()


def test_a_database_that_is_lost_is_named_and_the_run_goes_on_when_it_is_back(
    database: Server, site: Site, page: Page
) -> None:
    site.pace(0.3)
    run = site.begin()
    page.goto(f"{site.url}#/runs/{run}")
    site.until_rows(run, 50)
    database.stop()
    try:
        expect(page.get_by_text("The database is away. Runs go on when it is back")).to_be_visible(timeout=30_000)
        other = page.context.new_page()
        other.goto(f"{site.url}#/runs")
        expect(other.get_by_text("The database is away. Runs go on when it is back")).to_be_visible(timeout=40_000)
    finally:
        database.start()
    site.pace(0.0)
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("3,000", exact=True)).to_be_visible()
    expect(other.get_by_role("link", name="Driver leads").first).to_be_visible(timeout=30_000)
