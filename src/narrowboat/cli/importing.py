"""`narrowboat import`: a spreadsheet becomes rows of a table, by the same kernel as on a server, in this process."""

from __future__ import annotations

import shutil
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from narrowboat.app import Narrowboat
from narrowboat.cli.asked import pair
from narrowboat.cli.begun import WHOLE, go_on
from narrowboat.cli.foreground import Foreground, Signals
from narrowboat.cli.outcome import complain, exit_status, print_json, say
from narrowboat.cli.place import Place
from narrowboat.cli.progress import Progress
from narrowboat.cli.rendering import error_json
from narrowboat.data.records import Field, PhoneNumber
from narrowboat.data.records.manners import Manners
from narrowboat.data.target import Mode
from narrowboat.data.targets import Table, table
from narrowboat.errors import BadParameter
from narrowboat.jobs.importer import Import
from narrowboat.jobs.refused import write_csv
from narrowboat.kernel.memory import peak
from narrowboat.kernel.model import Filter, Run

JOB = "rows"
SHOWN = 10
"""Refused rows that are told on the terminal."""
EXAMPLES = """\
examples:
  narrowboat import customers.xlsx --into sqlite:///shop.db --table customers --unique phone,shipping_mark \\
      --rejects rejects.xlsx
  narrowboat import customers.xlsx --into sqlite:///shop.db --table customers --unique phone --dry-run
  narrowboat import prices.csv --into postgresql://me@host/shop --table prices --unique shop+code --mode upsert \\
      --map "Unit price=price" --decimal-comma --undo

Every row stands alone: a bad one is refused with its number and the reason, and costs no good one. Put the file of
rejects right and import it as it is. Ctrl-C stops cleanly and the same command with --resume goes on; so it does after
a crash, and no row is lost or doubled.

exit status: 0 done, 1 failed, 2 wrong usage, 3 finished with rejects, 4 timed out, 130 cancelled
"""


def arguments(parser: ArgumentParser) -> None:
    """See `parser.Command`."""
    parser.usage = "narrowboat import FILE --into DATABASE --table NAME [options]"
    parser.description = "Write the rows of a spreadsheet into a table."
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("file", metavar="FILE", help="xlsx, xls, xlsb, ods, csv, tsv or jsonl; also gz, or one in a zip")
    destination(parser)
    add("--unique", default="", metavar="A,B+C", help="keys that find a row's record; + joins columns of one key")
    add("--mode", choices=tuple(map(str, Mode)), default=str(Mode.CREATE), help="what a row does (create)")
    add("--rejects", metavar="FILE", help="where to put the refused rows (xlsx, or csv by its name), with the reasons")
    add("--dry-run", action="store_true", help="say what would become of each row, and change nothing")
    _file(parser)
    add("--undo", action="store_true", help="keep what `narrowboat undo` needs to take the run back")
    add("--force", action="store_true", help="forget an import of FILE that was begun")
    add("--resume", action="store_true", help="go on with the import of FILE that was begun, if there is one")
    output(parser)


def destination(parser: ArgumentParser) -> None:
    """Which table."""
    add = parser.add_argument
    add("--into", required=True, metavar="DATABASE", help="sqlite:///file.db or postgresql://…")
    add("--table", required=True, metavar="NAME", help="the table to write to")


def output(parser: ArgumentParser) -> None:
    """What is told at the end."""
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no summary; errors are still told")


