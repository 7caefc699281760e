"""The page's files, and what they may never do."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from narrowboat import Narrowboat
from narrowboat.web.app import build
from narrowboat.web.routes.pages import FOLDER, TYPES

FILES = {"index.html": "/", "page.css": "/page.css", "page.js": "/page.js", "icon.svg": "/icon.svg"}


def get(path: str, **headers: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        app = build(Narrowboat("sqlite:///never-opened.db"), user=lambda request: None)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(asked())


def test_every_file_has_an_address() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(FILES)


@pytest.mark.parametrize(("name", "address"), sorted(FILES.items()))
def test_a_file_is_served_with_a_strict_policy(name: str, address: str) -> None:
    got = get(address)
    assert (got.status_code, got.content) == (200, (FOLDER / name).read_bytes())
    assert got.headers["content-type"].startswith(TYPES[Path(name).suffix])
    policy = got.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert get(address, **{"If-None-Match": got.headers["etag"]}).status_code == 304


def test_the_page_has_no_script_or_style_of_its_own_and_only_relative_addresses() -> None:
    page = (FOLDER / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page)
    assert not re.search(r"""(?:src|href)=["'](?:/|https?:)""", page)


def test_the_script_never_makes_markup_of_data() -> None:
    script = (FOLDER / "page.js").read_text()
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|\.style\b", script
    )
    assert not re.search(r"""(?:fetch|EventSource|ask|post)\([`"']/""", script)
