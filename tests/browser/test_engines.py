"""The same journeys in every engine, at the widths of a desktop, a tablet and a phone.

Clicks are a mouse's, but those of WPE are the page's own; keys are typed; files are given to the page's own input, and
what is chosen from a list is set by script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.browser.axe import FAULTS
from tests.browser.conftest import Site
from tests.browser.engines import ENGINES, Browser, Engine
from tests.browser.test_import import query
from tests.waiting import until

# Selenium's own affairs.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

WIDTHS = (1280, 820, 390)
FIND = """
const all = (root) => [...root.querySelectorAll("*")].flatMap(
  (one) => [one, ...(one.shadowRoot ? all(one.shadowRoot) : [])]);
const found = all(document).filter((one) => one.getClientRects().length);
const own = (one) => [...one.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join("").trim();
const called = (one) => one.getAttribute("aria-label") ?? one.labels?.[0]?.innerText.trim() ?? own(one);
"""
TEXT = FIND + "return found.map(own).join('\\n')"
PRESSED = (
    FIND
    + """
const named = found.filter((one) => [own(one), called(one)].includes(arguments[0]) && !one.disabled);
return named.find((one) => one.matches("button")) ?? named.find((one) => one.matches("a")) ?? null"""
)
FIELD = FIND + "return found.find((one) => one.matches('input') && called(one) === arguments[0]) ?? null"
SELECT = (
    FIND
    + """
const [name, text] = arguments;
const list = found.find((one) => one.matches("select") && called(one) === name);
const option = [...list?.options ?? []].find((one) => one.text.trim() === text);
if (!option) return false;
list.value = option.value;
list.dispatchEvent(new Event("change", { bubbles: true }));
return true"""
)
FILE = FIND + "return all(document).find((one) => one.type === 'file') ?? null"
BAR = FIND + "return found.find((one) => one.getAttribute('role') === 'progressbar')?.getAttribute('aria-valuenow')"
PART = (
    FIND
    + """
const link = found.find((one) => /artifact[.]csv$/.test(one.href ?? ""));
return fetch(link.href).then((answer) => answer.text())"""
)
TO_THE_END = (
    FIND
    + """
const scroller = found.find((one) => one.matches(".scroller"));
scroller.scrollTop = scroller.scrollHeight"""
)
LOOK = """
const root = document.querySelector("nb-page").shadowRoot;
const meddler = document.createElement("style");
meddler.textContent = "* { letter-spacing: 9px !important }";
root.append(meddler);
const look = getComputedStyle(root.querySelector(".bar"));
return [look.display, look.letterSpacing]"""
"""What a rule of ours says, and what a style element says that nobody allowed."""
TOO_WIDE = "return document.documentElement.scrollWidth - innerWidth"


class Person:
    """Who sits before a browser, and can wait."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self.browser, self._site = browser, site

    def opens(self, place: str) -> None:
        self.browser.open(f"{self._site.url}{place}")

    def sees(self, *patterns: str) -> None:
        for pattern in patterns:
            until(lambda pattern=pattern: self.is_shown(pattern), pattern)

    def sees_no_more(self, pattern: str) -> None:
        until(lambda: not self.is_shown(pattern), f"{pattern} to go")

    def is_shown(self, pattern: str) -> bool:
        return bool(re.search(rf"^\s*(?:{pattern})\s*$", self.browser.run(TEXT), re.M))

    def clicks(self, name: str) -> None:
        until(lambda: self._does(self.browser.click, PRESSED, name), f"{name} to be there")

    def types(self, text: str, field: str) -> None:
        until(lambda: self._does(self.browser.type, text, FIELD, field), f"{field} to be there")

    def chooses(self, option: str, field: str) -> None:
        until(lambda: self.browser.run(SELECT, field, option), f"{option} of {field}")

    def gives(self, path: Path) -> None:
        until(lambda: self._does(self.browser.upload, path, FILE), "a place for files")

    def _does(self, what: Any, *arguments: Any) -> bool:
        """False where the element is not there yet, or was drawn anew in this moment."""
        with suppress(*self.browser.missed):
            what(*arguments)
            return True
        return False

    def finds_no_fault(self, axe: str) -> None:
        self.browser.run(axe)
        assert self.browser.awaited(FAULTS) == []

    def run(self) -> str:
        """The run whose page this is."""
        address = until(lambda: re.search("#/runs/(.+)", self.browser.run("return location.hash")), "a run's page")
        return str(address[1])

    def bar(self) -> int:
        return int(self.browser.run(BAR) or 0)


EVERYWHERE = [(engine, width) for engine in ENGINES for width in WIDTHS]


def named(where: tuple[Engine, int]) -> str:
    return f"{where[0].__name__}-{where[1]}"


def at(*where: tuple[Engine, int]) -> pytest.MarkDecorator:
    """Not everywhere, but in these engines at these widths."""
    return pytest.mark.parametrize("browser", where, indirect=True, ids=named)


@pytest.fixture(scope="module", params=EVERYWHERE, ids=named)
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    engine, width = request.param
    with engine(tmp_path_factory.mktemp(engine.__name__), width) as browser:
        yield browser


@pytest.fixture
def person(browser: Browser, site: Site) -> Person:
    return Person(browser, site)


def test_a_long_report_is_on_screen_at_once_and_a_part_of_it_is_kept(person: Person, site: Site) -> None:
    site.pace(0.2)
    person.opens("#/start/long")
    person.sees("100,000 rows")
    person.clicks("Start")
    person.sees("Row 0")
    run = person.run()
    assert site.run(run)["state"] == "running"
    until(lambda: person.bar() > 1, "the bar to move")
    for _ in range(5):
        before, shown, after = site.run(run)["done"], person.bar(), site.run(run)["done"]
        assert before // 1000 - 2 <= shown <= after / 1000
    assert person.browser.run(TOO_WIDE) <= 0
    person.clicks("Cancel…")
    person.clicks("Cancel the run")
    person.sees("Cancelled")
    rows = person.browser.awaited(PART).splitlines()[1:]
    assert len(rows) == site.run(run)["done"] < 100_000
    assert rows[-1] == f"{len(rows) - 1},Row {len(rows) - 1}"


def test_a_file_is_given_mapped_tried_imported_put_right_and_taken_back(
    person: Person, site: Site, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    query(site, "delete from customers")
    path = tmp_path / "customers.csv"
    path.write_text(f"Name,Phone No,Town\n{request.node.name},0207654321,Accra\nShort,12,Lagos\n", "utf-8")
    person.opens("")
    person.clicks("Customers")
    person.gives(path)
    person.sees("Looks like Phone. Is it\\?")
    person.clicks("Yes, it is")
    person.chooses("City", "Town is imported as")
    person.clicks("Continue")
    person.sees("Of the first 2 rows, 1 would be refused.*")
    assert person.browser.run(TOO_WIDE) <= 0
    person.clicks("Try it without changing anything")
    person.sees("This was a try: nothing was changed.*")
    assert query(site, "select count(*) from customers") == [(0,)]
    person.clicks("Import")
    person.run()
    person.types("0207654322", "Phone No, row 3")
    assert person.browser.run(TOO_WIDE) <= 0
    person.clicks("Import 1 corrected row")
    person.sees("Every row is in.*")
    assert query(site, "select name, phone, city from customers order by phone") == [
        (request.node.name, "0207654321", "Accra"), ("Short", "0207654322", "Lagos")
    ]  # fmt: skip
    person.clicks("Undo this import…")
    person.clicks("Undo it")
    person.sees("What was taken back", "Finished")
    assert query(site, "select phone from customers") == [("0207654321",)]


@at(*((engine, 1280) for engine in ENGINES[1:]))
def test_an_export_is_watched_through_a_lost_connection(person: Person, site: Site) -> None:
    person.opens("")
    person.clicks("Driver leads")
    person.sees("3,000 rows")
    site.pace(0.1)
    person.clicks("Start")
    person.sees("Running")
    until(lambda: person.bar() > 3, "the bar to move")
    site.proxy.refuse(503)
    person.sees("Reconnecting. Nothing is lost.*")
    site.proxy.refuse(None)
    person.sees_no_more("Reconnecting. Nothing is lost.*")
    site.pace(0.0)
    person.sees("Finished", "3,000")
    assert site.run(person.run())["state"] == "succeeded"


@at(*((engine, 820) for engine in ENGINES))
def test_a_hundred_thousand_rows_are_all_there(person: Person, site: Site) -> None:
    person.opens("#/start/long")
    person.sees("100,000 rows")
    person.clicks("Start")
    person.sees("Row 0", "Finished", "100,000 of 100,000 rows")
    person.browser.run(TO_THE_END)
    person.sees("Row 99999")


@at(*((engine, 390) for engine in ENGINES))
def test_the_look_is_there_and_a_style_that_nobody_allowed_is_not(person: Person) -> None:
    person.opens("")
    person.sees("Driver leads")
    assert person.browser.run(LOOK) == ["flex", "normal"]


@at(*((engine, 390) for engine in ENGINES[1:]))
def test_axe_finds_no_fault_in_any_view(person: Person, site: Site, axe: str) -> None:
    views = {
        "": "Driver leads",
        "#/start/leads": "3,000 rows",
        "#/runs": "Started by",
        "#/operations": "Latest failures",
    }
    for view, seen in views.items():
        person.opens(view)
        person.sees(seen)
        person.finds_no_fault(axe)
    site.hold()
    person.opens("#/start/long")
    person.sees("100,000 rows")
    person.clicks("Start")
    person.sees("Row 0")
    person.finds_no_fault(axe)
    person.clicks("Cancel…")
    person.finds_no_fault(axe)
    person.clicks("Cancel the run")
    site.pace(0.0)
    person.sees("Cancelled")
    person.finds_no_fault(axe)


@at(*((engine, 390) for engine in ENGINES[1:]))
def test_axe_finds_no_fault_in_an_import_and_at_the_door(
    person: Person, axe: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(f"Name,Phone No,Town\n{request.node.name},0207654329,Accra\nShort,12,Lagos\n", "utf-8")
    person.opens("#/import/customers")
    person.gives(path)
    person.sees("Looks like Phone. Is it\\?")
    person.finds_no_fault(axe)
    person.clicks("Yes, it is")
    person.clicks("Continue")
    person.sees("Of the first 2 rows, 1 would be refused.*")
    person.finds_no_fault(axe)
    person.clicks("Import")
    person.sees("Undo this import…")
    person.finds_no_fault(axe)
    person.browser.run("document.cookie = 'user=nobody; path=/'")
    person.opens("")
    person.sees("Sign in to the application.*")
    person.finds_no_fault(axe)
    person.browser.run("document.cookie = 'user=; path=/; max-age=0'")
