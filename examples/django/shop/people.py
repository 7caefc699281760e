"""What exports may know of the person who asks."""

from django.contrib.auth.models import AbstractUser


def attributes(user: AbstractUser) -> dict[str, str | None]:
    """The city of somebody's first group, such as the group `Accra`."""
    group = user.groups.order_by("name").first()
    return {"city": group.name if group else None}