def _file(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("how the file is read").add_argument
    add("--map", action="append", default=[], metavar="HEADER=COLUMN", help="what a header is; HEADER= for nothing")
    add("--guess", action="store_true", help="take headers that only look like a column for it")
    add("--sheet", metavar="NAME", help="the first one if not said")
    add("--header", type=int, metavar="ROW", help="number of the row with the headers; found if not said")
    add("--decimal-comma", action="store_true", help="1.234,50 is one thousand and some")
    add("--day-first", action="store_true", help="01/02/2026 is in February")
    add("--phone", action="append", default=[], metavar="COLUMN", help="a telephone number, kept as +233201234567")
    add("--region", metavar="CODE", help="country of numbers that name none: GH")


def run(arguments: Namespace) -> int:
    """See `parser.Command`."""
    began, file = time.monotonic(), Path(arguments.file)
    if not file.is_file():
        raise BadParameter(f"There is no file {file}.")
    if arguments.rejects is not None:
        _check_rejects(Path(arguments.rejects), file)
    place = Place(file, file.suffix.lstrip("."))
    with Signals() as signals, place.held():
        _check(place, arguments)
        nb = Narrowboat(place.store, folder=place.folder)
        try:
            warned = () if arguments.quiet else _warned(_define(nb, arguments))
            started = _begin(nb, place, arguments)
            progress = Progress(file.name, sys.stderr, shown=not arguments.quiet)
            ended = started if started.state in WHOLE else Foreground(nb, started, progress, signals).work()
            rejects = _deliver(nb, ended, arguments.rejects)
            place.finished = ended.state in WHOLE or ended.counters.rows == 0
            return tell(nb, ended, rejects, time.monotonic() - began, arguments, warned=warned)
        finally:
            nb.store.close()


def _check_rejects(target: Path, file: Path) -> None:
    """Before the work, and so that the file itself is kept. Raises BadParameter."""
    if target.is_dir():
        raise BadParameter(f"--rejects {target} is a folder; name a file in it.")
    if not target.parent.is_dir():
        raise BadParameter(f"There is no folder {target.parent} for --rejects; make it first.")
    if target.exists() and target.samefile(file):
        raise BadParameter(f"--rejects {target} is the file to import, and would replace it. Name another file.")


def _check(place: Place, arguments: Namespace) -> None:
    """Forget nothing that was begun, unless told to. Raises BadParameter."""
    if place.begun and not arguments.resume:
        if not arguments.force:
            raise BadParameter(
                f"An import of {place.target} was begun and not finished. Go on with --resume, or begin again with "
                "--force: rows that are in the table already are then told as such."
            )
        place.forget()


def _warned(job: Import) -> Sequence[str]:
    """What a person should know before the first row is written, which is told here."""
    from narrowboat.jobs.preview import advice

    found = advice(job)
    for warning in found:
        say(f"note: {warning}")
    return found


def _define(nb: Narrowboat, arguments: Namespace) -> Import:
    into = table(arguments.into, arguments.table)
    manners = Manners(
        decimal_comma=arguments.decimal_comma, day_first=arguments.day_first or None, region=arguments.region
    )
    row = _fields(into, arguments.phone, arguments.region)
    return nb.importer(
        JOB, row=row, into=into, unique=keys(arguments.unique), mode=arguments.mode, manners=manners,
        undo=arguments.undo and not arguments.dry_run,
    )  # fmt: skip


def keys(given: str) -> list[list[str]]:
    """`phone,shop+code` in keys of columns."""
    return [key.split("+") for key in given.split(",") if key]


def _fields(into: Table, phones: list[str], region: str | None) -> list[Field]:
    fields = {field.name: field for field in into.fields()}
    for name in phones:
        if name not in fields:
            raise BadParameter(f"--phone {name}: there is no such column. Columns: {', '.join(fields)}.")
        fields[name] = fields[name]._replace(check=PhoneNumber(region).parse)
    return list(fields.values())


def _begin(nb: Narrowboat, place: Place, arguments: Namespace) -> Run:
    """The run to work on: the one that was begun, else a new one."""
    choices: dict[str, Any] = {
        "sheet": arguments.sheet or 0,
        "header": arguments.header,
        "mapping": {header: name or None for header, name in (pair("--map", text) for text in arguments.map)},
        "guess": arguments.guess,
        "dry_run": arguments.dry_run,
    }
    found = next(iter(nb.store.find(Filter(limit=1))), None)
    new = nb.import_file(JOB, place.target, **choices).run
    if found and new.id != found.id:
        raise BadParameter("What was begun is another import. Resume with the same file and arguments, or use --force.")
    return go_on(nb, new) if found else new


def _deliver(nb: Narrowboat, ended: Run, target: str | None) -> Path | None:
    """Put the file of rejects where it was asked for: as csv, if that is what its name says."""
    if ended.artifact is None or target is None:
        return None
    workbook = nb.run_folder(ended.id) / ended.artifact.path
    if target.lower().endswith(".csv"):
        write_csv(workbook, Path(target))
    else:
        shutil.copyfile(workbook, target)
    return Path(target)


def tell(
    nb: Narrowboat,
    ended: Run,
    rejects: Path | None,
    seconds: float,
    arguments: Namespace,
    *,
    warned: Sequence[str] = (),
) -> int:
    """What became of it, for people and for programs; the exit status. warned: what was told before it began."""
    account = nb.account(ended)
    if ended.error_code:
        complain(ended.error_code, ended.error)
    if not arguments.quiet:
        for warning in (one for one in account["warnings"] if one not in warned):
            say(f"note: {warning}")
        for line in _lines(account, rejects) if account["complete"] or account["rows"] else ():
            say(line)
    if arguments.json:
        more = {"file": str(rejects) if rejects else None, "seconds": round(seconds, 3), "peak_memory": peak()}
        print_json(account | more | {"error": error_json(ended)})
    return exit_status(ended)


def _lines(account: dict[str, Any], rejects: Path | None) -> list[str]:
    told = account["rejects"][:SHOWN]
    lines = [f"  row {one['row']}: {'; '.join(map(_problem, one['problems']))}" for one in told]
    if account["rejected"] > len(told):
        lines.append(f"  … and {account['rejected'] - len(told):,} more")
    if rejects:
        lines.append(f"{rejects}: put these rows right and import it as it is")
    elif account["rejected"] and account["kind"] == "import":
        lines.append("All of them with --rejects FILE; the rows that are in the table now will be told as such.")
    return [f"{account['message']} (run {account['id']})" if account["complete"] else account["message"], *lines]


def _problem(problem: dict[str, str | None]) -> str:
    where = f"{problem['column']}: " if problem["column"] else ""
    return f"{where}{problem['message']} [{problem['code']}]"
