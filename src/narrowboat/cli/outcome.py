"""What a command ends with: its exit status, one JSON object, or a sentence for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from narrowboat.errors import (
    BadConfiguration,
    BadParameter,
    NarrowboatError,
    NoResumeKey,
    NotRepresentable,
    UnknownColumn,
    UnknownFormat,
    UnknownJob,
    UnknownRun,
)
from narrowboat.kernel.model import Run, State

WRONG_USAGE = (
    BadParameter,
    BadConfiguration,
    NoResumeKey,
    NotRepresentable,
    UnknownColumn,
    UnknownFormat,
    UnknownJob,
    UnknownRun,
)
"""What the same command will never do otherwise."""
EXIT_STATUS: Mapping[State, int] = {
    State.SUCCEEDED: 0,
    State.FAILED: 1,
    State.PARTIAL: 3,
    State.TIMED_OUT: 4,
    State.CANCELLED: 130,
}


def exit_status(run: Run) -> int:
    """The exit status for a run; 1 for one that has not ended."""
    return EXIT_STATUS.get(run.state, 1)


def was_wrong_usage(run: Run) -> bool:
    """Whether it failed before anything was written, for what was asked for cannot be."""
    return run.state is State.FAILED and run.seq == 0 and run.error_code in {kind.code for kind in WRONG_USAGE}


def refused(error: NarrowboatError, *, as_json: bool) -> int:
    """Tell an error on stderr (and, for programs, as the JSON object on stdout). Returns the exit status."""
    complain(error.code, str(error))
    if as_json:
        print_json({"state": "refused", "error": {"code": error.code, "message": str(error)}})
    return 2 if isinstance(error, WRONG_USAGE) else 1


def complain(code: str | None, message: str | None) -> None:
    """An error on stderr, with its stable code."""
    say(f"narrowboat: {message} [{code}]")


def say(text: str) -> None:
    """Lines for people, on stderr: stdout is for what was asked for."""
    sys.stderr.write("\n".join(map(visible, text.split("\n"))) + "\n")
    sys.stderr.flush()


def show(line: str) -> None:
    """A line of what was asked for, on stdout."""
    _print(visible(line))


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object as the last line of stdout."""
    _print(visible(json.dumps(value, ensure_ascii=False)))


def _print(line: str) -> None:
    """On stdout, at once. Raises BrokenPipeError where nobody reads it, or where it cannot be kept, which is told."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        say(f"narrowboat: All is done, but it cannot be told on stdout: {error.strerror}.")
        raise BrokenPipeError from error


def visible(text: str) -> str:
    """What a terminal would obey or hide (escape sequences, line ends, reversed text), spelled as JSON spells it.

    Names, labels and errors come from others, who must not write to an operator's terminal.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)
