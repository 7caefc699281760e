"""The Django app: its jobs, its checks, and what starts with a server's first request."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.core import checks
from django.core.signals import request_started
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

from narrowboat.app import DAY, Narrowboat
from narrowboat.contrib.django import configuration, database
from narrowboat.contrib.django.embedded import Embedded
from narrowboat.jobs.export import Export

if TYPE_CHECKING:
    from narrowboat.contrib.django.actions import ExportActions
    from narrowboat.contrib.django.imports import ImportButton

TARGET = "narrowboat.contrib.django.worker:nb"


class NarrowboatConfig(AppConfig):
    """Label `narrowboat`. Every installed app's `bulk.py` is imported, so that its jobs are known everywhere."""

    name = "narrowboat.contrib.django"
    label = "narrowboat"
    verbose_name = "Narrowboat"
    default_auto_field = "django.db.models.BigAutoField"
    hears = False
    """Whether this process hears that it is told to stop."""

    def __init__(self, app_name: str, app_module: Any) -> None:
        super().__init__(app_name, app_module)
        self.admins: dict[str, ExportActions] = {}
        """Jobs that export from the admin, by name."""
        self.importers: dict[str, ImportButton] = {}
        """Who imports in the admin, by the import's name."""

    def ready(self) -> None:
        from narrowboat.contrib.django.upkeep import after_migrate

        checks.register(check)
        post_migrate.connect(after_migrate, sender=self)
        request_started.connect(self._at_a_request, dispatch_uid="narrowboat")
        if not any(True for _ in configuration.faults()):
            autodiscover_modules("bulk")

    @cached_property
    def nb(self) -> Narrowboat:
        """The project's Narrowboat. Raises BadConfiguration."""
        chosen = configuration.read()
        return Narrowboat(
            database.url,
            folder=database.folder(),
            workers=chosen.workers,
            retention=chosen.retention_days * DAY,
            target=TARGET,
            **chosen.options,
        )

    def offer(self, admin: ExportActions, job: Export) -> None:
        """A job that exports from an admin's list; it replaces that of an admin which was unregistered."""
        if not any(True for _ in configuration.faults()):  # else the checks tell them
            self.nb.jobs.pop(job.name, None)
            self.nb.register(job)
            self.admins[job.name] = admin

    @cached_property
    def asgi(self) -> Any:
        """Narrowboat's own application, whose users are Django's."""
        from narrowboat.web.hosted import who

        return self.nb.asgi(user=who)

    @cached_property
    def embedded(self) -> Embedded:
        """This process's part of it: its event loop and its workers."""
        return Embedded(lambda: self.nb)

    def _at_a_request(self, sender: type, **kwargs: Any) -> None:
        """Not before, as servers fork after they have loaded the application; and not for Django's test client."""
        if not sender.__module__.startswith("django.test"):
            self.embedded.serve()


def check(app_configs: Any, **kwargs: Any) -> Iterable[checks.CheckMessage]:
    """For `manage.py check`."""
    return [*configuration.faults(), *configuration.functions(), *database.check()]
