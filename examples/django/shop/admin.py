"""The admin: lists from which all that is shown can be exported, and into which files can be imported."""

from django.contrib import admin

from narrowboat.contrib.django.actions import ExportActions
from narrowboat.contrib.django.imports import ImportButton
from shop.models import Customer, Order


@admin.register(Customer)
class CustomerAdmin(ImportButton, ExportActions, admin.ModelAdmin):
    """Exports its list's columns, and imports by what `bulk.py` says."""

    import_job = "customers"
    list_display = ("name", "city", "phone", "since")
    list_filter = ("city",)
    search_fields = ("name", "phone")


@admin.register(Order)
class OrderAdmin(ExportActions, admin.ModelAdmin):
    """Exports other columns than its list has."""

    list_display = ("id", "customer", "state", "total", "at")
    list_filter = ("state", "customer__city")
    search_fields = ("customer__name",)
    list_select_related = ("customer",)
    export_columns = ("id", "customer__name", "customer__phone", "state", "total", "at")
