"""Status: the exit status of our command line, from a command of Django's."""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.core.management.base import CommandError

from narrowboat.errors import NarrowboatError


def leave(work: Callable[[], int]) -> None:
    """Exit with what `work` returns, unless that is 0. Raises CommandError for what it raises."""
    try:
        status = work()
    except NarrowboatError as error:
        raise CommandError(f"{error} [{error.code}]") from error
    if status:
        sys.exit(status)
