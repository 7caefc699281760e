"""ExportActions: "Export selected" and "Export all filtered" for any ModelAdmin."""

from __future__ import annotations

from inspect import signature as arguments_of
from typing import Any
from urllib.parse import quote_plus

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, ActionForm
from django.contrib.admin.options import IS_POPUP_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from narrowboat.contrib.django.listed import Listed
from narrowboat.contrib.django.people import attributes_of
from narrowboat.data.formats import FORMATS
from narrowboat.errors import NarrowboatError
from narrowboat.jobs.export import Export
from narrowboat.jobs.output import Output
from narrowboat.jobs.parameters import requester_of, signature

MOST = 1000
"""Rows selected one by one; their keys are kept with the run."""
SELECTED, ALL = "export_selected", "export_all_filtered"


class ExportForm(ActionForm):
    """The choice of an action, and of the file's format."""

    format = forms.ChoiceField(choices=[(name, name) for name in FORMATS], required=False, label="as")


class ExportActions:
    """Mix it into a ModelAdmin, before it: `class LeadAdmin(ExportActions, admin.ModelAdmin)`.

    export_columns: fields to export, also `owner__name`; empty: those of list_display that are fields. Who may export
    is who may view. The rows are found in a worker as the list finds them: by get_queryset, filters and search, for the
    user who asked. They come in the order of the primary key, by which an interrupted run goes on.
    """

    export_columns: tuple[str, ...] = ()
    action_form = ExportForm
    model: Any
    admin_site: Any
    opts: Any

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)  # type: ignore[call-arg]  # ModelAdmin's
        self.export_job = _name(self)
        apps.get_app_config("narrowboat").offer(self, _job(self, self.export_job))

    def may_export(self, request: HttpRequest) -> bool:
        """Whether this user may export from this list: who works in the admin and may view it."""
        return bool(self.admin_site.has_permission(request) and self.has_view_permission(request))  # type: ignore[attr-defined]

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """Those of the ModelAdmin, and on its list these two for who may export.

        action_location: where they are shown, since Django 6.1; None: on the list.
        """
        inherited: Any = super().get_actions  # type: ignore[misc]
        if action_location is not None and action_location.name != "CHANGE_LIST":
            knows = "action_location" in arguments_of(inherited).parameters  # other mixins may be older
            return dict(inherited(request, action_location=action_location)) if knows else {}
        found: dict[str, Any] = inherited(request)
        if IS_POPUP_VAR not in request.GET and self.may_export(request):
            found |= {name: self.get_action(name) for name in (SELECTED, ALL)}  # type: ignore[attr-defined]
        return found

    @admin.action(description="Export selected")
    def export_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """The rows that are ticked; all of the list, if all of its pages are."""
        if request.POST.get("select_across") == "1":
            return self.export_all_filtered(request, queryset)
        keys = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if len(keys) > MOST:
            text = f"{len(keys):,} rows are ticked and {MOST:,} at most can be. Filter the list, and export all of it."
            messages.error(request, text)
            return None
        return self._started(request, {"selected": ",".join(map(quote_plus, keys))})

    @admin.action(description="Export all filtered")
    def export_all_filtered(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Every row of the list as it is filtered and searched, on all its pages."""
        return self._started(request, {"filters": request.GET.urlencode() or None})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """As ever; but to export everything, no row has to be ticked."""
        if _asks_for_all(request) and self.may_export(request):
            found = self.export_all_filtered(request, self.model.objects.none())
            return found or HttpResponseRedirect(request.get_full_path())
        shown: HttpResponseBase = super().changelist_view(request, extra_context)  # type: ignore[misc]
        return shown

    def _started(self, request: HttpRequest, params: dict[str, str | None]) -> HttpResponse | None:
        nb = apps.get_app_config("narrowboat").nb
        try:
            submitted = nb.start(
                self.export_job,
                params,
                Output(request.POST.get("format") or Output().format),
                owner=str(request.user.pk),
                attributes=attributes_of(request.user),
            )
        except NarrowboatError as error:
            messages.error(request, str(error))
            return None
        where = reverse("admin:narrowboat_run_change", args=[submitted.run.id], current_app=self.admin_site.name)
        return HttpResponseRedirect(where)


def _asks_for_all(request: HttpRequest) -> bool:
    """Whether that action was chosen, from above the list or from below it."""
    chosen, index = request.POST.getlist("action"), request.POST.get("index", "0")
    return request.method == "POST" and index.isdigit() and chosen[int(index) : int(index) + 1] == [ALL]


def _name(of: ExportActions) -> str:
    site = "" if of.admin_site.name == "admin" else f"{of.admin_site.name}."
    return f"{site}{of.opts.app_label}.{of.opts.model_name}"


def _job(of: ExportActions, name: str) -> Export:
    function = Listed(of).rows
    return Export(
        name=name,
        function=function,
        parameters=signature(function),
        requester=requester_of(function),
        title=str(of.opts.verbose_name_plural).capitalize(),
        description="As the admin lists them.",
    )
