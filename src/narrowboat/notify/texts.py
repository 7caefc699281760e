"""Texts: what a notice says, for each ending. All words that people are sent stand here."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import NamedTuple

from narrowboat.errors import BadConfiguration
from narrowboat.kernel.model import ENDED, State

NAMES = frozenset(
    {"title", "job", "run", "owner", "state", "rows", "rejected", "size", "took", "finished", "file", "reason"}
    | {"link", "expires", "download", "page"}
)
"""What a text may name, as `$title`. What does not apply is empty, and an empty paragraph is left out."""


class Text(NamedTuple):
    """A subject and a body, with `$names` as `string.Template` has them. Paragraphs are blank lines apart."""

    subject: str
    body: str


TEXTS: Mapping[State, Text] = {
    State.SUCCEEDED: Text(
        "Ready: $title ($rows rows)",
        "$title is ready: $rows rows, $size. It was finished on $finished and took $took.\n\n$download\n\nRun: $run",
    ),
    State.PARTIAL: Text(
        "Ready, with rows refused: $title ($rejected of $rows)",
        "$title is done, and $rejected of its $rows rows were refused. It was finished on $finished and took $took.\n\n"
        "$download\n\n"
        "The list of runs says why each row was refused; retry the run to try those rows again. $page\n\n"
        "Run: $run",
    ),
    State.FAILED: Text(
        "Failed: $title",
        "$title failed on $finished, after $rows rows.\n\n"
        "$reason\n\n"
        "What was done so far is kept: when the cause is mended, resume the run and it goes on where it stopped. "
        "$page\n\n"
        "Run: $run",
    ),
    State.TIMED_OUT: Text(
        "Out of time: $title",
        "$title was stopped on $finished, after $rows rows.\n\n$reason\n\n$page\n\nRun: $run",
    ),
    State.CANCELLED: Text(
        "Cancelled: $title",
        "$title was cancelled on $finished, after $rows rows. What was done so far is kept: "
        "resume the run to go on. $page\n\n"
        "Run: $run",
    ),
}
"""What is said where a channel has no text of its own."""


def checked(texts: Mapping[str, Text | tuple[str, str]]) -> Mapping[State, Text]:
    """A channel's own texts, by ending. Raises BadConfiguration for an ending or a name that does not exist."""
    found = {}
    for state, text in texts.items():
        if state not in ENDED:
            raise BadConfiguration(f"A run does not end as {state!r}. Endings: {', '.join(sorted(ENDED))}.")
        found[State(state)] = Text(*text)
        for part in text:
            _check(Template(part), state)
    return found


def _check(template: Template, state: str) -> None:
    if not template.is_valid():
        raise BadConfiguration(f"In the text for {state} a $ stands before no name; a dollar is written $$.")
    if unknown := set(template.get_identifiers()) - NAMES:
        raise BadConfiguration(
            f"The text for {state} names ${min(unknown)}. Names: {', '.join(f'${name}' for name in sorted(NAMES))}."
        )


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its values; paragraphs that are empty are gone."""
    paragraphs = Template(template).substitute(values).split("\n\n")
    return "\n\n".join(stripped for paragraph in paragraphs if (stripped := paragraph.strip()))
