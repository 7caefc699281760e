"""ImportButton: a button above an admin's list, and the page behind it, where people send a file to be imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django
from django import forms
from django.apps import apps
from django.contrib import messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from narrowboat.contrib.django.people import attributes_of, may_start
from narrowboat.errors import NarrowboatError
from narrowboat.jobs.example import example
from narrowboat.jobs.importer import Import
from narrowboat.jobs.preview import advice
from narrowboat.kernel.model import Submitted
from narrowboat.uploads.uploads import PIECE

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FileForm(forms.Form):
    """The file, and whether it is meant."""

    file = forms.FileField(
        help_text="xlsx, xls, xlsb, ods, csv, tsv or jsonl, also as gz or zip. Refused rows come back as a file to fix."
    )
    dry_run = forms.BooleanField(label="Only check it", required=False, help_text="Tells the same and changes nothing.")


class ImportButton:
    """Mix it into a ModelAdmin, before it: `class CustomerAdmin(ImportButton, admin.ModelAdmin)`.

    import_job: the name of an import of some `bulk.py`. Who may start it there, may start it here.
    """

    import_job: str
    change_list_template = "admin/narrowboat/import/change_list.html"
    admin_site: Any
    opts: Any

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)  # type: ignore[call-arg]  # ModelAdmin's
        apps.get_app_config("narrowboat").importers[self.import_job] = self

    def may_import(self, request: HttpRequest) -> bool:
        """Whether this user works in the admin and may start the import."""
        return bool(self.admin_site.has_permission(request) and may_start(request.user, self.import_job))

    @property
    def import_url(self) -> str:
        """The page's address."""
        return reverse(f"admin:{self._import_name}", current_app=self.admin_site.name)

    @property
    def _import_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_import"

    def get_urls(self) -> list[URLPattern]:
        """Those of the ModelAdmin, and the page's."""
        view = self.admin_site.admin_view
        own = [
            path("import/", view(self.import_view), name=self._import_name),
            path("import/example.xlsx", view(self.example_view), name=f"{self._import_name}_example"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """With the button, for who may."""
        more = {"import_url": self.import_url} if self.may_import(request) else {}
        shown: HttpResponseBase = super().changelist_view(request, {**(extra_context or {}), **more})  # type: ignore[misc]
        return shown

    def import_view(self, request: HttpRequest) -> HttpResponseBase:
        """The form; answered with the run's page as soon as the file is here."""
        job = self._job(request)
        form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
        if form.is_valid():
            try:
                submitted = self._start(request, form.cleaned_data["file"], dry_run=form.cleaned_data["dry_run"])
            except NarrowboatError as error:
                form.add_error("file", str(error))
            else:
                return self._led_to(request, submitted)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Import {self.opts.verbose_name_plural}",
            "opts": self.opts,
            "form": form,
            "adminform": AdminForm(form, [(None, {"fields": list(form.fields)})], {}),
            "breadcrumbs_as_list": django.VERSION >= (6, 1),
            "job": job,
            "warnings": _warnings(job),
        }
        return TemplateResponse(request, "admin/narrowboat/import/form.html", context)

    def example_view(self, request: HttpRequest) -> HttpResponse:
        """A workbook to fill in."""
        made = example(self._job(request), "xlsx")
        name = f"{self.import_job}-example.xlsx"
        return HttpResponse(made, XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    def _job(self, request: HttpRequest) -> Import:
        if not self.may_import(request):
            raise PermissionDenied
        found: Import = apps.get_app_config("narrowboat").nb.importing(self.import_job)
        return found

    def _start(self, request: HttpRequest, file: UploadedFile, *, dry_run: bool) -> Submitted:
        nb = apps.get_app_config("narrowboat").nb
        owner = str(request.user.pk)
        upload = nb.uploads.create(owner, file.name or "", file.size or 0)
        try:
            for piece in file.chunks(PIECE):
                upload = nb.uploads.append(upload, upload.received, piece)
            started: Submitted = nb.import_upload(
                self.import_job, upload, owner=owner, attributes=attributes_of(request.user), dry_run=dry_run
            )
        except BaseException:
            nb.uploads.remove(upload)  # who tries again sends it again
            raise
        return started

    def _led_to(self, request: HttpRequest, submitted: Submitted) -> HttpResponseRedirect:
        if submitted.how == "known":
            messages.warning(request, "You imported this very file before. This is what became of it then.")
        where = reverse("admin:narrowboat_run_change", args=[submitted.run.id], current_app=self.admin_site.name)
        return HttpResponseRedirect(where)


def _warnings(job: Import) -> Sequence[str]:
    """What should be known before: unique keys without an index, or why rows could not be written now."""
    try:
        return advice(job)
    except NarrowboatError as error:
        return [str(error)]
