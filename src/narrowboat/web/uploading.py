"""Uploading: bodies become files piece by piece, so that no body is ever in memory as a whole."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from email.message import Message
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from narrowboat.durable import storing
from narrowboat.errors import BadParameter, UploadConflict, UploadTooLarge, WrongChecksum
from narrowboat.uploads import Upload, Uploads
from narrowboat.uploads.uploads import PIECE
from narrowboat.web.threads import Threads
from narrowboat.web.tus import Checksum


async def pieces(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of one size. Where the client is cut off: those that came, and then the error."""
    kept, cut = bytearray(), None
    try:
        async for data in body:
            kept += data
            while len(kept) >= PIECE:
                yield bytes(memoryview(kept)[:PIECE])
                del kept[:PIECE]
    except ClientDisconnect as error:
        cut = error
    if kept:
        yield bytes(kept)
    if cut:
        raise cut


class Receiving:
    """Takes bodies for uploads. threads: for files."""

    def __init__(self, uploads: Uploads, threads: Threads) -> None:
        self._uploads, self._threads = uploads, threads

    async def append(self, upload: Upload, at: int, request: Request, checksum: Checksum | None) -> Upload:
        """A chunk: what comes of it is kept, but of one with a checksum all or nothing.

        Raises what `Uploads.append` raises, and WrongChecksum.
        """
        if upload.received != at or upload.complete:
            raise UploadConflict(
                f"{upload.name} goes on at byte {upload.received:,}, not at {at:,}. Ask where, and resume."
            )
        length = request.headers.get("content-length", "0")
        if length.isdigit() and at + int(length) > upload.length:
            raise UploadTooLarge(f"{upload.name} was told to have {upload.length:,} bytes, and this would be more.")
        body = request.stream() if checksum is None else self._checked(request, checksum, upload.length - at)
        async for piece in pieces(body):
            upload = await self._threads.run(self._uploads.append, upload, upload.received, piece)
        return upload

    async def _checked(self, request: Request, checksum: Checksum, most: int) -> AsyncIterator[bytes]:
        """The body, once all of it was found to be what the client sent."""
        digest, size = checksum.hash(), 0
        folder = await self._threads.run(self._uploads.room)
        with storing(folder), SpooledTemporaryFile(PIECE, prefix="spool-", dir=str(folder)) as spool:  # without a name
            async for data in request.stream():
                size += len(data)
                if size > most:
                    raise UploadTooLarge(f"At most {most:,} bytes are missing, and more came.")
                digest.update(data)
                await self._threads.run(self._spool, spool, data)
            if digest.digest() != checksum.digest:
                raise WrongChecksum(f"These {size:,} bytes are not those that the checksum is of. Send them again.")
            spool.seek(0)
            while data := await self._threads.run(spool.read, PIECE):
                yield data

    def _spool(self, spool: IO[bytes], data: bytes) -> None:
        self._uploads.room()
        spool.write(data)

    async def whole(self, owner: str, name: str, request: Request) -> Upload:
        """A body that is the file, or a form with the file in it. What does not come to its end is removed."""
        length = self._length(request)
        kind = Message()
        kind["Content-Type"] = request.headers.get("content-type", "")
        form = FormFile(kind.get_boundary()) if kind.get_content_type() == "multipart/form-data" else None
        upload: Upload | None = None
        try:
            async for piece in pieces(form.read(request.stream()) if form else request.stream()):
                upload = upload or await self._create(owner, (form and form.name) or name, length)
                upload = await self._threads.run(self._uploads.append, upload, upload.received, piece)
            upload = upload or await self._create(owner, (form and form.name) or name, 0)
            if not upload.complete:  # a form is longer than the file in it
                upload = await self._threads.run(self._uploads.append, upload, upload.received, b"", last=True)
        except BaseException:
            if upload is not None:
                await self._threads.run(self._uploads.remove, upload)
            raise
        return upload

    async def _create(self, owner: str, name: str, length: int) -> Upload:
        return await self._threads.run(self._uploads.create, owner, name, length)

    def _length(self, request: Request) -> int:
        told = request.headers.get("content-length", "")
        if not re.fullmatch("[0-9]{1,16}", told):
            raise HTTPException(411, "Say in Content-Length how many bytes come, or send the file in chunks (tus).")
        most = self._uploads.limits.single
        if int(told) > most:
            raise UploadTooLarge(
                f"One request may bring {most:,} bytes, not {int(told):,}: send the file in chunks (tus)."
            )
        return int(told)


class FormFile:
    """The first file of a form (multipart/form-data). `name` is known once bytes of it come."""

    def __init__(self, boundary: str | None) -> None:
        from python_multipart.multipart import MultipartParser, parse_options_header

        if not boundary:
            raise BadParameter("A form needs its boundary in the header Content-Type.")
        self.name = ""
        self._options = parse_options_header
        self._header, self._value = b"", b""
        self._mine, self._found = False, False
        self._data = bytearray()
        callbacks: Any = {
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_part_data": self._on_data,
            "on_part_end": self._on_end,
        }
        self._parser = MultipartParser(boundary.encode("latin-1", "replace"), callbacks)

    async def read(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The bytes of the file. Raises BadParameter where the form is broken, or has no file."""
        from python_multipart.exceptions import MultipartParseError

        try:
            async for piece in body:
                self._parser.write(piece)
                if self._data:
                    yield bytes(self._data)
                    self._data.clear()
            self._parser.finalize()
        except MultipartParseError as error:
            raise BadParameter(f"The form is broken: {error}.") from error
        if not self._found:
            raise BadParameter("The form has no file in it: -F file=@customers.xlsx, for example.")

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        name, value = self._header.lower(), self._value
        self._header, self._value = b"", b""
        if name == b"content-disposition" and not self._found:
            _, options = self._options(value)
            if b"filename" in options:
                self._mine = self._found = True
                self.name = options[b"filename"].decode("utf-8", "replace")

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._mine:
            self._data += data[start:end]

    def _on_end(self) -> None:
        self._mine = False
