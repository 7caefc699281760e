"""One workbook read whole, row by row, each cell as a Python value. One process a reading.

    python benchmarks/readers.py NAME WORKBOOK

Imports nothing but the reader it runs, so that the figures are its own. Prints how many rows there were.
"""

import sys
from collections.abc import Callable
from pathlib import Path


def narrowboat(path: Path) -> int:
    from narrowboat.data.sources.spreadsheet import open_book

    return sum(len(block.rows) for block in open_book(path).open(0))


def narrowboat_isolated(path: Path) -> int:
    import gc

    gc.set_threshold(50_000, 20, 50)  # as every worker does first of all
    from narrowboat.data.sources.spreadsheet import open_isolated

    book = open_isolated(path)
    count = sum(len(block.rows) for block in book.open(0))
    book.close()
    return count


def calamine(path: Path) -> int:
    from python_calamine import load_workbook

    return sum(1 for _ in load_workbook(str(path)).get_sheet_by_index(0).iter_rows())


def openpyxl(path: Path) -> int:
    from openpyxl import load_workbook

    return sum(1 for _ in load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True))


READERS: dict[str, Callable[[Path], int]] = {
    "narrowboat": narrowboat,
    "narrowboat isolated": narrowboat_isolated,
    "calamine": calamine,
    "openpyxl read-only": openpyxl,
}

if __name__ == "__main__":
    name, workbook = sys.argv[1:]
    print(READERS[name](Path(workbook)))
