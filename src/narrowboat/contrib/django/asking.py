"""Asking: what can be asked of runs in the admin, once however often the same form is sent."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.apps import apps
from django.contrib.admin.helpers import ActionForm

from narrowboat.app import Narrowboat
from narrowboat.contrib.django.models import Run
from narrowboat.contrib.django.people import attributes_of
from narrowboat.jobs.importer import UNDO, Import
from narrowboat.kernel.model import REQUESTS, Request, State, Submitted

RETRY = "retry"
VERBS = (*(request.value for request in Request), RETRY, UNDO)
HEADINGS = {
    "pause": "Pause", "resume": "Resume", "cancel": "Cancel", RETRY: "Retry what was rejected", UNDO: "Take it back",
}  # fmt: skip


def project() -> Narrowboat:
    """The project's Narrowboat."""
    nb: Narrowboat = apps.get_app_config("narrowboat").nb
    return nb


def new_key() -> str:
    """Of one form, as it is shown once."""
    return secrets.token_urlsafe(12)


class RunForm(ActionForm):
    """The choice of an action, and the form's key."""

    key = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput, initial=new_key, label="")


def ask(run: Run, verb: str, person: Any, key: str | None) -> str:
    """What became of it, in words. key: of the form; sent again, it is answered with the run that it made.

    Raises what `Narrowboat.ask`, `retry_failed` and `undo` raise.
    """
    by, found = str(person.pk), project().store.get(run.id)
    own = f"{key}/{verb}/{run.id}" if key else None  # a form may ask different things, and of several runs
    if verb not in (RETRY, UNDO):
        return project().ask(run.id, Request(verb), by=by, key=own).state.replace("_", " ")
    attributes = attributes_of(person) if found.owner == by else None
    if verb == RETRY:
        return _told("retried as", project().retry_failed(found, attributes=attributes, by=by, idempotency_key=own))
    return _told("taken back by", project().undo(found, owner=by, attributes=attributes, idempotency_key=own))


def _told(what: str, made: Submitted) -> str:
    return f"{'already ' * (made.how == 'repeated')}{what} {made.run.id}"


def verbs(run: Run) -> list[str]:
    """What can be asked of it in its state."""
    asked = [
        request.value for request, edges in REQUESTS.items() if edges.get(State(run.state), run.state) != run.state
    ]
    job = project().jobs.get(run.job)
    retry = [RETRY] if run.ended and run.rows_rejected else []
    undo = [UNDO] if run.ended and run.kind == "import" and isinstance(job, Import) and job.undo else []
    return [*asked, *retry, *undo]
