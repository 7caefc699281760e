"""What counts as this machine."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from narrowboat.web.guard import is_local


def request(client: str | None, host: str) -> Request:
    address = (client, 1) if client else None
    return Request({"type": "http", "client": address, "headers": [(b"host", host.encode())]})


@pytest.mark.parametrize(
    ("client", "host", "local"),
    [
        ("127.0.0.1", "localhost:8000", True),
        ("127.0.0.1", "LOCALHOST", True),
        ("::1", "[::1]:8000", True),
        ("::ffff:127.0.0.1", "localhost", True),
        ("::ffff:10.0.0.1", "localhost", False),
        ("10.0.0.1", "localhost", False),
        ("127.0.0.1", "192.168.0.7", False),
        ("127.0.0.1", "localhost.example", False),
        ("127.0.0.1", "user@localhost:80@evil.example", False),
        (None, "localhost", False),
        ("unix", "localhost", False),
    ],
)
def test_only_the_machine_itself_by_its_own_name_is_local(client: str | None, host: str, local: bool) -> None:
    assert is_local(request(client, host)) is local
