"""The command line. Each command is a module of its own, loaded only when it is asked for."""

from __future__ import annotations

import gc
import os
import sys

from narrowboat import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["command", "main"]


def command() -> int:
    """What the installed command is."""
    return process(main)


def process(work: Callable[[], int]) -> int:
    """`work`, in a process that lives for nothing else."""
    # A command makes many objects that live to its end; looking among them for garbage costs more than it finds,
    # and most of all at the very end.
    gc.set_threshold(50_000, 20, 50)
    _stand_in_for_what_is_closed()
    status = work()
    gc.freeze()
    return status


def _stand_in_for_what_is_closed() -> None:
    """Where a shell closed a standard stream (`>&-`), the next file opened would take its number, and its messages."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # as long as the process


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status: 0 done, 1 failed, 2 wrong usage, 3 finished with rejects,
    4 timed out, 130 cancelled."""
    from narrowboat.cli.parser import chosen

    asked, arguments = chosen(sys.argv[1:] if argv is None else argv)
    return ended(lambda: asked.run(arguments), as_json=getattr(arguments, "json", False))


def ended(work: Callable[[], int], *, as_json: bool = False) -> int:
    """What `work` returns, or the exit status for the error that ended it, which is told."""
    from narrowboat.errors import NarrowboatError

    try:
        return work()
    except NarrowboatError as error:
        from narrowboat.cli.outcome import refused

        return refused(error, as_json=as_json)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Who read our output has gone (`narrowboat runs list | head`); there is nobody left to tell.
        sys.stdout = None
        return 1
