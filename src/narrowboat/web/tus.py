"""The words of the tus resumable upload protocol, 1.0 (https://tus.io/protocols/resumable-upload), in headers."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any, Final, NamedTuple

from starlette.exceptions import HTTPException

from narrowboat.errors import BadParameter
from narrowboat.uploads import Upload

VERSION: Final = "1.0.0"
CHUNK: Final = "application/offset+octet-stream"
ALGORITHMS: Final = ("sha1", "sha256")
EXTENSIONS: Final = ("creation", "creation-with-upload", "checksum", "expiration", "termination")
RESUMABLE: Final = {"Tus-Resumable": VERSION}
_LARGEST: Final = 2**53


def abilities(largest: int) -> dict[str, str]:
    """What this server can, for OPTIONS. largest: bytes of a file."""
    return {
        **RESUMABLE,
        "Tus-Version": VERSION,
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        "Tus-Max-Size": str(largest),
    }


def standing(upload: Upload) -> dict[str, str]:
    """How far an upload is."""
    return {
        **RESUMABLE,
        "Upload-Offset": str(upload.received),
        "Upload-Length": str(upload.length),
        "Upload-Metadata": "filename " + base64.b64encode(upload.name.encode()).decode(),
        "Upload-Expires": formatdate(upload.expires, usegmt=True),
        "Cache-Control": "no-store",
    }


def check_version(headers: Mapping[str, str]) -> None:
    """Refuse a version of the protocol that is not spoken here."""
    asked = headers.get("tus-resumable")
    if asked not in (None, VERSION):
        raise HTTPException(412, f"This server speaks tus {VERSION}, not {asked}.", {"Tus-Version": VERSION})


def number(headers: Mapping[str, str], name: str) -> int:
    """A header that counts bytes. Raises BadParameter."""
    text = headers.get(name, "")
    if not re.fullmatch("[0-9]{1,16}", text) or int(text) > _LARGEST:
        raise BadParameter(f"The header {name} must be a number of bytes.")
    return int(text)


def filename(metadata: str) -> str:
    """The file's name among `key base64, key base64`; empty where there is none. Raises BadParameter."""
    pairs = {key: value for key, _, value in (pair.strip().partition(" ") for pair in metadata.split(","))}
    return _decoded(pairs.get("filename") or pairs.get("name") or "", "Upload-Metadata").decode("utf-8", "replace")


class Checksum(NamedTuple):
    """What the client says its bytes are."""

    algorithm: str
    digest: bytes

    def hash(self) -> Any:
        """To be fed with the bytes."""
        return hashlib.new(self.algorithm, usedforsecurity=False)


def checksum(header: str | None) -> Checksum | None:
    """`sha1 base64`. Raises BadParameter."""
    if header is None:
        return None
    algorithm, _, digest = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadParameter(f"Upload-Checksum can be made with {' or '.join(ALGORITHMS)}, not {algorithm[:20]!r}.")
    return Checksum(algorithm, _decoded(digest, "Upload-Checksum"))


def _decoded(text: str, header: str) -> bytes:
    try:
        return base64.b64decode(text.encode("latin-1"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadParameter(f"The header {header} is not base64 where it should be.") from error
