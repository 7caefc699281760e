"""Upkeep: the tables of the store, and a permission for each job, made with Django's migrations."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps

from narrowboat.contrib.django import database

LONGEST = 100
"""Characters of a permission's codename."""


def make_tables(using: str) -> None:
    """Create or upgrade the tables of runs, if `using` is the database that keeps them."""
    if using == database.alias() and not database.in_memory():
        from narrowboat.stores import open_database

        store = open_database(database.url())
        try:
            store.migrate()
        finally:
            store.close()


def after_migrate(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """A newer Narrowboat has newer tables; a new job has a new permission.

    Django's tests end so too, and drop the database, in which no connection may be left then.
    """
    make_tables(using)
    sender.nb.rest()
    if apps.is_installed("django.contrib.auth"):
        make_permissions(sender, using)


def codename(job: str) -> str:
    """The permission to use a job: `narrowboat.use_leads`."""
    return f"use_{job}"[:LONGEST]


def make_permissions(sender: Any, using: str) -> None:
    """A permission for each job, to be given to users and groups in the admin."""
    from django.contrib.auth.models import Permission
    from django.contrib.contenttypes.models import ContentType
    from django.db import router

    if not router.allow_migrate_model(using, Permission):
        return
    kind = ContentType.objects.db_manager(using).get_for_model(sender.get_model("Run"), for_concrete_model=False)
    for job in sender.nb.jobs.values():
        if job.name not in sender.admins:
            Permission.objects.using(using).get_or_create(
                content_type=kind, codename=codename(job.name), defaults={"name": f"Can use {job.title}"[:255]}
            )
