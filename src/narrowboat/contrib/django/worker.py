"""What a worker process imports: the project's Narrowboat, with Django set up."""

from __future__ import annotations

import os

import django
from django.apps import apps

from narrowboat.app import Narrowboat
from narrowboat.contrib.django.embedded import STORE, digest
from narrowboat.errors import BadConfiguration

if not os.environ.get("DJANGO_SETTINGS_MODULE"):
    raise BadConfiguration("Workers find the project by DJANGO_SETTINGS_MODULE, as manage.py and wsgi.py set it.")
if not apps.ready:
    django.setup()

nb: Narrowboat = apps.get_app_config("narrowboat").nb
if os.environ.get(STORE, digest(nb)) != digest(nb):
    raise BadConfiguration(
        "The server's runs are in another database than the settings name, as in a test, so this worker does not begin."
    )
