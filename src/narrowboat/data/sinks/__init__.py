"""Sinks: where finished files are kept. The local folder, or a bucket of S3 or what speaks like it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrowboat.data.sinks.folder import Folder

if TYPE_CHECKING:
    from narrowboat.data.sinks.s3 import S3

__all__ = ["S3", "Folder"]


def __getattr__(name: str) -> Any:
    """S3 is loaded when it is asked for: most runs never meet it."""
    if name == "S3":
        from narrowboat.data.sinks.s3 import S3

        return S3
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
