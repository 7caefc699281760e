"""Addresses: the admin, and everything about exports below `bulk/`."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(url="bulk/")),
    path("accounts/login/", LoginView.as_view(template_name="admin/login.html"), name="login"),
    path("admin/", admin.site.urls),
    path("bulk/", include("narrowboat.contrib.django.urls")),
]
