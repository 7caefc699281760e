"""`narrowboat advice`: indexes that a job would need and its tables lack."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from narrowboat.cli import target
from narrowboat.cli.outcome import print_json, say, show
from narrowboat.errors import BadParameter
from narrowboat.people.requester import Requester

EXAMPLES = """\
examples:
  narrowboat advice jobs:nb sales                       the job as it is with its defaults
  narrowboat advice jobs:nb sales region=north          with these parameters
  narrowboat advice jobs:nb sales --as ann              for a job that asks who it is for

Each index is named with the statement that makes it. Nothing is made: copy the statement.
"""


def arguments(parser: ArgumentParser) -> None:
    """See `parser.Command`."""
    parser.description = "Name the indexes that a job would need and its tables lack."
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("target", metavar="TARGET", help=target.HELP)
    add("job", metavar="JOB", help="an export or a report")
    add("params", metavar="NAME=VALUE", nargs="*", help="parameters of the job")
    add("--as", dest="user", default="", metavar="USER", help="who asks")
    add("--json", action="store_true", help="print one JSON object as the last line")


def run(arguments: Namespace) -> int:
    """See `parser.Command`."""
    job = target.load(arguments.target).delivering(arguments.job)
    found = job.missing_indexes(_params(arguments.params), job.usual, Requester(arguments.user, {}))
    if arguments.json:
        told = ({"columns": one.columns, "because": one.because, "statement": one.statement} for one in found)
        print_json({"indexes": list(told)})
        return 0
    if not found:
        say("No index is missing, as far as the catalogue tells.")
    for one in found:
        show(f"-- {one.because}")
        show(f"{one.statement};")
    return 0


def _params(given: list[str]) -> dict[str, str]:
    """Raises BadParameter for what is no name and value."""
    pairs = [one.partition("=") for one in given]
    if wrong := [name for name, separator, _ in pairs if not separator]:
        raise BadParameter(f"{wrong[0]!r} is no parameter: write name=value.")
    return {name: value for name, _, value in pairs}
