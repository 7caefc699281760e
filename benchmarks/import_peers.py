"""django-import-export as its manual has it: `import_peers.py bulk|rows FILE URL`. Bulk mode is told to check too."""

import sys
from urllib.parse import parse_qs, urlsplit


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
    settings.configure(DATABASES={"default": database}, INSTALLED_APPS=["import_export"], USE_TZ=True)
    django.setup()
    from django.db import models
    from import_export import resources
    from python_calamine import CalamineWorkbook
    from tablib import Dataset

    class Customer(models.Model):
        name = models.TextField()
        phone = models.TextField(unique=True)
        shipping_mark = models.TextField(unique=True)
        city = models.TextField()
        credit = models.DecimalField(max_digits=10, decimal_places=2)

        class Meta:
            app_label = "shop"
            db_table = "customers"

    class CustomerResource(resources.ModelResource):
        class Meta:
            model = Customer
            fields = ("name", "phone", "shipping_mark", "city", "credit")
            import_id_fields = ("phone",)
            use_bulk = way == "bulk"
            batch_size = 1000
            skip_diff = True
            clean_model_instances = True

    header, *rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    result = CustomerResource().import_data(Dataset(*rows, headers=header))
    if result.has_errors():
        raise SystemExit(str(result.row_errors()[:1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
