"""Checksums by which a store refuses a part that was damaged on its way."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Checksum(NamedTuple):
    """An algorithm as S3 names it."""

    algorithm: str | None
    """What an upload in parts is begun with; None where each request carries it by itself."""
    field: str

    def of(self, data: bytes | bytearray) -> dict[str, str]:
        """What goes with a request that carries the data."""
        digest = hashlib.sha256(data) if self.algorithm else hashlib.md5(data, usedforsecurity=False)
        return {self.field: base64.b64encode(digest.digest()).decode()}

    def begin(self) -> dict[str, str]:
        """What goes with the request that begins an upload in parts."""
        return {"ChecksumAlgorithm": self.algorithm} if self.algorithm else {}

    def completing(self, sum_of_part: Mapping[str, str]) -> Mapping[str, str]:
        """What goes with a part when the upload is completed."""
        return sum_of_part if self.algorithm else {}

    def whole(self, parts: Sequence[Mapping[str, str]]) -> str | None:
        """What the store then says of the whole object, if it says it: a checksum of checksums, with their number."""
        if not self.algorithm:
            return None
        joined = b"".join(base64.b64decode(part[self.field]) for part in parts)
        return f"{base64.b64encode(hashlib.sha256(joined).digest()).decode()}-{len(parts)}"


CHECKSUMS = {"sha256": Checksum("SHA256", "ChecksumSHA256"), "md5": Checksum(None, "ContentMD5")}


def same(part: Mapping[str, Any], data: bytearray, sums: Mapping[str, str]) -> bool:
    """Whether a part that the store has is this one, as far as it tells: if not, it is sent again.

    part: as ListParts tells it. sums: of the data, by `Checksum.of`. The ETag is the MD5 but for some encryptions.
    """
    if part["Size"] != len(data):
        return False
    if "ChecksumSHA256" in part and "ChecksumSHA256" in sums:
        return bool(part["ChecksumSHA256"] == sums["ChecksumSHA256"])
    return bool(part["ETag"].strip('"') == hashlib.md5(data, usedforsecurity=False).hexdigest())
