"""What the worker processes of these tests work on; the environment says where things are."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from narrowboat import Narrowboat
from narrowboat.data.sources import rows
from narrowboat.notify import Mail, Message, Webhook, sending

PLACE = Path(os.environ["NOTICES_PLACE"])
SECRET = "whsec_" + "A" * 43 + "="
sending.LEASE = 2.0  # or a test would wait two minutes for what a dead worker held


class Mortal(Webhook):
    """Its worker dies right after the first delivery, before it can note it down."""

    def deliver(self, message: Message, recipient: str) -> None:
        super().deliver(message, recipient)
        if (PLACE / "die").exists():
            (PLACE / "die").unlink()
            os.kill(os.getpid(), signal.SIGKILL)


nb = Narrowboat(
    os.environ.get("NOTICES_STORE", f"sqlite:///{PLACE}/runs.db"),
    folder=PLACE / "files",
    public_url="https://shop.example/bulk",
    mail=Mail(os.environ["NOTICES_SMTP"], sender="exports@shop.example"),
    channels={"hook": Mortal(os.environ["NOTICES_HOOK"], secret=SECRET)},
    target=f"{__file__}:nb",
)


@nb.export("leads", title="Leads")
def leads() -> Any:
    """Three rows."""
    return rows(lambda: iter([(1,), (2,), (3,)]), columns=["n"])


@nb.export("loud", notify=("hook",))
def loud() -> Any:
    """The same, and the hook is told."""
    return leads()
