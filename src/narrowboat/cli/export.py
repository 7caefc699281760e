"""`narrowboat export`: a table or query becomes a file, by the same kernel as on a server, in this process."""

from __future__ import annotations

import math
import os
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from narrowboat.cli.asked import parse
from narrowboat.cli.begun import WHOLE, Wanted, at, begin, check, how_to_go_on, put
from narrowboat.cli.foreground import Foreground, Signals
from narrowboat.cli.place import Place
from narrowboat.cli.progress import Progress
from narrowboat.cli.report import Report
from narrowboat.data.formats import FORMATS, format_named

EXAMPLES = """\
examples:
  narrowboat export sqlite:///crm.db --table driver_leads --to leads.xlsx
  narrowboat export sqlite:///crm.db --table driver_leads --to accra.csv --where city=Accra --columns id,name,phone
  narrowboat export sqlite:///crm.db --table leads --table vehicles --to both.xlsx        two sheets
  narrowboat export sqlite:///crm.db --query "select * from leads where trips > :least" --param least:int=10 \\
      --key id --to busy.parquet
  narrowboat export postgresql://me@host/shop --table orders --to orders.xlsx --type total=money:GHS \\
      --type paid_at=datetime:Africa/Accra --label paid_at="Paid at"
  narrowboat export sqlite:///crm.db --table driver_leads --to first.xlsx --pages 1-3 --page-size 2000

Ctrl-C stops cleanly, keeps what there is as leads.partial.xlsx, and the same command with --resume goes on; so it
does after a crash, a kill or a full disk, and the file is the same, byte for byte, as without the interruption.

exit status: 0 done, 1 failed, 2 wrong usage, 3 finished with rejects, 4 timed out, 130 cancelled
"""


def arguments(parser: ArgumentParser) -> None:
    """See `parser.Command`."""
    parser.usage = "narrowboat export DATABASE (--table NAME … | --query SQL) --to FILE [options]"
    parser.description = "Write a table or a query to a file."
    parser.epilog = EXAMPLES
    parser.add_argument(
        "database",
        metavar="DATABASE",
        help="sqlite:///file.db, sqlite:////absolute/file.db, postgresql://… or mysql://…",
    )
    _what(parser)
    declare(parser)


def declare(parser: ArgumentParser) -> None:
    """What it takes about the file, whatever the rows are."""
    add = parser.add_argument
    add("--to", required=True, metavar="FILE", help="the file to write; its ending tells the format")
    _how(parser)
    add("--force", action="store_true", help="replace FILE if it exists, and forget an export of it that was begun")
    add("--resume", action="store_true", help="go on with the export of FILE that was begun, if there is one")
    add("--time-limit", type=_seconds, metavar="SECONDS", help="give up after so long; --resume goes on, for as long")
    add("--manifest", action="store_true", help="leave FILE.manifest.json: rows, bytes, sha256, what was altered")
    add("--json", action="store_true", help="print one JSON object as the last line")
    add("--quiet", action="store_true", help="no progress bar and no summary; errors are still told")


def _what(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("rows and columns").add_argument
    add("--table", action="append", default=[], metavar="NAME", help="a table or view; several become several sheets")
    add("--query", metavar="SQL", help="a select statement, with :name for each --param")
    add("--param", action="append", default=[], metavar="NAME[:TYPE]=VALUE", help="a value for :name; text if no TYPE")
    add("--where", action="append", default=[], metavar="COLUMN=VALUE", help="only rows with this value; all must hold")
    add("--key", action="append", default=[], metavar="COLUMN", help="unique column to resume by, if not declared so")
    add("--type", action="append", default=[], metavar="COLUMN=TYPE", help="text, date, decimal:2, money:EUR …")


def _how(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("file").add_argument
    add("--columns", metavar="A,B,…", help="these columns in this order")
    add("--label", action="append", default=[], metavar="COLUMN=TEXT", help="what stands in the header")
    add("--pages", metavar="1-3,7", help="only these pages, each a sheet")
    add("--page-size", type=int, metavar="ROWS", help="rows of a page")
    add("--format", metavar="FORMAT", help=f"where FILE does not tell: {', '.join(FORMATS)}")
    add("--option", action="append", default=[], metavar="NAME=VALUE", help="of the format, such as references=true")


def _seconds(text: str) -> float:
    if not 0 < (seconds := float(text)) < math.inf:
        raise ArgumentTypeError(f"{text} is no time that an export could take; give seconds, such as 60")
    return seconds


def run(arguments: Namespace) -> int:
    """See `parser.Command`."""
    return write(parse(arguments), arguments)


def write(asked: Wanted, arguments: Namespace) -> int:
    """Write the file, show how far it is and tell what came of it; the exit status."""
    began = time.monotonic()
    # A link is followed, as by a shell's `>`: the file would else take the place of the link, of /dev/stdout too.
    target = Path(os.path.realpath(arguments.to) if os.path.islink(arguments.to) else arguments.to)
    place = Place(target, format_named(asked.output.format, asked.output.options).extension)
    with Signals() as signals, place.held():
        check(place, resume=arguments.resume, force=arguments.force)
        with at(place, asked, time_limit=arguments.time_limit) as nb:
            started = begin(nb, asked, place, force=arguments.force)
            progress = Progress(place.target.name, sys.stderr, shown=not arguments.quiet)
            ended = started if started.state in WHOLE else Foreground(nb, started, progress, signals).work()
            file = put(nb, ended, place, manifest=arguments.manifest)
            hint = "" if ended.state in WHOLE or place.finished else how_to_go_on(asked)
    report = Report(ended, file, time.monotonic() - began, started.counters.rows, hint)
    return report.give(as_json=arguments.json, quiet=arguments.quiet)
