"""Serve: how it listens."""

from __future__ import annotations

import socket

from narrowboat.cli import serve


def test_what_is_written_is_sent_though_the_last_of_it_was_not_acknowledged_yet() -> None:
    with (
        serve._listening("127.0.0.1", 0) as ear,
        socket.create_connection(ear.getsockname()),
        ear.accept()[0] as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
