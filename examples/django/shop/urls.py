"""Addresses: the admin, and everything about exports below `bulk/`."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(url="admin/")),
    path("admin/", admin.site.urls),
    path("bulk/", include("narrowboat.contrib.django.urls")),
]
