"""Write docs/reference/python.md from the docstrings of the public names. `--check` only compares."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs/reference/python.md"
MODULES = {
    "narrowboat": ["Narrowboat", "Requester", "Column", "Type"],
    "narrowboat.data.sources": ["table", "query", "rows", "Query"],
    "narrowboat.data.sources.mongo": ["collection", "Collection"],
    "narrowboat.data.sources.sqlalchemy": ["select_rows", "Selection"],
    "narrowboat.data.sources.django": ["queryset", "DjangoRows"],
    "narrowboat.data.records": ["Field", "Lookup", "PhoneNumber", "Rules"],
    "narrowboat.data.records.manners": ["Manners"],
    "narrowboat.data.targets": ["table", "function", "Row"],
    "narrowboat.data.records.django": ["from_django"],
    "narrowboat.data.targets.django": ["model"],
    "narrowboat.jobs.output": ["Output"],
    "narrowboat.jobs.input": ["Input"],
    "narrowboat.jobs.importer": ["Import"],
    "narrowboat.uploads": ["UploadLimits", "Uploads", "Upload"],
    "narrowboat.kernel.runner": ["Settings", "Moment"],
    "narrowboat.kernel.model": ["Run", "State", "Counters", "Artifact", "Reject", "Event", "Request", "Submitted"],
    "narrowboat.notify": ["Mail", "Webhook", "Apprise", "Channel", "Message", "Text"],
    "narrowboat.web.access": ["User", "Action", "WhoIs"],
    "narrowboat.people.links": ["Links", "Link"],
    "narrowboat.people.people": ["People"],
    "narrowboat.people.accounts": ["Account", "Role", "Token"],
    "narrowboat.people.audit": ["Audit", "Entry", "Which"],
    "narrowboat.testing": ["run_inline", "send_notices", "stop_after", "kill_at", "Interrupted"],
}
INTRODUCTION = """# Python

Made from the docstrings by `scripts/api_reference.py`; a test fails when it is not up to date. Errors have a page of
[their own](errors.md).
"""


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for module_name, names in MODULES.items():
        module = importlib.import_module(module_name)
        parts.append(f"## {module_name}\n")
        for name in names:
            parts.extend(entry(name, getattr(module, name)))
    return "\n".join(parts)


def entry(name: str, thing: Any) -> Iterator[str]:
    """One name: its signature, its docstring, and those of its public members."""
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        yield f"### {name}\n\n`{str(thing).replace('typing.', '').replace('collections.abc.', '')}`\n"
        return
    if inspect.isclass(thing) and issubclass(thing, Enum):
        values = ", ".join(f"`{member}`" for member in thing)
        yield f"### {name}\n\n{inspect.getdoc(thing)}\n\nValues: {values}.\n"
        return
    yield f"### {name}\n\n```python\n{signature(name, thing)}\n```\n\n{inspect.getdoc(thing) or ''}\n"
    if inspect.isclass(thing):
        yield from members(thing)


def members(owner: type) -> Iterator[str]:
    """The public methods and properties that the class and its own bases define, the most general first."""
    bases = [base for base in reversed(owner.__mro__) if base.__module__.startswith("narrowboat")]
    for name, member in {name: member for base in bases for name, member in vars(base).items()}.items():
        function = getattr(member, "func", getattr(member, "fget", getattr(member, "__func__", member)))
        described = inspect.isfunction(function) and inspect.getdoc(function)
        if name.startswith("_") or not described:
            continue
        shown = signature(name, function) if function is member else name
        yield f"- **`{shown}`**: {' '.join(described.split())}"
    yield ""


def signature(name: str, thing: Any) -> str:
    """`name(parameters) -> result`, as it is written."""
    try:
        text = str(inspect.signature(thing))
    except (TypeError, ValueError):
        return name
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)  # annotations are text, and shown without their quotes
    text = re.sub(r"<function (\w+) at 0x\w+>", r"\1", text)
    return name + text.replace("(self, ", "(").replace("(self)", "()")


if __name__ == "__main__":
    made = page()
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text() == made else "docs/reference/python.md is out of date: run this script")
    PAGE.write_text(made)
