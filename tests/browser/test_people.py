"""Who signs in at the server's own form, and hands a file on by a link."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect

from tests.acceptance.people import PASSWORD
from tests.acceptance.server import ROOT
from tests.browser.conftest import Site
from tests.browser.test_accessibility import violations

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"), SITE_PEOPLE="1")
    command = [sys.executable, "-m", "narrowboat", "users", "add", "ann", "--role", "admin"]
    store = f"sqlite:///{site.folder}/runs.db"
    subprocess.run([*command, "--store", store], input=PASSWORD + "\n", text=True, check=True, cwd=ROOT)
    yield site
    site.close()


def test_the_door_is_without_fault(site: Site, page: Page, axe: str) -> None:
    page.goto(site.url)
    page.get_by_label("User").fill("ann")
    assert violations(page, axe) == []
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_text("User and password do not fit together.")).to_be_visible()
    assert violations(page, axe) == []


def test_a_person_signs_in_copies_a_link_and_signs_out(site: Site, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(site.url)
    page.get_by_label("User").fill("ann")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("User and password do not fit together.")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Complaints").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Link copied. Whoever has it may download until")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert httpx.get(link).status_code == 200
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
