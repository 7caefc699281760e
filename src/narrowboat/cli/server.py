"""Server: uvicorn's, which gives back what only its start had to read."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Set

import uvicorn

from narrowboat.kernel.page_cache import compiled, give_back, libraries


class Server(uvicorn.Server):
    """shared: names of modules that workers load too: the next one will read their byte code again."""

    def __init__(self, config: uvicorn.Config, *, shared: Set[str]) -> None:
        super().__init__(config)
        self._shared = shared

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See `uvicorn.Server`. Workers have started before this returns."""
        await super().startup(sockets)
        threading.Thread(target=self._give_back, name="give-back", daemon=True).start()

    def _give_back(self) -> None:
        give_back(compiled(sys.modules.keys() - self._shared))
        give_back(libraries())
