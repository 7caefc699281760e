"""One stream for many runs ends, whatever goes wrong with one of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from narrowboat import Narrowboat
from narrowboat.data.sources import rows
from narrowboat.web import several
from narrowboat.web.follow import Follow, Watched


def test_a_run_that_cannot_be_shown_ends_the_stream_and_the_client_comes_back(tmp_path: Path) -> None:
    nb = Narrowboat(f"sqlite:///{tmp_path / 'nb.db'}")
    nb.export("towns")(lambda: rows([("Accra",)], columns=["name"]))
    run = nb.start("towns").run

    def view(watched: Watched) -> str:
        raise LookupError("a defect")

    async def all_of_it() -> list[bytes]:
        return [piece async for piece in several.events(Follow(lambda: nb.store, every=1.0), {run.id: None}, (), view)]

    assert asyncio.run(asyncio.wait_for(all_of_it(), 20)) == [b"retry: 2000\n\n"]
    nb.store.close()
