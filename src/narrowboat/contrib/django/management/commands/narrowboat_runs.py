"""`manage.py narrowboat_runs`: what runs there are, and what is to become of them."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from narrowboat.cli import runs
from narrowboat.contrib.django import nb
from narrowboat.contrib.django.management.status import leave


class Command(BaseCommand):
    """As `narrowboat runs`, for this project."""

    help = "List, show and steer runs."

    def add_arguments(self, parser: CommandParser) -> None:
        runs.declare(parser, lambda one: None)

    def handle(self, **options: Any) -> None:
        leave(lambda: runs.steer(nb, Namespace(**options)))
