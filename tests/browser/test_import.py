"""From a spreadsheet to records, as a person goes: the file, its columns, a check, what was refused, and back."""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.browser.test_journey import run_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

HEADER = "Name,Phone,Town or city,Joined"
GOOD = ["Efua,0201234561,Accra,2025-01-31", "<b>Yaw</b>,0201234562,Lagos,2025-02-01"]
BAD = ["Kojo,12,Accra,2025-02-02", ",0201234564,Lagos,soon"]


@pytest.fixture(autouse=True)
def nobody_yet(site: Site) -> Iterator[None]:
    yield
    query(site, "delete from customers")


def query(site: Site, sql: str) -> list[Any]:
    with closing(sqlite3.connect(site.folder / "crm.db")) as crm, crm:
        return crm.execute(sql).fetchall()


def written(folder: Path, *lines: str, name: str = "customers.csv") -> Path:
    path = folder / name
    path.write_text("\n".join((HEADER, *lines)) + "\n", "utf-8")
    return path


def choose(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)


def mapped(site: Site, page: Page, path: Path) -> None:
    """Up to the check, with what only looks alike confirmed."""
    page.goto(f"{site.url}#/import/customers")
    choose(page, path)
    page.get_by_label("Town or city is imported as").select_option("City")
    page.get_by_role("button", name="Continue").click()


def test_a_file_is_mapped_checked_imported_put_right_and_taken_back(site: Site, page: Page, tmp_path: Path) -> None:
    page.goto(site.url)
    page.get_by_role("link", name="Customers").click()
    choose(page, written(tmp_path, *GOOD, *BAD))
    expect(page.get_by_text("Which column is what?")).to_be_visible()
    page.get_by_label("Town or city is imported as").select_option("City")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Of the first 4 rows, 2 would be refused.")).to_be_visible()
    page.get_by_role("button", name="Try it without changing anything").click()
    expect(page.get_by_text("This was a try: nothing was changed.")).to_be_visible()
    assert query(site, "select count(*) from customers") == [(0,)]
    page.get_by_role("button", name="Import", exact=True).click()
    first = run_of(page)
    expect(page.get_by_text("Finished, some rows refused").first).to_be_visible()
    assert query(site, "select name, city from customers order by name") == [("<b>Yaw</b>", "Lagos"), ("Efua", "Accra")]

    phone = page.get_by_label("Phone, row 4")
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("A telephone number is 0 and nine digits.")).to_be_visible()
    phone.fill("0201234563")
    expect(phone).not_to_have_attribute("aria-invalid", "true")
    page.get_by_label("Name, row 5").fill("Ama")
    page.get_by_label("Joined, row 5").fill("2025-02-03")
    page.get_by_role("button", name="Import 2 corrected rows").click()
    page.wait_for_url(lambda url: first not in url)
    expect(page.get_by_text("Every row is in.")).to_be_visible()
    assert query(site, "select count(*) from customers") == [(4,)]

    page.get_by_role("link", name="show it").click()
    expect(page.get_by_role("heading", name="Refused rows")).to_be_visible()
    page.get_by_role("button", name="Undo this import…").click()
    expect(page.get_by_text("2 records that it created are removed")).to_be_visible()
    page.get_by_role("button", name="Undo it").click()
    expect(page.get_by_role("heading", name="What was taken back")).to_be_visible()
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible()
    assert query(site, "select name from customers order by name") == [("Ama",), ("Kojo",)]


