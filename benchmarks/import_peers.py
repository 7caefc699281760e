"""django-import-export: `import_peers.py WAY FILE URL`.

`bulk` and `rows` are favoured: calamine reads for them, no differences are made, and they are told to check models, by
which both unique keys are looked for. `creates` is `rows` without a look for the record that a row may change.
`shipped` is what a project has that sets nothing but by which column records are found: its own reader of xlsx
(openpyxl), row by row in one transaction, with the differences that its admin shows; models are not checked.
`admin` is the same as its admin does it for each file: read and imported for the preview, rolled back, and once more.
"""

import sys
from urllib.parse import parse_qs, urlsplit

from django.apps import AppConfig


class Shop(AppConfig):
    """The application that has the model."""

    name, label = "import_peers", "shop"


def tuned(bulk: bool) -> dict[str, object]:
    """What its manual advises for speed."""
    return {"use_bulk": bulk, "batch_size": 1000, "skip_diff": True, "clean_model_instances": True}


WAYS = {
    "bulk": tuned(bulk=True),
    "rows": tuned(bulk=False),
    "creates": tuned(bulk=False) | {"force_init_instance": True},
    "shipped": {},
    "admin": {},
}


def main(way: str, file: str, url: str) -> None:
    import django
    from django.conf import settings

    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [parts.hostname])[0]
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username,
        "HOST": host,
    }
    settings.configure(
        DATABASES={"default": database}, INSTALLED_APPS=["import_export", "import_peers.Shop"], USE_TZ=True
    )
    django.setup()
    from django.db import models
    from import_export import resources

    class Customer(models.Model):
        name = models.TextField()
        phone = models.TextField(unique=True)
        shipping_mark = models.TextField(unique=True)
        city = models.TextField()
        credit = models.DecimalField(max_digits=10, decimal_places=2)

        class Meta:
            app_label = "shop"
            db_table = "customers"

    fields = ("name", "phone", "shipping_mark", "city", "credit")
    own = {"model": Customer, "fields": fields, "import_id_fields": ("phone",)}
    made = type("CustomerResource", (resources.ModelResource,), {"Meta": type("Meta", (), own | WAYS[way])})
    read = with_calamine if WAYS[way] else with_its_own_reader
    for dry_run in (True, False) if way == "admin" else (False,):
        result = made().import_data(read(file), dry_run=dry_run)
        if result.has_errors():
            raise SystemExit(str(result.row_errors()[:1]))
        if not WAYS[way] and not all(row.diff for row in result.rows):
            raise SystemExit("There are no differences to show.")


def with_its_own_reader(file: str):
    """As its admin does."""
    from import_export.formats.base_formats import XLSX

    with open(file, "rb") as content:
        return XLSX().create_dataset(content.read())


def with_calamine(file: str):
    """Several times as fast."""
    from python_calamine import CalamineWorkbook
    from tablib import Dataset

    header, *rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    return Dataset(*rows, headers=header)


if __name__ == "__main__":
    main(*sys.argv[1:])
