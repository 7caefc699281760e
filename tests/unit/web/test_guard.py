"""A refusal of the guard comes after a small body, before the rest of a large one, and not to who has left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive, Scope, Send

from narrowboat.web.guard import LARGEST, Guard

HALF = LARGEST // 2


async def never(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("a page of another site reached the application")


def refused(messages: Sequence[Message]) -> tuple[int, int]:
    """What a page of another site is answered: the status, and how many messages of its body were taken before."""
    left, said, taken = list(messages), list[Message](), list[int]()

    async def receive() -> Message:
        assert not said, "nothing is read once the answer has begun"
        return left.pop(0)

    async def send(message: Message) -> None:
        taken.append(len(messages) - len(left))
        said.append(message)

    headers = [(b"host", b"shop.example"), (b"sec-fetch-site", b"cross-site"), (b"origin", b"https://evil.example")]
    scope = {
        "type": "http", "method": "POST", "path": "/jobs/leads/runs", "query_string": b"", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "scheme": "http", "http_version": "1.1",
        "root_path": "", "state": {},
    }  # fmt: skip
    asyncio.run(Guard(never, local_only=False, origins=())(scope, receive, send))
    return said[0]["status"], taken[0]


def piece(size: int, *, more: bool) -> Message:
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


def test_without_a_body_it_comes_at_once() -> None:
    status, taken = refused([{"type": "http.request"}])
    assert (status, taken) == (403, 1)


def test_it_comes_after_the_last_piece_of_a_small_body() -> None:
    status, taken = refused([piece(HALF, more=True), piece(HALF, more=True), piece(0, more=False)])
    assert (status, taken) == (403, 3)


def test_no_more_is_taken_than_a_request_may_hold() -> None:
    status, taken = refused([piece(HALF, more=True)] * 100)
    assert (status, taken) == (403, 3), "the third piece was one too many"


@pytest.mark.parametrize("before", [[], [piece(10, more=True)]])
def test_who_has_left_is_not_waited_for(before: list[Message]) -> None:
    status, taken = refused([*before, {"type": "http.disconnect"}])
    assert (status, taken) == (403, len(before) + 1)
