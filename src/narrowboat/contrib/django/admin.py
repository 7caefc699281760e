"""The admin's pages of runs: a list with actions, and each run with its figures, history and file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.timezone import template_localtime

from narrowboat.contrib.django.asking import HEADINGS, RETRY, VERBS, RunForm, ask, new_key, project, verbs
from narrowboat.contrib.django.models import Run
from narrowboat.contrib.django.people import CONTROL, SEE_ALL, user_of
from narrowboat.errors import NarrowboatError, outside
from narrowboat.jobs.account import told
from narrowboat.jobs.importer import ACCOUNTED, UNDO

SHOWN = 100
"""Refused rows on the page of a run; its file has all."""


class Runs(ChangeList):
    """The list, with the names of the users whose runs they are."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[Any] = list(self.result_list)
        names = _names({run.owner for run in self.result_list})
        for run in self.result_list:
            run.owner_name = names.get(run.owner, run.owner)


def _names(owners: set[str]) -> dict[str, str]:
    """Names of users by their id; who is not there any more, or never was a user, has none."""
    model: Any = get_user_model()
    keys = []
    for owner in owners:
        try:
            keys.append(model._meta.pk.to_python(owner))
        except ValidationError:
            continue
    return {str(user.pk): user.get_username() for user in model._default_manager.filter(pk__in=keys)}


