"""Compression: gzip around answers that are made at once, for who takes it."""

from __future__ import annotations

import re

from isal import igzip
from starlette.requests import Request


def is_taken(request: Request) -> bool:
    """Whether the client takes gzip (RFC 9110, 12.5.3)."""
    wanted = request.headers.get("accept-encoding", "")
    return bool(re.search(r"(?:^|[\s,])gzip\s*(?:$|,|;(?!\s*q=0(?:\.0*)?\s*(?:,|$)))", wanted, re.IGNORECASE))


def packed(content: bytes) -> bytes:
    """In gzip, quickly."""
    return igzip.compress(content, 1)


def headers(request: Request) -> dict[str, str]:
    """Of an answer that is packed where the client takes it."""
    encoding = {"Content-Encoding": "gzip"} if is_taken(request) else {}
    return {**encoding, "Vary": "Accept, Accept-Encoding", "Cache-Control": "no-store"}
