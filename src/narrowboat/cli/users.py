"""`narrowboat users`: the users of a server that knows its users itself."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from narrowboat.app import Narrowboat
from narrowboat.cli import target
from narrowboat.cli.outcome import print_json, show
from narrowboat.errors import BadParameter
from narrowboat.people.accounts import Account, Role
from narrowboat.people.actions import Action

BY = "command line"
VERBS = {
    "add": "a new user; the password is asked for, or read from stdin",
    "list": "all users",
    "disable": "signed out, tokens refused; the name stays taken",
    "enable": "the other way round",
    "password": "a new password; all sessions end",
    "grant": "what they may do, of which they are, and where messages go",
}
EXAMPLES = """\
examples:
  narrowboat users add ann --role admin narrowboat.toml
  narrowboat users add ben --email ben@shop.example --attribute tenant=acme narrowboat.toml
  narrowboat users grant ben --only leads=see,start,download narrowboat.toml
  narrowboat users grant ben --everything --role operator narrowboat.toml
  echo "$PASSWORD" | narrowboat users password ben --store sqlite:///narrowboat.db

Without TARGET or --store: narrowboat.toml or narrowboat.db in this folder.
"""


def arguments(parser: ArgumentParser) -> None:
    """See `parser.Command`."""
    parser.description = "Users that sign in here: for `narrowboat serve --users`, or [users] in a narrowboat.toml."
    parser.epilog = EXAMPLES
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, summary in VERBS.items():
        one = verbs.add_parser(verb, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if verb != "list":
            one.add_argument("name", metavar="NAME", help="what they sign in with")
        if verb in ("add", "grant"):
            _choices(one)
        if verb == "add":
            one.add_argument("--no-password", action="store_true", help="a user for tokens alone")
        target.arguments(one)
        one.add_argument("--json", action="store_true", help="print one JSON object as the last line")


def _choices(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--role", choices=list(Role), help="admin: manages users; operator: sees all runs; member: sees their own")
    add("--email", help="where messages about their runs go")
    add("--attribute", action="append", default=[], metavar="NAME=VALUE", help="what jobs choose rows by; JSON or text")
    add(
        "--only",
        action="append",
        default=[],
        metavar="JOB=A,B",
        help=f"only these actions on this job (* for every other): {', '.join(Action)}",
    )
    add("--everything", action="store_true", help="every action on every job")


def run(arguments: Namespace) -> int:
    """See `parser.Command`."""
    nb = target.meant(arguments)
    try:
        found = _act(nb, arguments)
    finally:
        nb.store.close()
    if arguments.json:
        print_json({"users": [_json(one) for one in found]})
        return 0
    for one in found:
        grants = (
            "everything"
            if one.grants is None
            else " ".join(f"{job}={','.join(may)}" for job, may in one.grants.items())
        )
        state = "disabled" if one.disabled else one.role
        show(f"{one.id:<20}  {state:<9}  {one.email or '-':<24}  {grants}")
    return 0


def _act(nb: Narrowboat, arguments: Namespace) -> list[Account]:
    people, name = nb.people, getattr(arguments, "name", "").strip().lower()
    match arguments.verb:
        case "list":
            return list(people.all())
        case "add":
            password = None if arguments.no_password else read_password()
            chosen = {"role": Role.MEMBER, **_chosen(arguments)}
            return [people.add(name, by=BY, password=password, **chosen)]
        case "password":
            people.get(name)
            people.set_password(name, read_password(), by=BY)
        case "grant":
            people.change(name, by=BY, **_chosen(arguments))
        case verb:
            people.change(name, by=BY, disabled=verb == "disable")
    return [people.get(name)]


def _chosen(arguments: Namespace) -> dict[str, Any]:
    """What is said of a user; the rest stays."""
    if arguments.only and arguments.everything:
        raise BadParameter("Say --only or --everything.")
    found: dict[str, Any] = {}
    if arguments.role:
        found["role"] = arguments.role
    if arguments.email is not None:
        found["email"] = arguments.email
    if arguments.attribute:
        found["attributes"] = {key: _value(text) for key, text in map(_pair, arguments.attribute)}
    if arguments.only:
        found["grants"] = {job: text.split(",") for job, text in map(_pair, arguments.only)}
    if arguments.everything:
        found["grants"] = None
    return found


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise BadParameter(f"{text!r} must be NAME=VALUE.")
    return name, value


def _value(text: str) -> Any:
    """`["Accra", "Tema"]` and `7` are JSON; what is none is text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def read_password() -> str:
    """From the terminal, twice and unseen, or one line of stdin: never from the arguments, which everybody can list."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    password = getpass("Password: ")
    if getpass("Once more: ") != password:
        raise BadParameter("These are two different passwords.")
    return password


def _json(one: Account) -> dict[str, Any]:
    return {**one._asdict(), "attributes": dict(one.attributes)}
