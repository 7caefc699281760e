"""People: Django's user of a request, and what they may, as Narrowboat asks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.http import HttpRequest
from django.utils.module_loading import import_string

from narrowboat.contrib.django.configuration import read
from narrowboat.contrib.django.upkeep import codename

if TYPE_CHECKING:
    from narrowboat.web.access import Action, User

SEE_ALL = "narrowboat.view_run"
"""The permission to see everybody's runs."""
CONTROL = "narrowboat.control_run"
"""The permission to cancel, pause, resume and retry them in the admin."""


def user_of(request: HttpRequest) -> User | None:
    """Who asks; None for nobody. What they may is looked up here, in the request's own thread, for all jobs at once."""
    from narrowboat.web.access import Action, User  # brings FastAPI, which workers and commands need not load

    person: Any = getattr(request, "user", None)
    if person is None or not person.is_authenticated or not person.is_active:
        return None
    app = apps.get_app_config("narrowboat")
    rule = _rule()
    allowed = {
        (action, job)
        for job in app.nb.jobs
        for action in Action
        if (app.admins[job].may_export(request) if job in app.admins else rule(person, action, job))
    }

    def may(action: Action, job: str) -> bool:
        return (action, job) in allowed or (person.is_superuser and job not in app.nb.jobs)

    email = getattr(person, person.get_email_field_name(), "") or None
    return User(str(person.pk), may, person.has_perm(SEE_ALL), email, attributes_of(person))


def may_start(person: Any, job: str) -> bool:
    """Whether somebody may start a job of `bulk.py`, without loading what answers over HTTP."""
    return bool(_rule()(person, "start", job))  # type: ignore[arg-type]  # an Action is its text


def _rule() -> Callable[[Any, Action, str], Any]:
    """Who may do what with the jobs of `bulk.py`: the project's own function, or a permission for each job."""
    path = read().permission
    rule: Callable[[Any, Action, str], Any] = import_string(path) if path else _has_permission
    return rule


def _has_permission(person: Any, action: Action, job: str) -> bool:
    return bool(person.has_perm(f"narrowboat.{codename(job)}"))


def attributes_of(person: Any) -> dict[str, Any]:
    """What the project says of a user, for jobs that ask for their `Requester`."""
    path = read().attributes
    return dict(import_string(path)(person)) if path else {}
