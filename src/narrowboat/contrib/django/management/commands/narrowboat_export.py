"""`manage.py narrowboat_export`: an export of this project to a file here, without a server."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser

from narrowboat.cli import export
from narrowboat.cli.asked import output_of, pair
from narrowboat.contrib.django import nb
from narrowboat.contrib.django.management.status import leave
from narrowboat.contrib.django.people import attributes_of
from narrowboat.data.source import Source
from narrowboat.errors import BadParameter
from narrowboat.jobs.export import Export
from narrowboat.jobs.output import Output
from narrowboat.people.requester import NOBODY, Requester


class Asked(NamedTuple):
    """A job of this project, as the command line asks for it. See `cli.begun.Wanted`."""

    job: Export
    params: Mapping[str, str]
    output: Output
    requester: Requester

    def sources(self) -> dict[str, Source]:
        return dict(self.job.tables(self.params, Output(self.output.format), self.requester))

    def digest(self) -> str:
        from hashlib import sha256

        person = [self.requester.id, dict(self.requester.attributes)]
        parts = [self.job.name, self.params, self.output.as_json(), person]
        return sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


class Command(BaseCommand):
    """As `narrowboat export`, for a job of this project."""

    help = "Write an export of this project to a file. Ctrl-C stops it cleanly, and --resume goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", metavar="JOB", help="its name in bulk.py, or APP.MODEL as the admin lists it")
        parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="of the job")
        parser.add_argument("--user", metavar="NAME", help="for whom: jobs may choose rows by who asks")
        export.declare(parser)

    def handle(self, **options: Any) -> None:
        leave(lambda: export.write(_asked(Namespace(**options)), Namespace(**options)))


def _asked(arguments: Namespace) -> Asked:
    job = nb.job(arguments.job)
    if not isinstance(job, Export):
        raise BadParameter(f"{job.name!r} is no export, but of the kind {job.kind!r}.")
    params = dict(pair("--param", text) for text in arguments.param)
    asked = Asked(job, params, output_of(arguments), _requester(arguments.user))
    job.request(params, Output(asked.output.format), owner="")  # whether it can be asked for so
    return asked


def _requester(name: str | None) -> Requester:
    if name is None:
        return NOBODY
    model: Any = get_user_model()
    try:
        user = model._default_manager.get_by_natural_key(name)
    except model.DoesNotExist:
        raise BadParameter(f"There is no user {name!r}.") from None
    return Requester(str(user.pk), attributes_of(user))
