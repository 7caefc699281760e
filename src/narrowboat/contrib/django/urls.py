"""The addresses: `path("bulk/", include("narrowboat.contrib.django.urls"))`."""

from __future__ import annotations

from django.urls import path

from narrowboat.contrib.django.views import bridge

app_name = "narrowboat"
urlpatterns = [path("", bridge, name="page"), path("<path:path>", bridge, name="address")]
