"""What goes wrong with S3, as errors of ours: it passes by itself, or somebody must change something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from narrowboat.errors import NarrowboatError, SinkFailed, SinkUnavailable

GONE = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchUpload", "404", "NotFound"})
"""What is to be removed is not there."""

PASSING = frozenset(
    {"NoSuchUpload", "BadDigest", "RequestTimeout", "SlowDown", "Throttling", "ThrottlingException", "OperationAborted"}
)
"""Codes that go away: another worker finished or gave up the upload, bytes were damaged on their way, too much load.
So does every status of 500 and more."""

ADVICE = {
    "NoSuchBucket": "There is no such bucket: make it, or correct its name or the endpoint.",
    "AccessDenied": "The credentials are wrong, or lack a right: correct them, or "
    "give them those that the how-to lists.",
    "InvalidAccessKeyId": "The store does not know this access key: correct the credentials of the workers.",
    "SignatureDoesNotMatch": "The secret key is wrong, or a proxy changes requests: correct the credentials.",
    "ExpiredToken": "The credentials have expired: give the workers new ones.",
    "PermanentRedirect": "The bucket is in another region: set region.",
    "AuthorizationHeaderMalformed": "The bucket is in another region: set region.",
    "RequestTimeTooSkewed": "The clock of this machine is wrong: set it.",
    "NotImplemented": "This store does not know what was asked; checksum = 'md5' asks for less.",
}


def code_of(error: Any) -> str:
    """The store's own code of a botocore ClientError; of a HEAD request only the status."""
    code: str = error.response.get("Error", {}).get("Code", "")
    return {"403": "AccessDenied"}.get(code, code)


@contextmanager
def told(bucket: str) -> Iterator[None]:
    """Raise botocore's errors as SinkUnavailable or SinkFailed, with what to do."""
    from botocore import exceptions as raised
    from botocore.parsers import ResponseParserError

    try:
        yield
    except raised.ClientError as error:
        raise _of_answer(error, bucket) from error
    except raised.NoCredentialsError as error:
        raise SinkFailed(
            f"There are no credentials for the bucket {bucket}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the "
            "environment of server and workers, or give the machine a role."
        ) from error
    except raised.SSLError as error:
        raise SinkFailed(f"S3 is not who it should be, for the bucket {bucket}: {error}") from error
    except (
        raised.ConnectionError,
        raised.HTTPClientError,
        raised.IncompleteReadError,
        raised.ResponseStreamingError,
        raised.MetadataRetrievalError,  # a machine's role is told by a service of its own
        raised.CredentialRetrievalError,
        ResponseParserError,
    ) as error:
        raise SinkUnavailable(f"S3 cannot be reached for the bucket {bucket}: {error}") from error
    except raised.BotoCoreError as error:
        raise SinkFailed(f"S3 cannot be used for the bucket {bucket}: {error}") from error


def _of_answer(error: Any, bucket: str) -> NarrowboatError:
    code, status = code_of(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    what = f"S3 refused {error.operation_name} in the bucket {bucket}: {code}."
    passes = code in PASSING or (status >= 500 and code != "NotImplemented")
    if passes:
        return SinkUnavailable(f"{what} It is tried again.")
    return SinkFailed(f"{what} {ADVICE.get(code) or error.response.get('Error', {}).get('Message', '')}".rstrip())
