"""The parent's side: start a child, ask it, and survive whatever becomes of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fcntl import F_SETPIPE_SZ, fcntl
from functools import cache
from pathlib import Path
from select import POLLIN, poll
from tempfile import TemporaryFile
from time import monotonic
from typing import Any, BinaryIO, Final

from narrowboat import errors
from narrowboat.errors import FileBroken, FileTookTooLong, FileTooLarge, NarrowboatError
from narrowboat.isolation.confinement import MIB, Confinement
from narrowboat.isolation.frames import HEADER, Frame

_PIECE: Final = 1 << 16
_AHEAD: Final = 1 << 20
"""Bytes that a child may have answered before they are taken: it parses while the parent writes what it had."""
_START: Final = """
import sys, types
sys.path[:] = {path!r}
for name, folder in {packages!r}:
    package = sys.modules[name] = types.ModuleType(name)
    package.__path__ = [folder]
from narrowboat.isolation.child import main
main()
"""
"""Run with `-S`, which leaves the environment's start-up files out; what is installed is found by the parent's path."""

_NO_MEMORY: Final = (b"MemoryError", b"memory allocation of", b"out of memory", b"Cannot allocate memory")


class Child:
    """A child process that is started when first asked, and started anew when it died.

    entry: `module:function`; the function is called in the child with `opening` (JSON) and returns what answers a
    request with pieces of bytes. facades: packages whose `__init__` gathers names for applications: it is stood in
    for, so that the child imports what it needs and no more (25 ms of CPU instead of 60). One answer at a time: what
    is left of one is dropped when the next is asked for.
    """

    def __init__(self, entry: str, opening: Any, confinement: Confinement, facades: Sequence[str] = ()) -> None:
        self._program = _program(facades)
        self._arguments = (entry, json.dumps(opening))
        self._confinement = confinement
        self._running: _Running | None = None
        self._asked = 0

    def ask(self, request: Any) -> Iterator[bytes]:
        """Ask now, and give the pieces of the answer. The child works ahead, and waits while they are not taken.

        Taking them raises FileBroken, FileTooLarge or FileTookTooLong, or what the child says of our own errors.
        """
        self._asked += 1
        self._stop(unless_idle=True)
        self._running = self._running or _Running(self._program, self._arguments, self._confinement)
        self._running.ask(request)
        return self._answer(self._running, self._asked)

    def _answer(self, running: _Running, mine: int) -> Iterator[bytes]:
        pieces, complete = running.answer(), False
        try:
            while mine == self._asked:
                if (piece := next(pieces, None)) is None:
                    complete = True
                    return
                yield piece
            raise RuntimeError("Another answer was asked for, which ended this one.")
        finally:
            if not complete and mine == self._asked:
                self._stop()

    def close(self) -> None:
        """End the child. Idempotent."""
        self._asked += 1
        self._stop()

    def _stop(self, *, unless_idle: bool = False) -> None:
        if self._running is not None and not (unless_idle and self._running.idle):
            self._running.kill()
            self._running = None


class _Running:
    def __init__(self, program: str, arguments: tuple[str, ...], confinement: Confinement) -> None:
        self._confinement = confinement
        self._said: BinaryIO = TemporaryFile()
        lifeline, self._lifeline = os.pipe()
        try:
            self._process = self._started(program, arguments, lifeline)
        except BaseException:
            os.close(self._lifeline)
            self._said.close()
            raise
        finally:
            os.close(lifeline)
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018  # both are pipes
        self._requests, self._answers = self._process.stdin, self._process.stdout.fileno()
        with suppress(OSError):  # all that this user may have in pipes is used: it works ahead less
            fcntl(self._answers, F_SETPIPE_SZ, _AHEAD)
        self._watch = poll()
        self._watch.register(self._answers, POLLIN)
        self._buffer = bytearray()
        self.idle = True

    def _started(self, program: str, arguments: tuple[str, ...], lifeline: int) -> subprocess.Popen[bytes]:
        limits = json.dumps(self._confinement)
        command = [sys.executable, "-I", "-S", "-c", program, *arguments, limits, str(lifeline)]
        return subprocess.Popen(  # noqa: S603  # our own interpreter, our own program
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            pass_fds=(lifeline,),
            cwd="/",
            env={name: os.environ[name] for name in ("TMPDIR", "LD_LIBRARY_PATH") if name in os.environ},
            start_new_session=True,  # a Ctrl-C is for the parent to handle
        )

    def ask(self, request: Any) -> None:
        self.idle = False
        with suppress(BrokenPipeError):  # it died; the answer tells how
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()

    def answer(self) -> Iterator[bytes]:
        while True:
            kind, length = HEADER.unpack(self._take(HEADER.size))
            if length > self._confinement.frame:
                most = self._confinement.frame // MIB
                raise FileTooLarge(
                    f"Some rows of the file have more than {most} MiB together, more than is read at once."
                )
            content = self._take(length)
            if kind == Frame.DATA:
                yield content
            elif kind == Frame.END:
                self.idle = True
                return
            else:
                raise _error(content)

    def kill(self) -> None:
        os.close(self._lifeline)
        self._process.kill()
        with suppress(BrokenPipeError):
            self._process.__exit__(None, None, None)
        self._said.close()

    def _take(self, size: int) -> bytes:
        patience = monotonic() + self._confinement.silence
        while len(self._buffer) < size:
            if not self._watch.poll(max(0.0, patience - monotonic()) * 1000):
                raise FileTookTooLong(
                    f"Reading the file gave nothing for {self._confinement.silence:g} seconds. Save it anew."
                )
            piece = os.read(self._answers, _PIECE)
            if not piece:
                raise self._death()
            self._buffer += piece
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _death(self) -> NarrowboatError:
        """Why the child ended without an answer."""
        status = self._process.wait()
        self._said.seek(max(0, self._said.seek(0, 2) - 4096))
        said = self._said.read()
        if status == -signal.SIGXCPU:
            return FileTookTooLong(f"Reading the file took more than {self._confinement.cpu} seconds of CPU. Split it.")
        if status in (-signal.SIGKILL, -signal.SIGXFSZ) or any(words in said for words in _NO_MEMORY):
            most = self._confinement.memory // MIB
            return FileTooLarge(
                f"Reading the file needs more than {most} MiB of memory. Save it as xlsx or csv, which need less."
            )
        return FileBroken(f"Reading the file ended its process (status {status}). Save it anew and upload that.")


def _error(content: bytes) -> NarrowboatError:
    """An error that the child names, if it is one of ours."""
    try:
        code, message = map(str, json.loads(content))
    except (ValueError, RecursionError):
        code, message = FileBroken.code, "Reading the file went wrong within its own process."
    return _by_code().get(code, FileBroken)(message)


@cache
def _by_code() -> dict[str, type[NarrowboatError]]:
    found = (one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, NarrowboatError))
    return {one.code: one for one in found}


def _program(facades: Sequence[str]) -> str:
    root = Path(errors.__file__).parent
    folders = [path or os.getcwd() for path in sys.path]
    packages = [
        (name, str(root.joinpath(*name.split(".")[1:]))) for name in ("narrowboat", "narrowboat.isolation", *facades)
    ]
    return _START.format(path=folders, packages=packages)
