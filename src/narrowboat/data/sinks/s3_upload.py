"""One file on its way to S3. The bucket itself is the cursor: what it has of the file is not sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from narrowboat.data.sink import Finished
from narrowboat.data.sinks.checksums import Checksum, same
from narrowboat.data.sinks.s3_errors import GONE, code_of
from narrowboat.errors import SinkUnavailable

MIB = 1024 * 1024
PART = 8 * MIB
"""Bytes sent, and held in memory, at a time."""
MOST_PARTS = 10_000
"""In one object, as S3 has it. A file of more than 80 GiB has larger parts."""
DIFFERENT = frozenset({"InvalidPart", "InvalidPartOrder", "InvalidRequest"})
"""The store's answer to completing an upload whose parts were sent in another way, such as with other checksums."""


def part_size(total: int) -> int:
    """Bytes of each part of a file: the same at every attempt."""
    return max(PART, -(-total // (MOST_PARTS * MIB)) * MIB)


class Part(NamedTuple):
    """A part that the store has."""

    etag: str
    sums: Mapping[str, str]


class Upload:
    """client: of botocore. encryption: parameters that say how the store shall encrypt."""

    def __init__(
        self, client: Any, bucket: str, key: str, file: Finished, checksum: Checksum, encryption: Mapping[str, str]
    ) -> None:
        self._client, self._file, self._checksum = client, file, checksum
        self._object = {"Bucket": bucket, "Key": key}
        self._about = {"ContentType": file.media_type, "Metadata": {"sha256": file.sha256}, **encryption}

    def run(self, sent: Callable[[], None]) -> None:
        """Returns when the object is in the bucket, whole and verified. Raises botocore's errors, SinkUnavailable."""
        right = self._there(None) or self._sent(sent)
        for stray in self._begun():
            abort(self._client, stray, **self._object)
        if not right:
            self._client.delete_object(**self._object)
            raise SinkUnavailable(f"{self._where} is not what was sent, so it was deleted. It is sent again.")

    def _sent(self, sent: Callable[[], None]) -> bool:
        """Whether the bucket has the file after it was sent."""
        return self._there(self._in_parts(sent) if self._file.bytes > PART else self._at_once())

    @property
    def _where(self) -> str:
        return f"{self._object['Key']} in the bucket {self._object['Bucket']}"

    def _there(self, whole: str | None) -> bool:
        """Whether the bucket has this file. whole: the checksum that it must have, if it tells one."""
        try:
            found = self._client.head_object(**self._object, ChecksumMode="ENABLED")
        except self._client.exceptions.ClientError as error:
            if code_of(error) in GONE:
                return False
            raise
        told = found.get("ChecksumSHA256", whole)
        return bool(
            found["ContentLength"] == self._file.bytes
            and found["Metadata"].get("sha256") == self._file.sha256
            and (whole is None or told == whole)
        )

    def _at_once(self) -> str | None:
        data = self._file.path.read_bytes()
        sums = self._checksum.of(data)
        self._client.put_object(**self._object, **self._about, Body=data, **sums)
        return sums.get("ChecksumSHA256")

    def _in_parts(self, sent: Callable[[], None]) -> str | None:
        upload = next(iter(self._begun()), None) or self._begin()
        had = self._had(upload)
        parts = []
        for number, data in enumerate(self._pieces(), 1):
            sums, part = self._checksum.of(data), had.get(number)
            if part and same(part, data, sums):
                parts.append(Part(part["ETag"], sums))
            else:
                parts.append(self._send(upload, number, data, sums))
                sent()
        self._complete(upload, parts)
        return self._checksum.whole([part.sums for part in parts])

    def _begun(self) -> Sequence[str]:
        """Uploads of this key that were begun, the newest first."""
        pages = self._client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._object["Bucket"], Prefix=self._object["Key"]
        )
        found = [upload for page in pages for upload in page.get("Uploads", ()) if upload["Key"] == self._object["Key"]]
        return [upload["UploadId"] for upload in sorted(found, key=lambda one: one["Initiated"], reverse=True)]

    def _begin(self) -> str:
        begun = self._client.create_multipart_upload(**self._object, **self._about, **self._checksum.begin())
        upload: str = begun["UploadId"]
        return upload

    def _had(self, upload: str) -> Mapping[int, Mapping[str, Any]]:
        """The parts that the store has, by number."""
        pages = self._client.get_paginator("list_parts").paginate(**self._object, UploadId=upload)
        return {part["PartNumber"]: part for page in pages for part in page.get("Parts", ())}

    def _pieces(self) -> Iterator[bytearray]:
        """All in one buffer, each in the place of the one before."""
        buffer = bytearray(part_size(self._file.bytes))
        with open(self._file.path, "rb") as file:
            while filled := file.readinto(buffer):
                del buffer[filled:]
                yield buffer

    def _send(self, upload: str, number: int, data: bytearray, sums: Mapping[str, str]) -> Part:
        answer = self._client.upload_part(**self._object, UploadId=upload, PartNumber=number, Body=data, **sums)
        return Part(answer["ETag"], sums)

    def _complete(self, upload: str, parts: Sequence[Part]) -> None:
        listed = [
            {"PartNumber": number, "ETag": part.etag, **self._checksum.completing(part.sums)}
            for number, part in enumerate(parts, 1)
        ]
        try:
            self._client.complete_multipart_upload(**self._object, UploadId=upload, MultipartUpload={"Parts": listed})
        except self._client.exceptions.ClientError as error:
            if code_of(error) not in DIFFERENT:
                raise
            abort(self._client, upload, **self._object)
            raise SinkUnavailable(f"The parts of {self._where} do not fit together. All are sent again.") from error


def abort(client: Any, upload: str, **which: str) -> None:
    """Give back what an unfinished upload took. Nothing happens if it is gone. Raises botocore's errors."""
    try:
        client.abort_multipart_upload(**which, UploadId=upload)
    except client.exceptions.ClientError as error:
        if code_of(error) not in GONE:
            raise
