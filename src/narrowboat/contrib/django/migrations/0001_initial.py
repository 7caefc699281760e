"""The tables of runs, made by the store's own migrations, and the model that looks at them."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from narrowboat.contrib.django import database, fields, upkeep


def make_tables(apps: Any, schema_editor: Any) -> None:
    upkeep.make_tables(schema_editor.connection.alias)


class Migration(migrations.Migration):
    initial = True
    atomic = False  # the store has a connection of its own
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunPython(make_tables, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Run",
            fields=[("id", models.TextField(primary_key=True, serialize=False)), ("created", fields.Moment())],
            options={
                "db_table": database.table("runs"),
                "ordering": ("-created", "-id"),
                "managed": False,
                "default_permissions": ("view",),
                "permissions": (("control_run", "Can cancel, pause, resume and retry runs"),),
            },
        ),
    ]
