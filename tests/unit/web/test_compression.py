"""Compression: for who takes it, and for nobody else."""

from __future__ import annotations

import gzip

import pytest
from starlette.requests import Request

from narrowboat.web import compression


def asked(accepted: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept-encoding", accepted.encode())]})


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip", "GZIP;q=0.5", "deflate,gzip ; q=1.0, br"])
def test_who_takes_gzip(accepted: str) -> None:
    assert compression.is_taken(asked(accepted))
    assert compression.headers(asked(accepted))["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.0, br", "x-gzipped", "identity"])
def test_who_does_not(accepted: str) -> None:
    assert not compression.is_taken(asked(accepted))
    assert "Content-Encoding" not in compression.headers(asked(accepted))


def test_what_is_packed_comes_back() -> None:
    assert gzip.decompress(compression.packed(b"rows" * 1000)) == b"rows" * 1000
