"""MongoDB: a collection's documents, or what a pipeline makes of them, as rows."""

from __future__ import annotations

from narrowboat.data.sources.mongo.collection import Collection, collection

__all__ = ["Collection", "collection"]
