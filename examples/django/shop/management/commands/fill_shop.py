"""`manage.py fill_shop`: made-up customers and orders, always the same."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from shop.models import Customer, Order

CITIES = ("Accra", "Tema", "Kumasi", "Łódź")
STATES = ("n", "p", "s")


class Command(BaseCommand):
    """Fills an empty shop."""

    help = "Make customers, each with one order."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--customers", type=int, default=33_407)

    def handle(self, *, customers: int, **options: Any) -> None:
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        made = Customer.objects.bulk_create(
            (
                Customer(
                    name=f"Zoë {n} <b>",
                    city=CITIES[n % 4],
                    phone=f"+23320{n:07}",
                    shipping_mark=f"M{n}",
                    since=date(2020, 1, 1) + timedelta(days=n % 2000),
                )
                for n in range(1, customers + 1)
            ),
            batch_size=2000,
        )
        Order.objects.bulk_create(
            (
                Order(
                    customer=customer,
                    state=STATES[n % 3],
                    total=Decimal(n) / 100,
                    at=begin + timedelta(minutes=n),
                )
                for n, customer in enumerate(made, start=1)
            ),
            batch_size=2000,
        )
        self.stdout.write(f"{customers:,} customers and as many orders.")
