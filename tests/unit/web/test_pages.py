"""The page's files, and what they may never do."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from pathlib import Path

import httpx
import pytest

from narrowboat import Narrowboat
from narrowboat.kernel.model import TRANSITIONS, State
from narrowboat.web.app import build
from narrowboat.web.routes import pages
from narrowboat.web.routes.pages import FOLDER, TYPES

SOURCES = Path(__file__).parents[3] / "ui"
FILES = sorted(path.name for path in FOLDER.iterdir())
LIMIT = 80 * 1024
"""Bytes of all scripts and styles, gzipped."""


def get(path: str, **headers: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        app = build(Narrowboat("sqlite:///never-opened.db"), user=lambda request: None)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(asked())


def policy_of(got: httpx.Response) -> dict[str, list[str]]:
    """Its Content-Security-Policy: sources by directive."""
    parts = (part.split() for part in got.headers["content-security-policy"].split(";"))
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize("name", [name for name in FILES if name != "index.html"])
def test_a_file_is_served_with_a_strict_policy(name: str) -> None:
    got = get(f"/{name}")
    assert (got.status_code, got.content) == (200, (FOLDER / name).read_bytes())
    assert got.headers["content-type"].startswith(TYPES[Path(name).suffix])
    policy = policy_of(got)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert "unsafe" not in str(policy)
    again = get(f"/{name}", **{"If-None-Match": got.headers["etag"]})
    assert again.status_code == 304


def test_the_page_says_by_a_nonce_of_each_answer_which_styles_are_its_own() -> None:
    seen = set()
    for _ in range(20):
        got = get("/", **{"If-None-Match": "*"})
        assert (got.status_code, got.headers["cache-control"], "etag" in got.headers) == (200, "no-store", False)
        (nonce,) = re.findall('<meta name="style-nonce" content="([^"]*)">', got.text)
        seen.add(nonce)
        assert re.fullmatch("[A-Za-z0-9_-]{22}", nonce)  # 128 bits
        policy = policy_of(got)
        assert policy["style-src"] == [f"'nonce-{nonce}'", "'self'"]
        assert (policy["default-src"], policy["script-src"]) == (["'none'"], ["'self'"])
        assert "unsafe" not in str(policy)
        assert got.text.replace(nonce, "") == (FOLDER / "index.html").read_text()
    assert len(seen) == 20


@pytest.mark.parametrize("path", ["/", "/icon.svg", "/none", "/jobs", "/runs/x/artifact", "/openapi.json"])
def test_every_answer_has_a_policy_without_anything_unsafe(path: str) -> None:
    got = get(path)
    assert policy_of(got)["default-src"] == ["'none'"]
    assert "unsafe" not in got.headers["content-security-policy"]
    assert len(got.headers.get_list("content-security-policy")) == 1
    assert got.headers["x-content-type-options"] == "nosniff"


def test_what_has_a_hash_in_its_name_is_kept_and_the_rest_asked_for_again() -> None:
    kept = {name for name in FILES if "immutable" in get(f"/{name}".replace("index.html", "")).headers["cache-control"]}
    assert kept == {name for name in FILES if re.search("-[A-Z0-9]{8}[.]", name)}
    assert set(FILES) - kept == {"index.html", "icon.svg", "elements.js", "THIRD-PARTY.txt"}


def test_the_page_is_small() -> None:
    sizes = {name: len(gzip.compress((FOLDER / name).read_bytes())) for name in FILES if name.endswith(("js", "css"))}
    assert sum(sizes.values()) < LIMIT, sizes


def test_the_page_has_words_of_its_own_for_all_that_can_happen_to_a_run() -> None:
    told = set(re.findall(r'"(\w+>\w+)":', (SOURCES / "src/strings.ts").read_text()))
    asked = (State.PAUSING, State.CANCELLING)  # somebody did
    assert told == {f"{before}>{after}" for before, after in TRANSITIONS if after not in asked}


NOT_MET = {
    "length-required", "method-not-allowed", "precondition-failed", "range-not-satisfiable", "unsupported-media-type",
    "link-expired",  # whoever follows a link is answered by the server's own page
    "not-delivered",  # no request is answered so
}  # fmt: skip
"""Codes that a program may meet, and the page may not."""


def test_the_page_has_a_sentence_of_its_own_for_each_code_that_it_can_meet() -> None:
    documented = set(re.findall(r"^### `([\w-]+)`", (SOURCES.parent / "docs/reference/errors.md").read_text(), re.M))
    (table,) = re.findall(r"    codes: \{\n(.*?)\n    \}", (SOURCES / "src/strings.ts").read_text(), re.S)
    said = dict(re.findall(r"""^      "?([\w-]+)"?:\s+"(.+)",$""", table, re.M))
    assert set(said) == documented - NOT_MET
    assert documented >= NOT_MET
    for sentence in said.values():
        assert re.fullmatch(r"[A-Z].*[.?]", sentence)


def test_all_words_stand_in_one_place() -> None:
    """So that who translates them finds them: no markup elsewhere has text, or a name, of its own."""
    for path in {*(SOURCES / "src").rglob("*.ts")} - {SOURCES / "src/strings.ts"}:
        text = path.read_text()
        assert re.findall(r">\s*([A-Za-z][^<>`$={}();]*)</", text) == [], path
        assert re.findall(r"\b(?:aria-label|title|placeholder|alt)=\"?[A-Za-z]", text) == [], path


def test_the_page_has_no_script_or_style_of_its_own_and_only_relative_addresses() -> None:
    page = (FOLDER / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page)
    assert not re.search(r"""(?:src|href)=["'](?:/|https?:)""", page)
    for name in re.findall(r"""(?:src|href)=["']([^"']+)""", page):
        assert name in FILES


def test_the_scripts_never_make_markup_of_data() -> None:
    for path in (SOURCES / "src").rglob("*.ts"):
        assert not re.search(
            r"outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|unsafe", path.read_text()
        )


def test_no_style_asks_has_for_siblings() -> None:
    """In a shadow tree WebKit ends the page at it until 2.42 (its bug 260902): Safari 17.0 may, WPE 2.38 does."""
    for path in (SOURCES / "src").rglob("*.*s"):
        assert not re.search(r":has\(\s*[+~]", path.read_text()), path


def test_licences_of_what_is_inside_are_told() -> None:
    notices = (FOLDER / "THIRD-PARTY.txt").read_text()
    lock = json.loads((SOURCES / "package-lock.json").read_text())["packages"]
    for name in ("lit", "lit-html", "lit-element", "@lit/reactive-element"):
        package = lock[f"node_modules/{name}"]
        assert f"== {name} {package['version']} ({package['license']})" in notices
    assert "Redistribution and use" in notices


def test_packages_come_from_the_registry_by_their_digest() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text())["packages"]
    for name, package in lock.items():
        assert package.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/"), name
        assert not name or package["integrity"].startswith("sha512-"), name


def test_a_checkout_without_the_built_page_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "FOLDER", tmp_path / "ui")
    got = get("/")
    assert (got.status_code, got.text) == (503, pages.NOT_BUILT)
