"""A server with jobs whose pace the tests set, a proxy before it, and Chromium."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.acceptance.server import ROOT
from tests.browser import axe as axe_core
from tests.browser.proxy import Proxy
from tests.waiting import free_port, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them need a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


class Site:
    """The server's process, and the words of the tests."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.port = folder, free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        """Without the proxy, so another one to a browser; its pages may call."""
        self.environment = {**os.environ, "SITE_FOLDER": str(folder), "SITE_ORIGIN": self.origin, **environment}
        self.python("from tests.browser.site import make_crm; make_crm()")
        self._log = open(folder / "server.log", "ab")
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/bulk", timeout=30)
        self.start()
        self.proxy = Proxy(self.port)
        self.url = f"{self.proxy.url}/bulk/"

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [sys.executable, "-m", "uvicorn", "tests.browser.site:app", "--port", str(self.port), "--http", "h11"]
        self.process = subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=self._log, stderr=self._log)
        until(self._answers, "the server to answer")

    def python(self, code: str) -> None:
        """Run code beside the server, in its environment."""
        subprocess.run([sys.executable, "-c", code], env=self.environment, cwd=ROOT, check=True)

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "server.log").read_text()
        try:
            return self.api.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """As `kill -9`."""
        self.process.kill()
        self.process.wait(10)

    def close(self) -> None:
        self.proxy.close()
        self.api.close()
        self.process.terminate()
        self.process.wait(20)
        self._log.close()

    def pace(self, seconds: float) -> None:
        """From now on a chunk takes so long, the one under way too. A run of leads has sixty."""
        new = self.folder / "pace.new"
        new.write_text(str(seconds))
        new.rename(self.folder / "pace")

    def hold(self) -> None:
        """No run ends before another pace is set, however long that takes."""
        self.pace(3600.0)

    def begin(self, job: str = "leads", **body: Any) -> str:
        """Start a run; its id."""
        found = self.api.post(f"/jobs/{job}/runs", json={"output": {"format": "csv"}, **body})
        assert found.status_code == 202, found.text
        return str(found.json()["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        """The run as it is."""
        found: dict[str, Any] = self.api.get(f"/runs/{run_id}").json()
        return found

    def until_state(self, run_id: str, state: str) -> dict[str, Any]:
        """The run once it is in this state."""
        until(lambda: self.run(run_id)["state"] == state, f"run {run_id} to be {state}")
        return self.run(run_id)

    def until_rows(self, run_id: str, rows: int) -> None:
        """Wait for so many committed rows."""
        until(lambda: self.run(run_id)["done"] >= rows, f"{rows} rows of run {run_id}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where there is no Chromium, no site is made for it."""
    if "chromium" in getattr(item, "fixturenames", ()) and not CHROMIUM.exists():
        pytest.skip("needs Debian's chromium: scripts/system-packages.sh")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    yield site
    site.close()


@pytest.fixture(autouse=True)
def even_pace(site: Site) -> Iterator[None]:
    """Nothing of the test before goes on, and nothing lies in the way."""
    site.proxy.refuse(None)
    site.proxy.delay = site.proxy.rate = 0.0
    site.pace(0.0)
    yield
    site.pace(0.0)


@pytest.fixture(scope="session")
def axe() -> str:
    return axe_core.source()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which no script may fail."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    assert faults == []
