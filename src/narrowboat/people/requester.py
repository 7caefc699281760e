"""Requester: the person for whom a run reads, as its job's function sees them."""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from narrowboat.errors import BadConfiguration, MissingAttribute

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Requester(NamedTuple):
    """Who asked for a run, and what the application says of them: their tenant, their city.

    A job's function has it by a parameter annotated so. No client can send it: it comes from the run.
    """

    id: str
    attributes: Mapping[str, Any] = NOTHING


NOBODY = Requester("")
"""Who asks where nobody is named: a command, or the application itself."""


class Attributes(Mapping[str, Any]):
    """What is known of one person. What is not known is an error, never None: `where` drops a condition on None."""

    def __init__(self, person: str, values: Mapping[str, Any]) -> None:
        self._person = person
        self._values = {name: value for name, value in values.items() if value is not None}

    def __getitem__(self, name: str) -> Any:
        """Raises MissingAttribute."""
        try:
            return self._values[name]
        except KeyError:
            who = f"User {self._person!r}" if self._person else "Nobody is named, and so"
            raise MissingAttribute(
                f"{who} has no attribute {name!r}, by which this job chooses its rows. Whoever says who asks must "
                "give it: User(…, attributes=…), or nb.start(…, attributes=…)."
            ) from None

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or a default that is not None. Raises MissingAttribute without one."""
        return default if name not in self._values and default is not None else self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def recorded(person: str, attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    """Attributes as a run keeps them. Raises BadConfiguration where JSON cannot hold them."""
    try:
        kept: dict[str, Any] = json.loads(json.dumps(dict(attributes or {}), allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise BadConfiguration(
            f"The attributes of {person!r} must be JSON values by name, not {attributes!r}."
        ) from None
    return kept
