"""Where benchmarks keep what they make, and which interpreters they use."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".benchmarks"
OURS = Path(sys.executable)
"""The interpreter that Narrowboat is installed in: the one that runs the benchmark."""
PEERS = CACHE / "peers" / "bin" / "python"
"""The interpreter that the peers are installed in; made by `python -m benchmarks.install`."""


def environment(**more: str) -> dict[str, str]:
    """For what is measured: as on a server, where Python finds its modules compiled, whatever this shell says."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(CACHE / "compiled"), **more}
