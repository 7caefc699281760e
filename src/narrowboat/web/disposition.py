"""Content-Disposition: a file's name in a header, for every client and without a way to inject (RFC 6266, 8187)."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote


def attachment(name: str) -> str:
    """`attachment` with the name in ASCII and, where that is not all of it, in UTF-8."""
    decomposed = unicodedata.normalize("NFKD", name)
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", "".join(c for c in decomposed if not unicodedata.combining(c)))
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='')}"


def partial(name: str) -> str:
    """The name of a file that does not hold all rows: `leads-partial.csv.gz`."""
    stem, dot, extension = name.partition(".")
    return f"{stem}-partial{dot}{extension}"
