"""Files that people send in pieces, and how much of them is durably here."""

from __future__ import annotations

from narrowboat.uploads.upload import Upload, UploadLimits
from narrowboat.uploads.uploads import Uploads

__all__ = ["Upload", "UploadLimits", "Uploads"]
