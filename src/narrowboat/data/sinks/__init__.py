"""Sinks: where finished files are kept. The local folder, or a bucket of S3 or what speaks like it."""

from __future__ import annotations

from narrowboat.data.sinks.folder import Folder
from narrowboat.data.sinks.s3 import S3

__all__ = ["S3", "Folder"]
