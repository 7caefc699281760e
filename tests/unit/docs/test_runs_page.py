"""The page about runs shows the transition table as it is."""

import re
from pathlib import Path

from narrowboat.kernel.model import REQUESTS, TRANSITIONS, Request, State

PAGE = (Path(__file__).parents[3] / "docs/explanation/runs.md").read_text()


def test_the_diagram_has_every_edge_and_no_other() -> None:
    drawn = set(re.findall(r"^ +(\w+) --> (\w+)$", PAGE, re.M))
    assert drawn == {(str(a), str(b)) for a, b in TRANSITIONS}


def test_the_table_gives_every_edge_its_reason() -> None:
    assert [f"| {a} | {b} | {reason} |" in PAGE for (a, b), reason in TRANSITIONS.items()].count(False) == 0


def test_the_page_says_what_may_be_asked_in_each_state() -> None:
    for state in State:
        answers = " | ".join(str(REQUESTS[r].get(state, "")) for r in (Request.PAUSE, Request.RESUME, Request.CANCEL))
        assert f"| {state} | {answers} |" in PAGE
