"""The child: takes its limits upon itself, then answers requests until its input ends."""

from __future__ import annotations

import errno
import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, TypeAlias

from narrowboat.errors import FileBroken, FileTooLarge, NarrowboatError, StorageFull
from narrowboat.isolation.confinement import Confinement, die_with
from narrowboat.isolation.frames import HEADER, Frame

Answer: TypeAlias = Callable[[Any], Iterator[bytes]]


def main() -> None:
    """Arguments: `module:function`, what it is called with, limits, the number of the lifeline; all but the first JSON.

    The function returns one that answers a request, which is a line of JSON, with pieces of bytes.
    """
    entry, opening, limits, lifeline = sys.argv[1:]
    die_with(int(lifeline))
    gc.disable()  # rows are no cycles, and looking for some among them costs a twentieth
    out = os.dup(1)
    os.dup2(2, 1)  # what a library prints is no answer
    module, _, name = entry.partition(":")
    function = getattr(import_module(module), name)
    Confinement(*json.loads(limits)).enter()
    try:
        _serve(_Opening(function, json.loads(opening)), out)
    except BrokenPipeError:
        os._exit(1)


class _Opening:
    """Opens when first asked, so that an error of opening is an answer."""

    def __init__(self, function: Callable[[Any], Answer], opening: Any) -> None:
        self._function, self._opening = function, opening
        self._answer: Answer | None = None

    def __call__(self, request: Any) -> Iterator[bytes]:
        if self._answer is None:
            self._answer = self._function(self._opening)
        return self._answer(request)


def _serve(answer: Answer, out: int) -> None:
    for line in sys.stdin.buffer:
        try:
            for piece in answer(json.loads(line)):
                _send(out, Frame.DATA, piece)
            _send(out, Frame.END, b"")
        except BrokenPipeError:
            raise
        except BaseException as error:
            _send(out, Frame.ERROR, json.dumps(_told(error)).encode())
            if not isinstance(error, NarrowboatError):
                raise SystemExit(1) from error  # who knows what state it is in


def _told(error: BaseException) -> tuple[str, str]:
    if isinstance(error, NarrowboatError):
        return error.code, str(error)
    if isinstance(error, MemoryError):
        return FileTooLarge.code, "Reading the file needs more memory than is allowed."
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return FileTooLarge.code, "Reading the file needs more of the disk than is allowed."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull.code, "Reading the file needs more of the disk than there is."
    return FileBroken.code, f"The file cannot be read: {type(error).__name__}: {error}"


def _send(out: int, kind: Frame, content: bytes) -> None:
    data = memoryview(HEADER.pack(kind, len(content)) + content)
    while data:
        data = data[os.write(out, data) :]
