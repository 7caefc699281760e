"""`narrowboat tokens`: what programs act by, for users of a server that knows its users itself."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from narrowboat.cli import target
from narrowboat.cli.outcome import print_json, say, show
from narrowboat.cli.rendering import moment
from narrowboat.cli.users import BY
from narrowboat.people.accounts import SCOPES, Token
from narrowboat.people.people import DAY, People

EXAMPLES = """\
examples:
  narrowboat tokens create ben --label "nightly export" --scopes see,start,download --jobs leads
  narrowboat tokens list --of ben
  narrowboat tokens revoke 5rTz…

A program sends a token as `Authorization: Bearer nb_…`. It is shown once, and only its digest is kept.
Without TARGET or --store: narrowboat.toml or narrowboat.db in this folder.
"""


def arguments(parser: ArgumentParser) -> None:
    """See `parser.Command`."""
    parser.description = "Tokens, by which programs act for users."
    parser.epilog = EXAMPLES
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    create = verbs.add_parser("create", help="a new token, shown once")
    create.add_argument("user", metavar="NAME", help="for whom it acts")
    create.add_argument("--label", required=True, help="what it is for")
    create.add_argument("--scopes", required=True, metavar="A,B", help=f"what it may: {', '.join(SCOPES)}")
    create.add_argument("--jobs", metavar="A,B", help="only these jobs")
    create.add_argument("--days", type=float, default=90, metavar="N", help="how long it holds (90, at most 366)")
    lists = verbs.add_parser("list", help="tokens, newest first")
    lists.add_argument("--of", metavar="NAME", help="only this user's")
    revoke = verbs.add_parser("revoke", help="refuse it from now on")
    revoke.add_argument("token", metavar="TOKEN", help="its id")
    for one in (create, lists, revoke):
        target.arguments(one)
        one.add_argument("--json", action="store_true", help="print one JSON object as the last line")


def run(arguments: Namespace) -> int:
    """See `parser.Command`."""
    nb = target.meant(arguments)
    try:
        found = _act(nb.people, arguments)
    finally:
        nb.store.close()
    if arguments.json:
        print_json({"tokens": [_json(one) for one in found]})
        return 0
    for one in found:
        jobs = "every job" if one.jobs is None else ",".join(one.jobs)
        show(f"{one.id}  {one.user:<20}  until {moment(one.expires)}  {','.join(one.scopes)}  {jobs}  {one.label}")
        if one.secret:
            say("Keep this; it is not shown again:")
            show(one.secret)
    return 0


def _act(people: People, arguments: Namespace) -> list[Token]:
    match arguments.verb:
        case "list":
            return list(people.tokens(arguments.of))
        case "revoke":
            people.revoke_token(arguments.token, by=BY)
            return []
    jobs = arguments.jobs.split(",") if arguments.jobs else None
    return [
        people.create_token(
            arguments.user, by=BY, label=arguments.label, scopes=arguments.scopes.split(","), jobs=jobs,
            seconds=arguments.days * DAY,
        )
    ]  # fmt: skip


def _json(one: Token) -> dict[str, Any]:
    times = {"created": moment(one.created), "expires": moment(one.expires), "used": moment(one.used)}
    return {**one._asdict(), **times}
