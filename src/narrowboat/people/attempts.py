"""Attempts: how long somebody waits who keeps giving wrong passwords. Pure.

Counted are a name from one address, a name from anywhere, and an address with any name. So guessing is slow from
everywhere, and who guesses wrong on purpose, to keep a user out, has to do so often.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from typing import NamedTuple

FORGET = 3600.0
"""Seconds without an attempt after which all is forgotten."""
LONGEST = 900.0
"""Seconds that anybody waits at most."""
PAIR, NAME, ADDRESS = 5, 20, 50
"""Attempts before the first wait."""


class Counted(NamedTuple):
    """Attempts under one key: how many, and when the last one was."""

    attempts: int
    last: float


def keys(name: str, address: str) -> dict[str, int]:
    """What an attempt is counted under, and how many attempts are free there.

    Digests of a fixed length: no table shall collect what people type where their name belongs.
    """
    network = _network(address)
    return {
        _digest("pair", name, network): PAIR,
        _digest("name", name): NAME,
        _digest("address", network): ADDRESS,
    }


def wait(counted: Mapping[str, Counted], free: Mapping[str, int], now: float) -> int:
    """Seconds until the next attempt is heard; 0: now. Each attempt too many doubles the wait."""
    waits = [_wait(one, free[key], now) for key, one in counted.items()]
    return int(max([0.0, *waits]) + 0.999)


def _wait(counted: Counted, free: int, now: float) -> float:
    if counted.attempts < free or now - counted.last >= FORGET:
        return 0.0
    return counted.last + min(2.0 ** min(counted.attempts - free, 16), LONGEST) - now


def _network(address: str) -> str:
    """Where somebody comes from: in IPv6, a household has 2**64 addresses."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def _digest(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()
