"""Which command is meant, and the manners all parsers share. Loads no command but the one asked for."""

from __future__ import annotations

from argparse import ArgumentParser, HelpFormatter, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

COMMANDS = {
    "export": "write a table or a query to a spreadsheet or text file",
    "import": "write the rows of a spreadsheet into a table",
    "undo": "take an import back",
    "serve": "run the server: HTTP, live progress, and workers",
    "worker": "run workers alone, on this or another machine",
    "runs": "list, show, cancel, pause, resume, retry or rerun runs",
    "users": "add, list, change and disable the users of a server that knows its users itself",
    "tokens": "create, list and revoke their tokens",
    "audit": "list who did what",
    "advice": "name indexes that a job would need and its tables lack",
    "demo": "make sample data, start a server and export it over HTTP",
}
DESCRIPTION = "Bulk data jobs that finish on a small server."
EXIT_STATUS = """\
exit status: 0 done, 1 failed, 2 wrong usage, 3 finished with rejects, 4 timed out, 130 cancelled
"""


class Command(Protocol):
    """What the module of a command has; `self` is the module."""

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare what the command takes, with examples in its help."""
        ...

    def run(self, arguments: Namespace) -> int:
        """Do it; the exit status."""
        ...


def chosen(argv: Sequence[str]) -> tuple[Command, Namespace]:
    """The command that `argv` names and its arguments. Exits with a usage message where there is none."""
    if not argv or argv[0] not in COMMANDS:
        _overview().parse_args(argv or ["--help"])
        raise SystemExit(2)  # not reached: the overview ends every time
    command, parser = _load(argv[0]), _parser(f"narrowboat {argv[0]}")
    command.arguments(parser)
    return command, parser.parse_args(argv[1:])


def _load(name: str) -> Command:
    match name:
        case "export":
            from narrowboat.cli import export

            return export
        case "import":
            from narrowboat.cli import importing

            return importing
        case "undo":
            from narrowboat.cli import undo

            return undo
        case "serve":
            from narrowboat.cli import serve

            return serve
        case "worker":
            from narrowboat.cli import worker

            return worker
        case "runs":
            from narrowboat.cli import runs

            return runs
        case "users":
            from narrowboat.cli import users

            return users
        case "tokens":
            from narrowboat.cli import tokens

            return tokens
        case "advice":
            from narrowboat.cli import advice

            return advice
        case "audit":
            from narrowboat.cli import audit

            return audit
    from narrowboat.cli import demo

    return demo


class Parser(ArgumentParser):
    """Takes a TARGET that may be left out wherever it stands; argparse alone forgets it behind options.

    argparse also looks how wide the terminal is, with all of `shutil`, as soon as one argument is declared. Here only
    what is printed has that width.
    """

    _intermixing = False

    def __init__(self, *, formatter_class: type[HelpFormatter] = HelpFormatter, **given: Any) -> None:
        super().__init__(formatter_class=partial(formatter_class, width=80), **given)
        self._printed = formatter_class

    def format_usage(self) -> str:
        """See `argparse`."""
        self.formatter_class = self._printed
        return super().format_usage()

    def format_help(self) -> str:
        """See `argparse`."""
        self.formatter_class = self._printed
        return super().format_help()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """See `argparse`."""
        may_be_left_out = any(action.nargs == "?" for action in self._get_positional_actions())
        if not may_be_left_out or self._subparsers is not None or self._intermixing:  # it calls itself
            return super().parse_known_args(args, namespace)
        self._intermixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._intermixing = False


def _parser(program: str) -> ArgumentParser:
    return Parser(prog=program, formatter_class=RawDescriptionHelpFormatter, allow_abbrev=False)


def _overview() -> ArgumentParser:
    from narrowboat import __version__

    parser = _parser("narrowboat")
    commands = "\n".join(f"  {name:<8}{summary}" for name, summary in COMMANDS.items())
    parser.description = f"{DESCRIPTION}\n\ncommands:\n{commands}"
    parser.epilog = f"`narrowboat COMMAND --help` explains each, with examples.\n\n{EXIT_STATUS}"
    parser.add_argument("--version", action="version", version=f"narrowboat {__version__}")
    parser.add_argument("command", choices=list(COMMANDS), metavar="COMMAND", help="one of the above")
    return parser
