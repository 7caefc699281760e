"""A client outside the box: downloads a file over HTTP and says when what came."""

from __future__ import annotations

import json
import time
import zipfile
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

PIECE = 1 << 16
PATIENCE = 600.0
ROW = b"<row"


class Download(NamedTuple):
    """One export as a client saw it."""

    status: int
    """HTTP status; 0 if the connection failed."""
    answered: float
    """Seconds until the head of the answer was there, which is what proxies wait for."""
    first_byte: float
    """Seconds until the first byte of the file."""
    seconds: float
    """Seconds until the last byte."""
    size: int
    rows: int
    """Rows in the file, its header left out; -1 if the file is broken or not whole."""

    def whole(self, rows: int) -> bool:
        """Whether all of so many rows arrived in a sound file."""
        return self.status == 200 and self.rows == rows


def get(port: int, turn: int, rows: int | None, out: Path) -> Download:
    """The direct way: one GET whose answer is the file, while it is made. rows: the first so many; None: all."""
    query = {"turn": turn} | ({"page": 1, "page_size": rows} if rows else {})
    return _download(port, f"/exports/leads.xlsx?{urlencode(query)}", out, time.monotonic())


def post_and_follow(port: int, turn: int, rows: int | None, out: Path) -> Download:
    """Start a run with POST, then follow its file while it grows."""
    output = {"format": "xlsx"} | ({"pages": "1", "page_size": rows} if rows else {})
    body = json.dumps({"params": {"turn": turn}, "output": output})
    began = time.monotonic()
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", "/jobs/leads/runs", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status != 202:
            return _failed(answer.status, began)
        run = json.load(answer)
    except (OSError, HTTPException):
        return _failed(0, began)
    finally:
        connection.close()
    return _download(port, f"/runs/{run['id']}/artifact", out, began)


def _download(port: int, path: str, out: Path, began: float) -> Download:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answered = time.monotonic()
        first, size = _save(answer, out)
    except (OSError, HTTPException):
        return _failed(0, began)
    finally:
        connection.close()
    ended = time.monotonic()
    return Download(answer.status, answered - began, first - began, ended - began, size, count_rows(out))


def _failed(status: int, began: float) -> Download:
    """What did not end in a file."""
    spent = time.monotonic() - began
    return Download(status, spent, spent, spent, 0, -1)


def _save(answer: HTTPResponse, out: Path) -> tuple[float, int]:
    """Write the body to a file: when its first byte came, and its size. Raises HTTPException where it is cut off."""
    first, size = 0.0, 0
    with open(out, "wb") as file:
        while piece := answer.read1(PIECE):
            first = first or time.monotonic()
            size += file.write(piece)
    if answer.length:
        raise HTTPException("the answer ended early")
    return first, size


def count_rows(path: Path) -> int:
    """Rows of the first sheet, the header left out; -1 if the file is no sound workbook."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("xl/worksheets/sheet1.xml") as sheet:
            count, rest = -1, b""
            while piece := sheet.read(1 << 20):
                text = rest + piece
                count += text.count(ROW)
                rest = text[-len(ROW) + 1 :]
            return count
    except (OSError, zipfile.BadZipFile, KeyError):
        return -1
