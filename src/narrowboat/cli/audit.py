"""`narrowboat audit`: who did what."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from typing import Any

from narrowboat.cli import target
from narrowboat.cli.outcome import print_json, say, show
from narrowboat.cli.rendering import moment
from narrowboat.people.audit import Entry, Which

EXAMPLES = """\
examples:
  narrowboat audit jobs:nb
  narrowboat audit --store sqlite:///narrowboat.db --action download --by ann
  narrowboat audit --about 3hQ0…               what was done to one run, user or token

Without TARGET or --store: narrowboat.toml or narrowboat.db in this folder.
"""


def arguments(parser: ArgumentParser) -> None:
    """See `parser.Command`."""
    parser.description = "List who did what, newest first."
    parser.epilog = EXAMPLES
    target.arguments(parser)
    add = parser.add_argument
    add("--by", metavar="USER", help="only what this user did")
    add("--action", help="only this: start, download, link.create, …")
    add("--about", metavar="ID", help="only what was done to this run, user or token")
    add("--limit", type=int, default=50, metavar="N", help="at most so many (50)")
    add("--json", action="store_true", help="print one JSON object as the last line")


def run(arguments: Namespace) -> int:
    """See `parser.Command`."""
    nb = target.meant(arguments)
    try:
        which = Which(by=arguments.by, action=arguments.action, about=arguments.about, limit=arguments.limit)
        found = nb.audit.find(which)
    finally:
        nb.store.close()
    if arguments.json:
        print_json({"entries": [_json(one) for one in found]})
        return 0
    if not found:
        say("There are no such entries.")
    for one in found:
        detail = json.dumps(one.detail, ensure_ascii=False) if one.detail else ""
        show(f"{moment(one.at)}  {one.by or '-':<16}  {one.action:<14}  {one.about:<22}  {detail}")
    return 0


def _json(one: Entry) -> dict[str, Any]:
    return {**one._asdict(), "at": moment(one.at)}
