"""`narrowboat undo`: an import taken back: what it created goes, what it changed is as it was before."""

from __future__ import annotations

import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace

from narrowboat.app import Narrowboat
from narrowboat.cli.foreground import Foreground, Signals
from narrowboat.cli.importing import JOB, destination, output, tell
from narrowboat.cli.outcome import print_json, say
from narrowboat.cli.progress import Progress
from narrowboat.data.targets import Table, table

EXAMPLES = """\
examples:
  narrowboat undo 4fXk… --into sqlite:///shop.db --table customers
  narrowboat undo 4fXk… --into sqlite:///shop.db --table customers --forget

RUN is what `narrowboat import … --undo` told, or the id of a server's run into this table. Records that were changed
since are left as they are and told; what was taken back is gone from the list, so the command can be given again.
What it needs stays in the database until then, or until --forget.

exit status: 0 done, 1 failed, 2 wrong usage, 3 some records were left as they are
"""


def arguments(parser: ArgumentParser) -> None:
    """See `parser.Command`."""
    parser.usage = "narrowboat undo RUN --into DATABASE --table NAME [options]"
    parser.description = "Take an import back."
    parser.epilog = EXAMPLES
    parser.add_argument("run", metavar="RUN", help="its id")
    destination(parser)
    parser.add_argument("--forget", action="store_true", help="keep the rows, and drop what taking RUN back would need")
    output(parser)


def run(arguments: Namespace) -> int:
    """See `parser.Command`. What is done and what is left stands in the database itself, so nothing is kept here."""
    began = time.monotonic()
    into = table(arguments.into, arguments.table)
    if arguments.forget:
        return _forget(into, arguments)
    with tempfile.TemporaryDirectory(prefix="narrowboat-") as folder, Signals() as signals:
        nb = Narrowboat(f"sqlite:///{folder}/runs.db", folder=f"{folder}/files")
        try:
            job = nb.importer(JOB, row=into.fields(), into=into, undo=True)
            started = nb.store.submit(job.taking_back(arguments.run, owner="")).run
            progress = Progress("undo", sys.stderr, shown=not arguments.quiet)
            ended = Foreground(nb, started, progress, signals).work()
            return tell(nb, ended, None, time.monotonic() - began, arguments)
        finally:
            nb.store.close()


def _forget(into: Table, arguments: Namespace) -> int:
    into.forget(arguments.run)
    if not arguments.quiet:
        say(f"Run {arguments.run} stays as it is: nothing is kept any more to take it back.")
    if arguments.json:
        print_json({"id": arguments.run, "forgotten": True})
    return 0
