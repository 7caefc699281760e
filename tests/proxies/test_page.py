"""The page about proxies recommends what is tested here."""

from __future__ import annotations

import re

import pytest

from tests.program import ROOT
from tests.proxies.rig import HERE

PAGE = (ROOT / "docs/howto/behind-a-proxy.md").read_text()


@pytest.mark.parametrize(
    ("language", "template", "section"),
    [("nginx", "nginx.conf", "@nginx_best@"), ("caddyfile", "Caddyfile", "@caddy_best@")],
)
def test_every_line_of_the_page_is_in_the_configuration_that_is_tested(
    language: str, template: str, section: str
) -> None:
    block = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert block
    shown = {line.strip() for line in block[1].replace("127.0.0.1:8000", "127.0.0.1:@app@").splitlines()}
    used = {line.strip() for line in (HERE / template).read_text().partition(section)[2].splitlines()}
    assert shown - used == {"export.example.com {"} & shown
