"""Content-Disposition: a file's name in a header, for every client and without a way to inject (RFC 6266, 8187)."""

from __future__ import annotations

import re
from urllib.parse import quote


def attachment(name: str) -> str:
    """`attachment` with the name in ASCII and, where that is not all of it, in UTF-8."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", name if name.isascii() else _without_marks(name))
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='')}"


def _without_marks(name: str) -> str:
    import unicodedata  # more than a megabyte, and most names are plain

    return "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))


def partial(name: str) -> str:
    """The name of a file that does not hold all rows: `leads-partial.csv.gz`."""
    stem, dot, extension = name.partition(".")
    return f"{stem}-partial{dot}{extension}"
