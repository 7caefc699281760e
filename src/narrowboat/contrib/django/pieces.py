"""Pieces: the body of an answer as Django streams it, under WSGI and under ASGI."""

from __future__ import annotations

import asyncio

from narrowboat.contrib.django.embedded import Embedded
from narrowboat.contrib.django.exchange import Exchange


class Body:
    """What is left to read. Django calls `close` at the end, however that came."""

    def __init__(self, embedded: Embedded, exchange: Exchange) -> None:
        self._embedded, self._exchange = embedded, exchange

    def close(self) -> None:
        """Stop the application where it has more to say."""
        self._embedded.call(self._exchange.end())


class Pieces(Body):
    """Under WSGI."""

    def __iter__(self) -> Pieces:
        return self

    def __next__(self) -> bytes:
        if piece := self._embedded.call(self._exchange.piece()).result():
            return piece
        raise StopIteration


class AsyncPieces(Body):
    """Under ASGI."""

    def __aiter__(self) -> AsyncPieces:
        return self

    async def __anext__(self) -> bytes:
        if piece := await asyncio.wrap_future(self._embedded.call(self._exchange.piece())):
            return piece
        raise StopAsyncIteration
