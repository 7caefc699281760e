"""`manage.py narrowboat_worker`: workers as a process of their own, for servers with `"WORKERS": 0`."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from narrowboat.cli import worker
from narrowboat.contrib.django import nb
from narrowboat.contrib.django.apps import TARGET
from narrowboat.contrib.django.embedded import hand_down
from narrowboat.contrib.django.management.status import leave


class Command(BaseCommand):
    """As `narrowboat worker`, for this project."""

    help = "Work on runs until told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        worker.declare(parser)

    def handle(self, **options: Any) -> None:
        hand_down(nb)
        leave(lambda: worker.run(Namespace(**{**options, "target": TARGET})))
