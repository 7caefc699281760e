"""axe-core, which looks for faults that shut people out, in a page of any engine."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.acceptance.server import ROOT

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FAULTS = (
    f"return axe.run({{ runOnly: {json.dumps(RULES)} }})"
    ".then((found) => found.violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 150))]))"
)
"""Body of a function that brings rules and what breaks them, once axe is in the page."""


def source() -> str:
    """The script that brings axe into a page."""
    subprocess.run([sys.executable, ROOT / "ui/build.py", "tools"], check=True, capture_output=True)
    return (ROOT / "ui/node_modules/axe-core/axe.min.js").read_text()
