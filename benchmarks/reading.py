"""A workbook read whole, by us and by others, one process each, interleaved: CPU, memory, ratios.

python -m benchmarks.reading [--rows 33407] [--repeat 5] [--only narrowboat,calamine] [--json]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks import tables
from benchmarks.measure import Usage, run
from benchmarks.places import CACHE, OURS, ROOT
from benchmarks.readers import READERS
from benchmarks.workbooks import workbook

TARGETS = (
    ("narrowboat", "calamine", 2.0),
    ("narrowboat isolated", "calamine", 2.0),
    ("narrowboat", "openpyxl read-only", 1 / 4),
    ("narrowboat isolated", "openpyxl read-only", 1 / 4),
)
"""At most this ratio of CPU seconds of the first to the second."""


def reading(name: str, path: Path, rows: int) -> Usage:
    """Read once. Raises RuntimeError where it failed or did not find all rows."""
    log = CACHE / "reading.log"
    usage = run([OURS, ROOT / "benchmarks" / "readers.py", name, path], log=log)
    if usage.status or log.read_text().split() != [str(rows + 1)]:
        raise RuntimeError(f"{name} ended with status {usage.status}:\n{log.read_text()[-2000:]}")
    return usage


def rounds(names: Sequence[str], rows: int, repeat: int) -> dict[str, list[Usage]]:
    """`repeat` rounds; in each, every reader once, and each round begins with another."""
    small, path = workbook(100), workbook(rows)
    for name in names:
        reading(name, small, 100)  # so that Python has compiled every module
    made: dict[str, list[Usage]] = {name: [] for name in names}
    for number in range(repeat):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            made[name].append(reading(name, path, rows))
    return made


def ratio(ours: Sequence[Usage], theirs: Sequence[Usage]) -> float:
    """The median over the rounds of ours / theirs."""
    return median(a.cpu / b.cpu for a, b in zip(ours, theirs, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=33407)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", default="", help="names, separated by commas")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    names = [name for name in READERS if not options.only or name in options.only.split(",")]
    made = rounds(names, options.rows, options.repeat)
    figures: list[tables.Record] = [
        {
            "reader": name,
            "cpu s": median(usage.cpu for usage in used),
            "wall s": median(usage.wall for usage in used),
            "peak MB": max(usage.peak_mb for usage in used),
        }
        for name, used in made.items()
    ]
    tables.show(f"xlsx to rows, {options.rows:,} x 20, {options.repeat} rounds", figures, as_json=options.json)
    reached: list[tables.Record] = [
        {"ratio": f"{a} / {b}", "measured": (got := ratio(made[a], made[b])), "at most": most, "holds": got <= most}
        for a, b, most in TARGETS
        if a in made and b in made
    ]
    tables.show("Targets", reached, as_json=options.json)


if __name__ == "__main__":
    main()
