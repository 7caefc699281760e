"""Listed: the rows of an admin's list as a source, found again in a worker for the user who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, PAGE_VAR
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, SuspiciousOperation, ValidationError
from django.db import close_old_connections
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from narrowboat.data.sources.django import DjangoRows, queryset
from narrowboat.data.sources.django_rows import database_errors
from narrowboat.errors import BadParameter, NotAllowed
from narrowboat.people.requester import Requester

if TYPE_CHECKING:
    from narrowboat.contrib.django.actions import ExportActions


PLACE = (PAGE_VAR, ALL_VAR)
"""Parameters of the list that say which page of it is shown."""


class Listed:
    """The list of one ModelAdmin."""

    def __init__(self, of: ExportActions) -> None:
        self._of: Any = of

    def rows(self, requester: Requester, selected: str | None = None, filters: str | None = None) -> DjangoRows:
        """What this user sees in the list.

        selected: primary keys by commas, each quoted as in an address. filters: the list's query string.
        Raises NotAllowed for who may not view it (any more), BadParameter for filters that the list does not know.
        """
        close_old_connections()
        with database_errors(self._of.model.objects.db):
            request = _request(requester, filters or "")
            if not self._of.may_export(request):
                raise NotAllowed(f"User {requester.id} may not view {self._of.opts.verbose_name_plural}.")
            names = self._columns(request)
            keys = [unquote_plus(key) for key in (selected or "").split(",") if key]
            found = self._found(request, keys, names)
        labels = {name: str(field.verbose_name) for name in names if (field := self._field(name)) is not None}
        return queryset(lambda: found).columns(*names).rename(labels)

    def _found(self, request: HttpRequest, keys: list[str], names: list[str]) -> QuerySet[Any]:
        """The list's QuerySet; where it may hold a row twice or in groups, those rows by their primary key."""
        try:
            listed = self._of.get_changelist_instance(request).get_queryset(request)
            chosen = listed.filter(pk__in=keys) if keys else listed
        except (IncorrectLookupParameters, SuspiciousOperation) as error:
            raise BadParameter(f"The list knows no such filter: {error}") from error
        except (ValueError, ValidationError) as error:
            raise BadParameter(f"That is no selection of rows: {error}") from error
        if set(names) & set(chosen.query.annotations):
            return chosen
        model = self._of.model
        rows: QuerySet[Any] = model._base_manager.using(chosen.db)
        return rows.filter(pk__in=chosen.order_by().values("pk"))

    def _columns(self, request: HttpRequest) -> list[str]:
        names = list(self._of.export_columns) or [
            name
            for name in self._of.get_list_display(request)
            if isinstance(name, str) and self._field(name) is not None
        ]
        return names or [field.attname for field in self._of.opts.concrete_fields]

    def _field(self, path: str) -> Any:
        """The model's field that a path leads to; None for a method, a property or `__str__`."""
        options, field = self._of.opts, None
        for name in path.split("__"):
            try:
                field = options.get_field(name) if options else None
            except FieldDoesNotExist:
                return None
            if field is None or not getattr(field, "concrete", False) or field.many_to_many:
                return None
            options = field.related_model._meta if field.related_model else None
        return field


def _request(requester: Requester, filters: str) -> HttpRequest:
    """A request for the list as this user would make it. Raises NotAllowed where there is no such user any more."""
    model: Any = get_user_model()
    try:
        user = model._default_manager.get(pk=requester.id)
    except (model.DoesNotExist, ValueError, ValidationError):
        raise NotAllowed(f"There is no user {requester.id!r} (any more).") from None
    request = HttpRequest()
    request.method, request.path = "GET", "/"
    request.GET = QueryDict(filters, mutable=True)
    for place in PLACE:
        request.GET.pop(place, None)
    request.user = user
    return request