@admin.register(Run)
class RunAdmin(admin.ModelAdmin):
    """Read-only. Who may `narrowboat.view_run` sees everybody's runs, who may export from a list their own."""

    list_display = ("name", "state", "progress", "kind_of_file", "who", "begun", "duration")
    list_filter = ("state", ("job", admin.AllValuesFieldListFilter), "created")
    search_fields = ("id", "job", "owner")
    actions = VERBS
    action_form = RunForm
    fields = readonly_fields = (
        "name", "state", "who", "progress", "counters", "size", "created", "started", "finished", "duration",
        "asked", "problem", "refused", "history", "download",
    )  # fmt: skip
    change_form_template = "admin/narrowboat/run/change_form.html"
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Runs

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        _ = project().store  # makes or upgrades the tables where nobody did
        found: QuerySet[Run] = super().get_queryset(request)
        return found if _sees_all(request) else found.filter(owner=str(request.user.pk))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Run | None:
        """With what its page may tell this user."""
        found: Run | None = super().get_object(request, object_id, from_field)
        if found is not None and (user := user_of(request)):
            found.reader = user.reads(found.job)
            found.insider = user.sees_all
        return found

    def has_view_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:
        if _sees_all(request):
            return True
        own = obj is None or obj.owner == str(request.user.pk)
        app = apps.get_app_config("narrowboat")
        exports = any(one.may_export(request) for one in app.admins.values())
        return own and (exports or any(one.may_import(request) for one in app.importers.values()))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:
        return False

    # what the list and the page of a run show

    @admin.display(description="job", ordering="job")
    def name(self, run: Run) -> str:
        job = project().jobs.get(run.job)
        return job.title if job else run.job

    @admin.display(description="who", ordering="owner")
    def who(self, run: Run) -> str:
        return getattr(run, "owner_name", None) or _names({run.owner}).get(run.owner, run.owner or "-")

    @admin.display(description="rows", ordering="rows_done")
    def progress(self, run: Run) -> str:
        done = f"{run.rows_done:,}"
        if run.ended or run.total is None:
            return done
        return f"{done} of {run.total:,} ({run.rows_done / max(run.total, 1):.0%})"

    @admin.display(description="took")
    def duration(self, run: Run) -> str:
        return "-" if run.started is None else f"{run.took():,.1f} s"

    @admin.display(description="size", ordering="bytes_written")
    def size(self, run: Run) -> str:
        return filesizeformat(run.file["bytes"] if run.file else run.bytes_written)

    @admin.display(description="of these")
    def counters(self, run: Run) -> str:
        figures = {
            "created": run.rows_created,
            "updated": run.rows_updated,
            "skipped": run.rows_skipped,
            "rejected": run.rows_rejected,
            "cells altered": run.cells_altered,
        }
        return ", ".join(f"{number:,} {what}" for what, number in figures.items() if number) or "-"

    @admin.display(description="asked for")
    def asked(self, run: Run) -> str:
        """Where the server keeps a file is for those who may know of its insides."""
        params = json.loads(run.params)
        if not run.insider:
            params.get("input", {}).pop("path", None)
        return format_html("<pre>{}</pre>", json.dumps(params, indent=2, ensure_ascii=False))

    @admin.display(description="error")
    def problem(self, run: Run) -> str:
        if not run.error_code:
            return "-"
        said = outside(run.error_code, insider=run.insider, reader=run.reader) or run.error
        return f"{said} [{run.error_code}]"

    @admin.display(description="refused rows")
    def refused(self, run: Run) -> str:
        """The first of an import, with why, and where to send them once they are right."""
        if run.kind not in ACCOUNTED:
            return "-"
        account = project().account(project().store.get(run.id)._replace(error=None), reader=run.reader)
        lines = [
            (one["row"], " ".join(f"{told(**problem)}." for problem in one["problems"]))
            for one in account["rejects"][:SHOWN]
        ]
        rows = format_html_join("", "<tr><td>{}</td><td>{}</td></tr>", lines)
        table = format_html("<table><tr><th>row</th><th>why</th></tr>{}</table>", rows) if lines else ""
        importer = apps.get_app_config("narrowboat").importers.get(run.job)
        again = format_html('<p><a href="{}">Import a file</a></p>', importer.import_url) if importer else ""
        return format_html("<p>{}</p>{}{}", account["message"], table, again)

    @admin.display(description="history")
    def history(self, run: Run) -> str:
        events = project().store.events(run.id)
        names = _names({event.by for event in events if event.by})
        lines = [
            (localize(template_localtime(datetime.fromtimestamp(event.at, UTC))), event.after.replace("_", " "), reason)
            for event in events
            for reason in [event.reason + (f" (by {names.get(event.by, event.by)})" if event.by else "")]
        ]
        return format_html_join("", "<div>{} <strong>{}</strong>: {}</div>", lines)

    @admin.display(description="file")
    def download(self, run: Run) -> str:
        return _file(run, run.file["path"], run.file["path"]) if run.file else "-"

    @admin.display(description="file", ordering="bytes_written")
    def kind_of_file(self, run: Run) -> str:
        """Short, as the list has little room; the link's title is the file's name."""
        return _file(run, run.file["path"], run.file["path"].rpartition(".")[2]) if run.file else "-"

    @admin.display(description="created", ordering="created")
    def begun(self, run: Run) -> str:
        """As text, which breaks where there is no room: a moment never does."""
        shown: str = localize(template_localtime(run.created))
        return shown

    # what can be asked of runs

    @admin.action(description=f"{HEADINGS['pause']} selected runs")
    def pause(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        self._ask(request, queryset, "pause")

    @admin.action(description=f"{HEADINGS['resume']} selected runs")
    def resume(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        self._ask(request, queryset, "resume")

    @admin.action(description=f"{HEADINGS['cancel']} selected runs")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        self._ask(request, queryset, "cancel")

    @admin.action(description="Retry what selected runs rejected")
    def retry(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        self._ask(request, queryset, RETRY)

    @admin.action(description="Take selected imports back")
    def undo(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        self._ask(request, queryset, UNDO)

    def _ask(self, request: HttpRequest, queryset: QuerySet[Run], verb: str) -> None:
        """Of each run; what one refuses does not keep the others from it."""
        for run in queryset:
            if not _may_control(request, run):
                messages.error(request, f"You may not {verb} run {run.id}.")
                continue
            try:
                state = ask(run, verb, request.user, request.POST.get("key"))
            except NarrowboatError as error:
                messages.error(request, str(error))
            else:
                messages.success(request, f"{self.name(run)} {run.id}: {state}.")

    # the page of a run

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        run = self.get_object(request, object_id)
        offered = [] if run is None or not _may_control(request, run) else verbs(run)
        form = {"verbs": [(verb, HEADINGS[verb]) for verb in offered], "box": ACTION_CHECKBOX_NAME, "key": new_key()}
        more = {**(extra_context or {}), **form, "run": run}
        shown: HttpResponseBase = super().change_view(request, object_id, form_url, more)
        return shown

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<str:run_id>/file/", self.admin_site.admin_view(self.file), name="narrowboat_run_file"),
            path("<str:run_id>/now/", self.admin_site.admin_view(self.now), name="narrowboat_run_now"),
        ]
        return [*own, *super().get_urls()]

    def file(self, request: HttpRequest, run_id: str) -> HttpResponseBase:
        """The finished file, by the rules of the HTTP API."""
        from narrowboat.contrib.django.views import answer

        run = self._run(request, run_id)
        if run.file is None:
            raise Http404
        return answer(request, f"runs/{run.id}/artifact", user_of(request), within=False)

    def now(self, request: HttpRequest, run_id: str) -> HttpResponseBase:
        """How far it is, for the page, which asks each second."""
        run = self._run(request, run_id)
        share = run.rows_done / run.total if run.total else None
        state = run.get_state_display()
        text = f"{state}: {self.progress(run)} rows"
        return JsonResponse({"state": run.state, "ended": run.ended, "share": share, "text": text})

    def _run(self, request: HttpRequest, run_id: str) -> Run:
        run = self.get_object(request, run_id)
        if run is None or not self.has_view_permission(request, run):
            raise Http404
        return run


def _file(run: Run, name: str, text: str) -> str:
    where = reverse("admin:narrowboat_run_file", args=[run.id])
    return format_html('<a href="{}" title="{}">{}</a>', where, name, text)


def _sees_all(request: HttpRequest) -> bool:
    return request.user.has_perm(SEE_ALL)


def _may_control(request: HttpRequest, run: Run) -> bool:
    return run.owner == str(request.user.pk) or request.user.has_perm(CONTROL)
