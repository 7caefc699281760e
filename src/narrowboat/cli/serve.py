"""`narrowboat serve`: the HTTP server with its workers, from a Python object or a TOML file."""

from __future__ import annotations

import gc
import ipaddress
import signal
import socket
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from narrowboat import logs
from narrowboat.app import Narrowboat
from narrowboat.cli import target
from narrowboat.cli.outcome import say
from narrowboat.errors import BadConfiguration
from narrowboat.kernel.memory import settle_in
from narrowboat.kernel.page_cache import give_back_later, libraries, modules

LOOKS = (5000, 10, 10)
"""After how many new objects garbage is looked for: far oftener than a command does, which soon ends."""
GRACE = 10
"""Seconds that a request under way is given when the server is to stop."""
EXAMPLES = """\
examples:
  narrowboat serve jobs:nb
  narrowboat serve narrowboat.toml --port 9000
  narrowboat serve jobs:nb --host 0.0.0.0 --user accounts:current_user

a narrowboat.toml:
  database = "sqlite:///narrowboat.db"       # where runs are kept, or postgresql://…

  [sources]
  crm = "sqlite:///crm.db"

  [exports.leads]
  source = "crm"
  table = "driver_leads"
  parameters = {city = "str"}                # ?city=Accra; without it, all of them

Without --user anybody who reaches the server may do everything, so it then listens on this machine only.
Logs go to stderr, as JSON unless that is a terminal.
"""


def arguments(parser: ArgumentParser) -> None:
    """See `parser.Command`."""
    parser.description = "Serve exports over HTTP, with a page, live progress and workers."
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("target", metavar="TARGET", help=target.HELP)
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    add("--port", type=int, default=8000, help="port to listen on (8000); 0 takes a free one")
    add("--user", metavar="MODULE:CALLABLE", help="says who asks: a request in, a user out")
    add("--users", action="store_true", help="people sign in here (see `narrowboat users`)")
    add(
        "--cors",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="whose pages may call, such as https://shop.example",
    )
    add("--workers", type=int, metavar="N", help="worker processes, instead of what TARGET says")
    add("--access-log", action="store_true", help="log every request")


def run(arguments: Namespace) -> int:
    """See `parser.Command`."""
    nb = target.load(arguments.target)
    user = _who(nb, arguments)
    if user is None and not _is_loopback(arguments.host):
        raise BadConfiguration(
            f"Nobody would have to sign in, and {arguments.host} can be reached from elsewhere. "
            "Say who asks with --user module:callable, let people sign in here with --users, or listen on 127.0.0.1."
        )
    if arguments.workers is not None:
        nb.workers = arguments.workers
    with _listening(arguments.host, arguments.port) as ear:
        _serve(nb, user, arguments, ear)
    return 0


def _who(nb: Narrowboat, arguments: Namespace) -> Any:
    if arguments.user and arguments.users:
        raise BadConfiguration("Say --user or --users: either your application knows the users, or this server does.")
    if arguments.user:
        return target.attribute(arguments.user)
    if not (arguments.users or nb.users):
        return None
    if not nb.people.all():
        say("There are no users yet. Make the first: narrowboat users add NAME --role admin TARGET")
    return nb.people


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        ear = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise BadConfiguration(f"Cannot listen on {host} port {port}: {error.strerror}.") from error
    # asyncio does so only for sockets it makes itself; else an event waits 40 ms for the last one's acknowledgement.
    ear.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return ear


def _serve(nb: Narrowboat, user: Any, arguments: Namespace, ear: socket.socket) -> None:
    _ = nb.store  # before anything is announced: where it cannot be opened, that is told as what it is
    shared = set(sys.modules)  # the next worker loads these again, and nearly none of those that follow
    import uvicorn

    logs.configure(json=not sys.stderr.isatty())
    config = uvicorn.Config(
        nb.asgi(user=user, cors=tuple(arguments.cors)),
        http="narrowboat.web.ending:Protocol",
        ws="none",
        access_log=arguments.access_log,
        log_config=None,
        log_level="info" if arguments.access_log else "warning",
        timeout_graceful_shutdown=GRACE,
        server_header=False,
    )
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    say(f"Narrowboat listens on http://{host}:{ear.getsockname()[1]}/ (Ctrl-C stops)")
    if user is None:
        say("Nobody has to sign in, so only this machine is served. To serve others: --host and --user or --users.")
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises the signal once more when it has stopped in order, for whoever handled it before.
        signal.signal(number, lambda number, frame: None)
    settle_in()
    gc.set_threshold(*LOOKS)
    give_back_later(lambda: modules(sys.modules.keys() - shared) | libraries())
    uvicorn.Server(config).run(sockets=[ear])
