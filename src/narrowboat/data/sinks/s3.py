"""S3, and what speaks like it, as a sink: one object a run, in one request or in parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from narrowboat.data.room import KEEP_FREE, Room
from narrowboat.data.sink import Finished, Place
from narrowboat.data.sinks.checksums import CHECKSUMS
from narrowboat.data.sinks.folder import elsewhere
from narrowboat.data.sinks.s3_errors import GONE, code_of, told
from narrowboat.data.sinks.s3_upload import Upload, abort
from narrowboat.errors import BadConfiguration, MissingExtra

DAY = 86400


class S3:
    """A bucket. Credentials come from where every AWS tool looks for them: environment, files, role of the machine.

    prefix: what keys begin with. endpoint: of a store that is not AWS, such as `https://s3.example.com`. region: None
    leaves it to the environment. path_style: the bucket in the path instead of the host name; None: where there is an
    endpoint. encryption: `AES256` or `aws:kms`, with kms_key if not the bucket's own. checksum: by which the store
    checks each part it receives, `sha256`, or `md5` where it knows no other. keep_local, redirect: see
    `data.sink.Sink`. link_seconds: how long the address of a download can be used. quota, keep_free: bytes of the
    local disk, see `data.room.Room`.
    """

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str = "",
        endpoint: str | None = None,
        region: str | None = None,
        path_style: bool | None = None,
        encryption: str | None = None,
        kms_key: str | None = None,
        checksum: str = "sha256",
        keep_local: float | None = None,
        redirect: bool = False,
        link_seconds: int = 300,
        quota: int | None = None,
        keep_free: int = KEEP_FREE,
    ) -> None:
        if not re.fullmatch(r"[\w.:-]{3,255}", bucket, re.ASCII):
            raise BadConfiguration(f"{bucket!r} cannot be the name of a bucket. A folder in it is its prefix.")
        if endpoint is not None and not re.fullmatch(r"https?://[^/@\s]+/?", endpoint):
            raise BadConfiguration("The endpoint of S3 must be https://HOST (or http://), without path or password.")
        if checksum not in CHECKSUMS:
            raise BadConfiguration(f"The checksum of S3 must be {' or '.join(CHECKSUMS)}, not {checksum!r}.")
        if not 1 <= link_seconds <= 7 * DAY:
            raise BadConfiguration("link_seconds must be at least 1 and at most 7 days: S3 signs for no longer.")
        if find_spec("botocore") is None:
            raise MissingExtra("S3 needs botocore, which is not installed. Run: pip install narrowboat[s3]")
        self._bucket, self._prefix = bucket, prefix.strip("/") + "/" if prefix.strip("/") else ""
        self._endpoint, self._region = endpoint, region
        self._path_style = endpoint is not None if path_style is None else path_style
        self._encryption = _encryption(encryption, kms_key)
        self._checksum = CHECKSUMS[checksum]
        self.keep_local, self.redirect, self._link_seconds = keep_local, redirect, link_seconds
        self.room = Room(quota, keep_free)

    @cached_property
    def _client(self) -> Any:
        from botocore.config import Config
        from botocore.session import Session

        # Other stores refuse the checksums that botocore would send by itself; each part has one of ours.
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if self._path_style else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"mode": "standard", "total_max_attempts": 2},
            connect_timeout=5,
            read_timeout=60,
        )
        region = self._region or ("us-east-1" if self._endpoint else None)
        return Session().create_client("s3", endpoint_url=self._endpoint, region_name=region, config=config)

    def put(self, file: Finished, sent: Callable[[], None]) -> Place | None:
        """See `data.sink.Sink`."""
        key = self._prefix + file.key
        with told(self._bucket):
            Upload(self._client, self._bucket, key, file, self._checksum, self._encryption).run(sent)
        return {"sink": "s3", "bucket": self._bucket, "key": key}

    def url(self, place: Place, *, media_type: str, disposition: str) -> str:
        """See `data.sink.Sink`."""
        asked = {"ResponseContentType": media_type, "ResponseContentDisposition": disposition, **_object(place)}
        with told(place["bucket"]):
            url: str = self._client.generate_presigned_url("get_object", Params=asked, ExpiresIn=self._link_seconds)
        return url

    def remove(self, place: Place) -> None:
        """See `data.sink.Sink`."""
        which = _object(place)
        with told(place["bucket"]):
            try:
                self._client.delete_object(**which)
            except self._client.exceptions.ClientError as error:
                if code_of(error) not in GONE:
                    raise

    def abandon(self, folder: str) -> None:
        """See `data.sink.Sink`."""
        with told(self._bucket):
            uploads = self._client.get_paginator("list_multipart_uploads")
            for page in uploads.paginate(Bucket=self._bucket, Prefix=f"{self._prefix}{folder}/"):
                for upload in page.get("Uploads", ()):
                    abort(self._client, upload["UploadId"], Bucket=self._bucket, Key=upload["Key"])


def _object(place: Place) -> dict[str, str]:
    """A later change of the configured bucket or prefix loses no copy. Raises SinkFailed."""
    if place.get("sink") != "s3":
        raise elsewhere(place)
    return {"Bucket": place["bucket"], "Key": place["key"]}


def _encryption(encryption: str | None, kms_key: str | None) -> dict[str, str]:
    if encryption not in (None, "AES256", "aws:kms"):
        raise BadConfiguration(f"The encryption of S3 must be AES256 or aws:kms, not {encryption!r}.")
    if kms_key and encryption != "aws:kms":
        raise BadConfiguration("kms_key belongs to the encryption aws:kms.")
    asked = {"ServerSideEncryption": encryption, "SSEKMSKeyId": kms_key}
    return {name: value for name, value in asked.items() if value}
