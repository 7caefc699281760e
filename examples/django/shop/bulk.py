"""What can be exported and imported. Narrowboat looks for `bulk.py` in each app; its workers too."""

from narrowboat import Requester
from narrowboat.contrib.django import nb
from narrowboat.data.records.django import from_django
from narrowboat.data.records.manners import Manners
from narrowboat.data.sources.django import DjangoRows, queryset
from narrowboat.data.targets.django import model
from shop.models import Customer, Order


@nb.export("orders", title="Orders")
def orders(state: str | None = None) -> DjangoRows:
    """All orders with their customers, or those in one state: n, p or s."""
    found = Order.objects.filter(state=state) if state else Order.objects.all()
    return queryset(lambda: found).columns("id", "customer__name", "customer__city", "state", "total", "at")


@nb.export("my-customers", title="Customers in my city")
def my_customers(requester: Requester) -> DjangoRows:
    """Those of the city in whose group you are."""
    city = requester.attributes["city"]
    return queryset(lambda: Customer.objects.filter(city=city))


nb.importer(
    "customers",
    title="Customers",
    row=from_django(Customer, only=["name", "phone", "shipping_mark", "city", "since"]),
    into=model(Customer),
    unique=["phone", "shipping_mark"],
    undo=True,
    manners=Manners(day_first=True),
)
