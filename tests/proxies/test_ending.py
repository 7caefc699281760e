"""HTTP/1.0, as nginx speaks it by default: an answer of unknown length that is cut ends with a reset."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.proxies.rig import Rig


@pytest.fixture
def connection(rig: Rig) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", rig.ports["app"]), timeout=20) as found:
        yield found


def ask(connection: socket.socket, path: str) -> None:
    connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\nX-User: ann\r\n\r\n".encode())


def read_to_the_end(connection: socket.socket) -> bytes:
    found = b""
    while piece := connection.recv(65536):
        found += piece
    return found


def begin(rig: Rig, connection: socket.socket, name: str) -> str:
    """A workbook that is sent as it grows; its first bytes have come."""
    run = rig.start_tap(name, "10", "xlsx")
    rig.until_rows(run, 10)
    ask(connection, f"/runs/{run}/artifact")
    assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    return run


def test_an_answer_that_ends_in_order_is_closed_in_order(rig: Rig, connection: socket.socket) -> None:
    begin(rig, connection, "ends")
    rig.tap("ends", "20 end")
    assert read_to_the_end(connection).endswith(rig.direct.get("/exports/tap.xlsx?name=ends").content[-100:])


def test_an_answer_that_is_cut_is_reset(rig: Rig, connection: socket.socket) -> None:
    begin(rig, connection, "cut")
    rig.tap("cut", "10 fail")
    with pytest.raises(ConnectionResetError):
        read_to_the_end(connection)


def test_so_is_one_of_a_server_that_is_killed(rig: Rig, connection: socket.socket) -> None:
    begin(rig, connection, "killed")
    rig.app.kill()
    try:
        with pytest.raises(ConnectionResetError):
            read_to_the_end(connection)
    finally:
        rig.app.start()
        rig.tap("killed", "10 end")


def test_an_answer_with_a_length_is_closed_in_order(rig: Rig, connection: socket.socket) -> None:
    ask(connection, "/jobs")
    assert read_to_the_end(connection).endswith(b"}")
