"""What a driver reads. Drivers are large, so each is imported when it is first needed, or ahead of that."""

from __future__ import annotations


class Driven:
    """A database or a part of one.

    A class of its own, not a protocol: what happens to have a method of this name is not to be called.
    """

    __slots__ = ()

    def load(self) -> None:
        """Import the driver; connect to nothing. Raises MissingExtra."""
        raise NotImplementedError
