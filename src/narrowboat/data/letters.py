"""Letters: what spreadsheet programs call a column. `A` is the first, which is 0 here."""

from __future__ import annotations


def column_of(letters: str) -> int:
    """`A` is 0."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1


def letters_of(column: int) -> str:
    """0 is `A`, 26 is `AA`."""
    letters = ""
    column += 1
    while column:
        column, last = divmod(column - 1, 26)
        letters = chr(65 + last) + letters
    return letters