def test_what_only_looks_like_a_field_is_asked_for(site: Site, page: Page, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("Name,Phone No,Note\nEfua,0201234561,new\n", "utf-8")
    page.goto(f"{site.url}#/import/customers")
    choose(page, path)
    expect(page.get_by_text("Looks like Phone. Is it?")).to_be_visible()
    onward = page.get_by_role("button", name="Continue")
    expect(onward).to_be_disabled()
    page.get_by_role("button", name="No, leave it out: Phone No").click()
    expect(page.get_by_text("The file lacks Phone.")).to_be_visible()
    expect(onward).to_be_disabled()
    page.get_by_label("Phone No is imported as").select_option("phone")
    expect(page.get_by_text("Not in the file: City, Joined.")).to_be_visible()
    page.get_by_label("Note is imported as").select_option("phone")
    expect(page.get_by_label("Phone No is imported as")).to_have_value("")
    page.get_by_label("Phone No is imported as").select_option("phone")
    page.reload()
    expect(page.get_by_label("Note is imported as")).to_have_value("")
    onward.click()
    expect(page.get_by_text("The first row is as it should be.")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Phone No is imported as")).to_have_value("phone")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_text("It has arrived whole.")).to_be_visible()
    expect(page.get_by_text(re.compile("[0-9a-f]{64}"))).to_be_visible()


def test_a_sheet_and_the_row_of_the_names_are_chosen(site: Site, page: Page, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["nothing", "here"])
    sheet = book.create_sheet("People")
    for line in (["Our customers"], ["Name", "Phone"], ["Efua", "0201234561"], ["Name 2", "0201234562"]):
        sheet.append(line)
    book.save(tmp_path / "book.xlsx")
    page.goto(f"{site.url}#/import/customers")
    choose(page, tmp_path / "book.xlsx")
    page.get_by_label("Sheet").select_option("People")
    expect(page.get_by_label("Row with the names")).to_have_value("2")
    page.get_by_label("Row with the names").fill("3")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Efua is imported as")).to_be_visible()
    page.get_by_label("Row with the names").fill("2")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("The first 2 rows are as they should be.")).to_be_visible()


def test_a_file_without_rows_and_one_that_is_none(site: Site, page: Page, tmp_path: Path) -> None:
    mapped(site, page, written(tmp_path))
    expect(page.get_by_text("No data: the file has no rows below the names of its columns.")).to_be_visible()
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_disabled()
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 and no more")
    page.goto(f"{site.url}#/import/customers")
    choose(page, tmp_path / "broken.xlsx")
    expect(page.get_by_role("alert")).to_contain_text("The file is damaged or was cut off")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible()


def test_the_same_file_again_is_known_and_said_kindly(site: Site, page: Page, tmp_path: Path) -> None:
    path = written(tmp_path, "Afi,0201234571,Accra,2025-03-03")
    runs: list[str] = []
    for button in ("Import", "Import it again"):
        mapped(site, page, path)
        page.get_by_role("button", name="Import", exact=True).click()
        if button != "Import":
            expect(page.get_by_text("You imported this very file before")).to_be_visible()
            page.get_by_role("link", name="Show what became of it").click()
            assert run_of(page) == runs[0]
            page.go_back()
            page.get_by_role("button", name="Import", exact=True).click()
            page.get_by_role("button", name=button).click()
        runs.append(run_of(page))
        expect(page.get_by_role("heading", name="What became of the rows")).to_be_visible()
        expect(page.get_by_text("Finished", exact=True).first).to_be_visible()
    assert len(set(runs)) == 2
    assert query(site, "select count(*) from customers") == [(1,)]


def test_refused_rows_are_downloaded_and_cannot_run_as_formulas(site: Site, page: Page, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    mapped(site, page, written(tmp_path, "=1+1,1,Accra,2025-01-01"))
    page.get_by_role("button", name="Import", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as csv").click()
    [row] = csv.DictReader(Path(download.value.path()).read_text("utf-8-sig").splitlines())
    assert (row["Name"], row["Import row"]) == ("'=1+1", "2")
    assert "0 and nine digits" in row["Import problem"]
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as xlsx").click()
    book = tmp_path / download.value.suggested_filename
    download.value.save_as(book)
    assert [cell.value for cell in load_workbook(book).active[2]][:2] == ["=1+1", "1"]


def test_a_refused_cell_that_has_the_focus_is_never_hidden(site: Site, page: Page, tmp_path: Path) -> None:
    mapped(site, page, written(tmp_path, *(f"Name {n},{n},Accra,2025-01-01" for n in range(30))))
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_label("Phone, row 2", exact=True).fill("12")
    for key in ["Enter"] * 29 + ["ArrowUp"] * 29:
        page.keyboard.press(key)
        assert page.evaluate(
            """() => { let root = document, one;
                while ((one = root.activeElement)?.shadowRoot?.activeElement) root = one.shadowRoot;
                const { left, right, top, bottom } = one.getBoundingClientRect();
                return [top + 2, bottom - 2].every((y) => root.elementFromPoint((left + right) / 2, y) === one); }"""
        ), key


def test_an_example_is_there_to_begin_with(site: Site, page: Page, tmp_path: Path) -> None:
    page.goto(f"{site.url}#/import/customers")
    with page.expect_download() as download:
        page.get_by_role("link", name="example as csv").click()
    assert Path(download.value.path()).read_text("utf-8-sig").startswith("Name,Phone,City,Joined")


def big(folder: Path) -> Path:
    """Larger than four pieces."""
    return written(folder, *(f"Name {n:0>100},0{n:09},Accra,2025-01-31" for n in range(17_000)), name="big.csv")


def pieces_sent(site: Site) -> int:
    return sum(line.startswith("PATCH") for line in site.proxy.asked)


def test_an_upload_goes_on_after_a_cut_and_after_a_reload(site: Site, page: Page, tmp_path: Path) -> None:
    path = big(tmp_path)
    site.proxy.rate = 700_000.0
    page.goto(f"{site.url}#/import/customers")
    choose(page, path)
    expect(page.get_by_text(re.compile(r"^[5-9]\d\d\.?\d* KB of 2\.\d MB$"))).to_be_visible()
    site.proxy.refuse(502)
    expect(page.get_by_text("The connection is lost. It goes on by itself")).to_be_visible()
    site.proxy.refuse(None)
    expect(page.get_by_text(re.compile(r"^1(\.\d)? MB of 2\.\d MB$"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile("Of big.csv, .* have arrived. Choose the same file again"))).to_be_visible()
    site.proxy.rate = 0.0
    before = len(site.proxy.asked)
    choose(page, path)
    expect(page.get_by_text("Which column is what?")).to_be_visible()
    assert not any(line.startswith("POST /bulk/uploads ") for line in site.proxy.asked[before:])
    upload = re.search("upload=([^&]+)", page.url)[1]  # type: ignore[index]
    assert site.api.get(f"/uploads/{upload}").json()["length"] == path.stat().st_size


def test_progress_is_live_and_the_run_page_shows_the_same_from_history(site: Site, page: Page, tmp_path: Path) -> None:
    mapped(site, page, written(tmp_path, *(f"Name {n},0{n:09},Accra,2025-01-31" for n in range(600)), BAD[0]))
    site.pace(0.3)
    page.get_by_role("button", name="Import", exact=True).click()
    run = run_of(page)
    expect(page.get_by_role("progressbar")).to_be_visible()
    site.until_rows(run, 50)
    expect(page.locator("nb-result dd").first).not_to_have_text("0")
    site.pace(0.0)
    expect(page.get_by_role("heading", name="Refused rows")).to_be_visible()
    page.goto(f"{site.url}#/runs")
    page.get_by_role("link", name="Customers").first.click()
    assert run_of(page) == run
    expect(page.locator("nb-result dd").first).to_have_text("600")
    expect(page.get_by_label("Phone, row 602")).to_have_value("12")


def test_who_may_only_watch_cannot_import(site: Site, page: Page) -> None:
    page.context.add_cookies([{"name": "user", "value": "viewer", "url": site.proxy.url}])
    page.goto(f"{site.url}#/import/customers")
    expect(page.get_by_text("Ask those who run the server for permission.")).to_be_visible()
    page.goto(f"{site.url}#/import/none")
    expect(page.get_by_text("There is no such import, or you may not see it.")).to_be_visible()


def test_names_without_end_make_no_step_wider_than_a_phone(site: Site, page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    path, endless = tmp_path / f"{'ü' * 100}.csv", "y" * 200
    path.write_text(f"Name,Phone,Town or city,{endless}\n{endless},12,{endless},{endless}\n", "utf-8")

    def fits(seen: str) -> None:
        expect(page.get_by_text(seen).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, seen

    page.goto(f"{site.url}#/import/customers")
    choose(page, path)
    fits("Which column is what?")
    page.get_by_label("Town or city is imported as").select_option("City")
    page.get_by_role("button", name="Continue").click()
    fits("would be refused")
    page.get_by_role("button", name="Try it without changing anything").click()
    fits("This was a try")
    page.get_by_role("button", name="Import", exact=True).click()
    run_of(page)
    fits("Import corrected rows")
    page.goto(f"{site.url}#/runs")
    fits("Finished, some rows refused")
