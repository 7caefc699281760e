"""What a child may be asked to do in these tests."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from narrowboat.errors import FileEncrypted


def open_deeds(opening: Any) -> Callable[[Any], Iterator[bytes]]:
    if opening == "refused":
        raise FileEncrypted("no")
    return answer


def answer(request: Any) -> Iterator[bytes]:
    match request:
        case ["count", count]:
            for number in range(count):
                yield b"%d" % number
        case ["large", size]:
            yield b"x" * size
        case "raise":
            yield b"before"
            raise ZeroDivisionError("by zero")
        case "memory":
            yield b"x" * (1 << 40)
        case "hang":
            time.sleep(1000)
        case "spin":
            while True:
                pass
        case "die":
            os.abort()
        case "exit":
            os._exit(0)
        case "disk":
            with open("/tmp/narrowboat-test-of-disk", "wb") as file:  # noqa: S108  # removed below
                os.unlink(file.name)
                file.write(b"x" * (1 << 20))
                file.flush()
        case "print":
            print("not an answer")  # noqa: T201
            sys.stdout.flush()
            yield b"an answer"
        case "lie":
            os.write(_pipe(), b"\x01\xff\xff\xff\xff")
            time.sleep(1000)
        case "garbage":
            os.write(_pipe(), b"\x03\x04\0\0\0ouch")
            time.sleep(1000)
        case "world":
            yield repr((dict(os.environ), os.getcwd(), sorted(sys.modules))).encode()
        case "pid":
            yield b"%d" % os.getpid()
    yield b""


def _pipe() -> int:
    """The pipe that answers go through."""
    for descriptor in range(3, 64):
        with suppress(OSError):
            if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_WRONLY:
                return descriptor
    raise AssertionError("no pipe")
