"""The pool: few connections, each of one thread at a time, none of another process."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from narrowboat.errors import StoreUnavailable
from narrowboat.stores.pool import Pool


class Connection:
    closed = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def pool() -> Iterator[Pool[Connection]]:
    pool = Pool(Connection, size=2, wait=0.01)
    yield pool
    pool.close()


def test_the_last_one_given_back_is_taken_first(pool: Pool[Connection]) -> None:
    one, other = pool.take(), pool.take()
    pool.give(one)
    pool.give(other)
    assert pool.take() is other


def test_a_broken_one_makes_room_for_another(pool: Pool[Connection]) -> None:
    one, _ = pool.take(), pool.take()
    with pytest.raises(StoreUnavailable, match="All 2 connections"):
        pool.take()
    pool.drop(one)
    assert one.closed
    assert pool.take() is not one


def test_a_failed_connect_makes_room_for_the_next() -> None:
    def fail() -> Connection:
        raise StoreUnavailable("away")

    pool = Pool(fail, size=1, wait=0.01)
    for _ in range(3):
        with pytest.raises(StoreUnavailable, match="away"):
            pool.take()


def test_connections_of_the_parent_are_neither_used_nor_closed(
    pool: Pool[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    parents = pool.take()
    pool.give(parents)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    childs = pool.take()
    pool.give(childs)
    pool.close()
    assert childs is not parents
    assert (childs.closed, parents.closed) == (True, False)
