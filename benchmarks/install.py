"""Install the peers, pinned, into an environment of their own: `python -m benchmarks.install`."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.places import CACHE, PEERS

PINNED = Path(__file__).with_name("peers.txt")


def install() -> None:
    """Make the environment match `peers.txt`."""
    done = CACHE / "peers" / "installed.txt"
    if done.exists() and done.read_text() == PINNED.read_text():
        return
    venv.create(CACHE / "peers", with_pip=True, clear=True)
    subprocess.run([PEERS, "-m", "pip", "install", "--quiet", "--requirement", PINNED], check=True)
    done.write_text(PINNED.read_text())


if __name__ == "__main__":
    install()
    print(f"{PEERS}, Python {sys.version.split()[0]}")
