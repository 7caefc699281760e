"""A clean installation that nobody has read: the wheel and what it needs, Python and the system's libraries, on a file
system of its own. It is mounted anew for each start, so every page of it is charged to who starts. Needs root.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.places import CACHE, ROOT

IMAGE, PLACE = CACHE / "installed.img", CACHE / "installed"
PYTHON = PLACE / "bin" / Path(sys.executable).name
ENVIRONMENT = {"LD_LIBRARY_PATH": str(PLACE / "lib"), "PYTHONPYCACHEPREFIX": ""}
"""By which all libraries are those of the installation, and byte code is where an installer leaves it."""
SIZE = 1 << 30
UV = (sys.executable, "-m", "uv")


def unavailable() -> str | None:
    """Why there can be none here; None where there can."""
    missing = [name for name in ("mkfs.ext4", "losetup", "ldd") if not shutil.which(name)]
    if missing or not Path("/dev/loop-control").exists():
        return f"no file system in a file: {', '.join(missing) or '/dev/loop-control'} is missing"
    return None


def install() -> None:
    """Make the image of what the checkout is now."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with open(IMAGE, "wb") as image:
        image.truncate(SIZE)
    subprocess.run(["mkfs.ext4", "-q", IMAGE], check=True)
    with mounted():
        library = PLACE / "lib" / f"python3.{sys.version_info.minor}"
        source = Path(sys.base_prefix, *library.relative_to(PLACE).parts)
        shutil.copytree(source, library, ignore=shutil.ignore_patterns("site-packages", "test", "config-*"))
        PYTHON.parent.mkdir()
        shutil.copy(Path(sys.executable).resolve(), PYTHON)
        for path in _libraries([PYTHON, *library.rglob("*.so")]):
            shutil.copy(path, PLACE / "lib")
        subprocess.run([*UV, "build", "--quiet", "--wheel", "--out-dir", CACHE / "wheel", "--clear", ROOT], check=True)
        wheel = next((CACHE / "wheel").glob("*.whl"))
        target = ["--python", str(PYTHON), "--break-system-packages", "--compile-bytecode"]
        subprocess.run([*UV, "pip", "install", "--quiet", *target, wheel], check=True)


def _libraries(programs: list[Path]) -> set[str]:
    """The shared libraries of the system that they load."""
    told = subprocess.run(["ldd", *programs], stdout=subprocess.PIPE, text=True, check=True)
    return set(re.findall(r"=> (/\S+)", told.stdout))


@contextmanager
def mounted() -> Iterator[None]:
    """The installation is there, and nothing of it in memory yet."""
    # Direct: or the pages of the image's file would be in memory and charged beside those of the files in it.
    attach = ["losetup", "--find", "--show", "--direct-io=on", str(IMAGE)]
    device = subprocess.run(attach, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    try:
        subprocess.run(["mount", device, PLACE], check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", PLACE], check=True)
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)
