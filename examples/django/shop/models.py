"""Customers and what they ordered."""

from datetime import date

from django.core.validators import RegexValidator
from django.db import models

is_phone = RegexValidator(r"^\+\d{9,15}$", "must be a number with its country code, such as +233201234567")


class Customer(models.Model):
    """Somebody who buys."""

    name = models.CharField(max_length=80)
    city = models.CharField(max_length=40, db_index=True)
    phone = models.CharField(max_length=20, unique=True, validators=[is_phone])
    shipping_mark = models.CharField(max_length=20, unique=True)
    since = models.DateField(default=date.today)

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """What a customer bought at once."""

    STATES = [("n", "new"), ("p", "paid"), ("s", "shipped")]

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")
    state = models.CharField(max_length=1, choices=STATES, default="n", db_index=True)
    total = models.DecimalField(max_digits=10, decimal_places=2)
    at = models.DateTimeField("ordered at")

    def __str__(self) -> str:
        return f"Order {self.pk}"
