"""`narrowboat advice`: indexes that a job would need and its tables lack."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from narrowboat.cli import target
from narrowboat.cli.outcome import print_json, say, show
from narrowboat.errors import BadParameter
from narrowboat.jobs.definition import delivering
from narrowboat.jobs.importer import Import
from narrowboat.people.requester import Requester

_NOTHING = "No index is missing, as far as the catalogue tells."
EXAMPLES = """\
examples:
  narrowboat advice jobs:nb sales                       the job as it is with its defaults
  narrowboat advice jobs:nb sales region=north          with these parameters
  narrowboat advice jobs:nb sales --as ann              for a job that asks who it is for
  narrowboat advice jobs:nb customers                   for an import: unique keys without an index

Each index is named with the statement that makes it. Nothing is made: copy the statement.
"""


def arguments(parser: ArgumentParser) -> None:
    """See `parser.Command`."""
    parser.description = "Name the indexes that a job would need and its tables lack."
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("target", metavar="TARGET", help=target.HELP)
    add("job", metavar="JOB", help="an export, a report or an import")
    add("params", metavar="NAME=VALUE", nargs="*", help="parameters of the job")
    add("--as", dest="user", default="", metavar="USER", help="who asks")
    add("--json", action="store_true", help="print one JSON object as the last line")


def run(arguments: Namespace) -> int:
    """See `parser.Command`."""
    nb = target.load(arguments.target)
    known = nb.job(arguments.job)
    if isinstance(known, Import):
        return _of_import(known, arguments)
    job = delivering(known)
    found = job.missing_indexes(_params(arguments.params), job.usual, Requester(arguments.user, {}))
    if arguments.json:
        told = ({"columns": one.columns, "because": one.because, "statement": one.statement} for one in found)
        print_json({"indexes": list(told), "warnings": []})
        return 0
    if not found:
        say(_NOTHING)
    for one in found:
        show(f"-- {one.because}")
        show(f"{one.statement};")
    return 0


def _of_import(job: Import, arguments: Namespace) -> int:
    from narrowboat.jobs.preview import advice

    found = advice(job)
    if arguments.json:
        print_json({"indexes": [], "warnings": list(found)})
    for warning in found or [_NOTHING]:
        say(warning)
    return 0


def _params(given: list[str]) -> dict[str, str]:
    """Raises BadParameter for what is no name and value."""
    pairs = [one.partition("=") for one in given]
    if wrong := [name for name, separator, _ in pairs if not separator]:
        raise BadParameter(f"{wrong[0]!r} is no parameter: write name=value.")
    return {name: value for name, _, value in pairs}
