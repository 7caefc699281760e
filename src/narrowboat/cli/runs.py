"""`narrowboat runs`: what runs there are, what became of them, and what is to become of them."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from narrowboat.app import Narrowboat
from narrowboat.cli import target
from narrowboat.cli.outcome import complain, exit_status, print_json, say, show
from narrowboat.cli.progress import Done, Progress
from narrowboat.cli.rendering import amount, event_json, moment, notice_json, run_json
from narrowboat.errors import BadParameter
from narrowboat.kernel.model import Filter, Request, Run, State

VERBS = {
    "list": "runs, newest first",
    "show": "one run and its history",
    "cancel": "stop it, and keep what there is",
    "pause": "stop it for now",
    "resume": "go on where it was paused, cancelled, timed out or failed",
    "retry": "a new run over what it rejected",
    "rerun": "the same again, as a new run",
}
ASK = {"cancel": Request.CANCEL, "pause": Request.PAUSE, "resume": Request.RESUME}
POLL = 0.25
BY = "command line"
EXAMPLES = """\
examples:
  narrowboat runs list jobs:nb
  narrowboat runs list --store sqlite:///narrowboat.db --state running,queued
  narrowboat runs show 01k… --follow
  narrowboat runs cancel 01k… --store postgresql://me@host/narrowboat

Without TARGET or --store: narrowboat.toml or narrowboat.db in this folder. retry and rerun need a TARGET, as only the
definition of a job can start it.
"""


def arguments(parser: ArgumentParser) -> None:
    """See `parser.Command`."""
    parser.description = "List, show and steer runs."
    parser.epilog = EXAMPLES
    declare(parser, target.arguments)


def declare(parser: ArgumentParser, whose: Callable[[ArgumentParser], None]) -> None:
    """The verbs and what each takes. whose: declares how to say whose runs are meant."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, summary in VERBS.items():
        one = verbs.add_parser(verb, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if verb != "list":
            one.add_argument("run", metavar="RUN", help="its id")
        whose(one)
        one.add_argument("--json", action="store_true", help="print one JSON object as the last line")
        if verb == "list":
            _filters(one)
        else:
            one.add_argument("--follow", action="store_true", help="stay until it ends; the exit status tells how")


def _filters(parser: ArgumentParser) -> None:
    parser.add_argument("--state", metavar="A,B", help=f"only these: {', '.join(State)}")
    parser.add_argument("--job", help="only runs of this job")
    parser.add_argument("--owner", help="only runs of this user")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (50)")


def run(arguments: Namespace) -> int:
    """See `parser.Command`."""
    return steer(target.meant(arguments), arguments)


def steer(nb: Narrowboat, arguments: Namespace) -> int:
    """Do it with the runs of `nb`; the exit status."""
    try:
        if arguments.verb == "list":
            return _list(nb, arguments)
        found = _act(nb, arguments)
        if arguments.follow:
            found = _follow(nb, found)
        _tell(nb, found, as_json=arguments.json)
        return exit_status(found) if arguments.follow else 0
    finally:
        nb.store.close()


def _act(nb: Narrowboat, arguments: Namespace) -> Run:
    if arguments.verb in ASK:
        return nb.ask(arguments.run, ASK[arguments.verb], by=BY)
    found = nb.store.get(arguments.run)
    if arguments.verb in ("retry", "rerun") and not nb.jobs:
        raise BadParameter(f"{arguments.verb} needs a TARGET: only the definition of {found.job!r} can start it.")
    if arguments.verb == "rerun":
        return nb.rerun(found, by=BY).run
    return nb.retry_failed(found, by=BY).run if arguments.verb == "retry" else found


def _follow(nb: Narrowboat, found: Run) -> Run:
    progress = Progress(found.job, sys.stderr, memory=lambda: 0)
    while not (found.ended or found.state is State.PAUSED):
        progress.update(Done(found.counters.rows, found.total, found.total_estimated))
        progress.draw()
        time.sleep(POLL)
        found = nb.store.get(found.id)
    progress.clear()
    return found


def _list(nb: Narrowboat, arguments: Namespace) -> int:
    states = arguments.state.split(",") if arguments.state else ()
    if unknown := set(states) - set(State):
        raise BadParameter(f"There is no state {min(unknown)!r}. States: {', '.join(State)}.")
    found = nb.store.find(Filter(arguments.owner, arguments.job, tuple(map(State, states)), limit=arguments.limit))
    if arguments.json:
        print_json({"runs": [run_json(one) for one in found]})
        return 0
    if not found:
        say("There are no such runs.")
    for one in found:
        show(f"{one.id}  {moment(one.created)}  {one.state:<11}  {amount(one):>21}  {one.job}")
    return 0


def _tell(nb: Narrowboat, found: Run, *, as_json: bool) -> None:
    if found.error_code:
        complain(found.error_code, found.error)
    events, notices = nb.store.events(found.id), nb.outbox.of(found.id)
    if as_json:
        told = [notice_json(notice) for notice in notices]
        print_json(run_json(found) | {"events": [event_json(event) for event in events], "notices": told})
        return
    show(f"{found.id}  {found.job}  {found.state}  {amount(found)}")
    if found.artifact:
        show(f"  file: {nb.run_folder(found.id) / found.artifact.path}")
        if found.artifact.copy:
            show(f"  copy: {' '.join(found.artifact.copy.values())}")
    for event in events:
        by = f" (by {event.by})" if event.by else ""
        show(f"  {moment(event.at)}  {event.after:<11}  {event.reason}{by}")
    for notice in notices:
        why = f": {notice.error}" if notice.error else ""
        whom = f"{notice.channel} {notice.recipient}".strip()
        tries = "1 try" if notice.tries == 1 else f"{notice.tries} tries"
        show(f"  told by {whom}: {notice.state.replace('_', ' ')}, {tries}{why}")
