"""Bulk data jobs that finish on a small server."""

from __future__ import annotations

__all__ = ["Column", "Narrowboat", "NarrowboatError", "Requester", "Type"]
__version__ = "0.1.0"

_HOMES = {
    "Column": "narrowboat.data.columns",
    "Narrowboat": "narrowboat.app",
    "NarrowboatError": "narrowboat.errors",
    "Requester": "narrowboat.people.requester",
    "Type": "narrowboat.data.columns",
}

TYPE_CHECKING = False  # as type checkers know it: `typing` itself is dear to import
if TYPE_CHECKING:
    from typing import Any

    from narrowboat.app import Narrowboat
    from narrowboat.data.columns import Column, Type
    from narrowboat.errors import NarrowboatError
    from narrowboat.people.requester import Requester
else:

    def __getattr__(name: str) -> Any:
        """A public name, loaded when it is first asked for: any module of ours imports this one before itself."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value
