"""Narrowboat as a Django app: put "narrowboat.contrib.django" into INSTALLED_APPS.

`nb` is the project's Narrowboat, made from its settings. Jobs are registered on it in each app's `bulk.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrowboat.app import Narrowboat

    nb: Narrowboat

__all__ = ["nb", "start"]


def __getattr__(name: str) -> Any:
    """`nb`, once Django has read its settings."""
    if name != "nb":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from django.apps import apps

    return apps.get_app_config("narrowboat").nb


def start() -> None:
    """Start this process's workers now and not at its first request: for a server's hook after it has forked."""
    from django.apps import apps

    apps.get_app_config("narrowboat").embedded.serve()
