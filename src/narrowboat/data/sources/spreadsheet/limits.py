"""Limits: what a file may be before anyone reads on."""

from __future__ import annotations

from typing import Final, NamedTuple

from narrowboat.errors import FileTooLarge

COLUMNS: Final = 16_384
ROWS: Final = 1_048_576
CELL_TEXT: Final = 32_767
"""Excel's own: columns and rows of a sheet, characters of a cell."""

BLOCK_ROWS: Final = 500
BLOCK_CELLS: Final = 40_000
"""A block ends at whichever comes first, so that a sheet of 16,384 columns needs no more memory than a narrow one."""

MIB: Final = 1 << 20


class FileLimits(NamedTuple):
    """What a file may be. Each is checked before the work that it bounds, and again while reading."""

    file: int = 200 * MIB
    """Bytes as uploaded."""
    expanded: int = 4096 * MIB
    """Bytes of everything inside an archive or a compressed file."""
    ratio: int = 200
    """How many times larger than the file its content may be. The first 32 MiB are free."""
    members: int = 10_000
    """Files inside an archive."""
    text: int = 1_000_000
    """Characters of a cell in csv and jsonl; a spreadsheet's own limit is 32,767."""

    def check_expanded(self, packed: int, unpacked: int) -> None:
        """Raise FileTooLarge where `packed` bytes become more than they may."""
        if unpacked > self.expanded:
            raise FileTooLarge(
                f"The content of the file is {megabytes(unpacked)}; at most {megabytes(self.expanded)} are allowed."
            )
        if unpacked > 32 * MIB + self.ratio * packed:
            raise FileTooLarge(
                f"{megabytes(packed)} expand to {megabytes(unpacked)}, more than {self.ratio} times: no spreadsheet "
                "that people made does that. Save it anew from the program that made it."
            )


def megabytes(size: int) -> str:
    """`1.5 MiB`"""
    return f"{size / MIB:,.1f} MiB"
