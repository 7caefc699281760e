"""S3: an object is whole or not there, whatever is killed or cut; what the bucket has is not sent again."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from narrowboat.data.sink import Finished
from narrowboat.data.sinks import S3, Folder
from narrowboat.data.sinks.s3_upload import MIB, PART, part_size
from narrowboat.errors import BadConfiguration, SinkFailed, SinkUnavailable
from tests.sinks.weed import BUCKET, READER, READER_SECRET, Weed
from tests.sinks.wire import Wire

pytestmark = pytest.mark.services
ROOT = Path(__file__).parents[2]
PARTS = 6
SIZE = 5 * PART + 12_345


def nothing() -> None:
    """What most senders do after a piece."""


@pytest.mark.parametrize("size", [0, 1, PART, PART + 1, 2 * PART])
def test_the_same_bytes_come_back_with_their_type_and_digest(
    weed: Weed, bucket: S3, made: Callable[..., Finished], size: int
) -> None:
    file = made(size)
    place = bucket.put(file, nothing)
    assert place == {"sink": "s3", "bucket": BUCKET, "key": f"files/{file.key}"}
    assert weed.read(place["key"]) == file.path.read_bytes()
    head = weed.client.head_object(Bucket=BUCKET, Key=place["key"])
    assert (head["ContentType"], head["Metadata"]) == ("text/csv", {"sha256": file.sha256})
    assert not weed.uploads(place["key"])


def test_putting_it_twice_sends_it_once(wire: Wire, bucket: S3, made: Callable[..., Finished]) -> None:
    file = made(2 * PART)
    first = bucket.put(file, nothing)
    wire.forget()
    assert bucket.put(file, nothing) == first
    assert not wire.count("^(PUT|POST) ")


def test_another_file_under_the_same_key_takes_its_place(weed: Weed, bucket: S3, made: Callable[..., Finished]) -> None:
    bucket.put(made(1000), nothing)
    file = made(1001)
    place = bucket.put(file, nothing)
    assert place is not None
    assert weed.read(place["key"]) == file.path.read_bytes()


@pytest.mark.parametrize("name", ["Größe 100%.csv", "a+b&c=d.csv", "リード.csv"])
def test_names_of_every_script(weed: Weed, bucket: S3, made: Callable[..., Finished], name: str) -> None:
    file = made(PART + 5, name)
    place = bucket.put(file, nothing)
    assert place is not None
    assert weed.read(place["key"]) == file.path.read_bytes()
    bucket.remove(place)
    assert not weed.keys(place["key"])


def test_the_address_gives_the_file_under_its_name_to_somebody_without_credentials(
    bucket: S3, made: Callable[..., Finished]
) -> None:
    file = made(3000)
    place = bucket.put(file, nothing)
    assert place is not None
    disposition = "attachment; filename=\"leads.csv\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv"
    with urllib.request.urlopen(bucket.url(place, media_type="text/x-test", disposition=disposition)) as answer:
        assert answer.read() == file.path.read_bytes()
        assert answer.headers["Content-Disposition"] == disposition
        assert answer.headers["Content-Type"] == "text/x-test"


def test_removing_twice_is_as_removing_once(weed: Weed, bucket: S3, made: Callable[..., Finished]) -> None:
    place = bucket.put(made(10), nothing)
    assert place is not None
    bucket.remove(place)
    bucket.remove(place)
    bucket.remove({**place, "bucket": "no-such-bucket"})
    assert not weed.keys(place["key"])


@contextmanager
def putting(wire: Wire, file: Finished) -> Iterator[subprocess.Popen[bytes]]:
    """A process that puts the file."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sinks.put", str(wire.port), file.key, str(file.path)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


BEGIN, COMPLETE = r"^POST \S+\?uploads", r"^POST \S+\?uploadId="
PUT_PART = r"^PUT \S+partNumber="
STEPS = [
    (r"^HEAD ", False, 0),
    (BEGIN, False, 0),
    (BEGIN, True, 0),
    (f"{PUT_PART}1\\b", False, 0),
    (f"{PUT_PART}1\\b", True, 1),
    (f"{PUT_PART}4\\b", False, 3),
    (f"{PUT_PART}4\\b", True, 4),
    (f"{PUT_PART}6\\b", True, 6),
    (COMPLETE, False, 6),
    (COMPLETE, True, 6),
]


@pytest.mark.parametrize(("request_held", "answer_alone", "had"), STEPS)
def test_killed_at_a_step_and_gone_on_with_what_is_missing_alone(
    weed: Weed,
    wire: Wire,
    bucket: S3,
    made: Callable[..., Finished],
    request_held: str,
    answer_alone: bool,
    had: int,
) -> None:
    file = made(SIZE)
    key, already_done = f"files/{file.key}", answer_alone and request_held == COMPLETE
    wire.hold(request_held, answer=answer_alone)
    with putting(wire, file) as process:
        assert wire.held.wait(60), "that request never came"
        assert weed.keys(key) == ([key] if already_done else []), "nobody sees a half object"
        process.kill()
    wire.release()
    wire.forget()
    assert bucket.put(file, nothing)
    assert wire.count(PUT_PART) == (0 if already_done else PARTS - had)
    assert wire.sent < (PARTS - had) * PART + 100_000
    assert weed.read(key) == file.path.read_bytes()
    assert not weed.uploads(key), "nothing is left behind"


def test_a_part_that_is_not_what_it_should_be_is_sent_again(
    weed: Weed, wire: Wire, bucket: S3, made: Callable[..., Finished]
) -> None:
    file = made(SIZE)
    key = f"files/{file.key}"
    begun = weed.client.create_multipart_upload(
        Bucket=BUCKET, Key=key, ChecksumAlgorithm="SHA256", Metadata={"sha256": file.sha256}, ContentType="text/csv"
    )
    content = file.path.read_bytes()
    right, same_size, shorter = content[:PART], bytes(PART), b"x" * MIB
    for number, body in enumerate((right, same_size, shorter), 1):
        weed.client.upload_part(
            Bucket=BUCKET, Key=key, UploadId=begun["UploadId"], PartNumber=number, Body=body,
            ChecksumSHA256=b64encode(sha256(body).digest()).decode(),
        )  # fmt: skip
    bucket.put(file, nothing)
    assert wire.count(PUT_PART) == PARTS - 1
    assert weed.read(key) == content


def begin(weed: Weed, key: str, **about: object) -> None:
    weed.client.create_multipart_upload(Bucket=BUCKET, Key=key, ChecksumAlgorithm="SHA256", **about)


def test_uploads_that_others_began_for_this_key_are_given_up(
    weed: Weed, bucket: S3, made: Callable[..., Finished]
) -> None:
    file = made(SIZE)
    key = f"files/{file.key}"
    for _ in range(3):
        begin(weed, key, Metadata={"sha256": file.sha256})
    begin(weed, f"{key}.other")
    bucket.put(file, nothing)
    assert [one["Key"] for one in weed.uploads(key)] == [f"{key}.other"], "that is another file's"
    assert weed.read(key) == file.path.read_bytes()


def test_an_object_that_is_not_what_was_sent_is_deleted_and_sent_again(
    weed: Weed, bucket: S3, made: Callable[..., Finished]
) -> None:
    """Here since somebody began uploads of this key as something else."""
    file = made(SIZE)
    key = f"files/{file.key}"
    for _ in range(3):
        begin(weed, key, Metadata={"sha256": "0" * 64})
    with pytest.raises(SinkUnavailable, match="is not what was sent, so it was deleted"):
        bucket.put(file, nothing)
    assert not weed.keys(key)
    assert not weed.uploads(key)
    bucket.put(file, nothing)
    assert weed.read(key) == file.path.read_bytes()


def test_an_upload_begun_with_another_checksum_is_begun_again(
    weed: Weed, wire: Wire, bucket: S3, made: Callable[..., Finished]
) -> None:
    """As after a change of the setting in the middle of an upload."""
    file = made(SIZE)
    with pytest.raises(InterruptedError):
        bucket.put(file, interrupt)
    changed = S3(BUCKET, prefix="files", endpoint=f"http://127.0.0.1:{wire.port}", checksum="md5")
    with pytest.raises(SinkUnavailable, match="do not fit together"):
        changed.put(file, nothing)
    changed.put(file, nothing)
    assert weed.read(f"files/{file.key}") == file.path.read_bytes()


def interrupt() -> None:
    raise InterruptedError


def test_what_is_raised_after_a_piece_stops_the_sending_and_loses_nothing(
    weed: Weed, wire: Wire, bucket: S3, made: Callable[..., Finished]
) -> None:
    file = made(SIZE)
    for _ in range(PARTS):
        with pytest.raises(InterruptedError):
            bucket.put(file, interrupt)
        assert not weed.keys(f"files/{file.key}")
    bucket.put(file, interrupt)
    assert wire.count(PUT_PART) == PARTS
    assert weed.read(f"files/{file.key}") == file.path.read_bytes()


def test_an_unfinished_upload_can_be_given_up(weed: Weed, bucket: S3, made: Callable[..., Finished]) -> None:
    file = made(SIZE)
    with pytest.raises(InterruptedError):
        bucket.put(file, interrupt)
    folder = file.key.split("/")[0]
    assert weed.parts(f"files/{folder}/") == [1]
    bucket.abandon(folder)
    bucket.abandon(folder)
    assert not weed.uploads(f"files/{folder}/")


def test_a_store_that_goes_away_and_comes_back(
    weed: Weed, wire: Wire, bucket: S3, made: Callable[..., Finished]
) -> None:
    file = made(SIZE)
    pieces = 0

    def cut_after_three() -> None:
        nonlocal pieces
        pieces += 1
        if pieces == 3:
            wire.cut()

    with pytest.raises(SinkUnavailable, match=f"cannot be reached for the bucket {BUCKET}"):
        bucket.put(file, cut_after_three)
    with pytest.raises(SinkUnavailable):
        bucket.remove({"sink": "s3", "bucket": BUCKET, "key": "x"})
    assert weed.parts(f"files/{file.key}") == [1, 2, 3]
    wire.mend()
    wire.forget()
    bucket.put(file, nothing)
    assert wire.count(PUT_PART) == PARTS - 3
    assert weed.read(f"files/{file.key}") == file.path.read_bytes()


def test_md5_for_stores_that_know_nothing_else(weed: Weed, wire: Wire, made: Callable[..., Finished]) -> None:
    sink = S3(BUCKET, endpoint=f"http://127.0.0.1:{wire.port}", checksum="md5")
    for size in (100, SIZE):
        file = made(size)
        place = sink.put(file, nothing)
        assert place is not None
        assert weed.read(place["key"]) == file.path.read_bytes()
        assert "ChecksumSHA256" not in weed.client.head_object(Bucket=BUCKET, Key=place["key"], ChecksumMode="ENABLED")


def test_an_object_that_is_too_short_is_not_taken_for_the_file(
    weed: Weed, wire: Wire, made: Callable[..., Finished]
) -> None:
    """Its length is all there is to tell, where a store keeps no checksum."""
    sink, file = S3(BUCKET, endpoint=f"http://127.0.0.1:{wire.port}", checksum="md5"), made(SIZE)
    half = file.path.read_bytes()[: SIZE // 2]
    weed.client.put_object(Bucket=BUCKET, Key=file.key, Body=half, Metadata={"sha256": file.sha256})
    sink.put(file, nothing)
    assert weed.read(file.key) == file.path.read_bytes()


@pytest.mark.parametrize(
    ("access", "secret", "bucket_name", "says"),
    [
        ("AKIANOBODY", "not-its-secret", BUCKET, "does not know this access key|credentials are wrong"),
        (READER, "not-its-secret", BUCKET, "secret key is wrong|credentials are wrong"),
        (READER, READER_SECRET, BUCKET, "AccessDenied.*give them those that the how-to lists"),
        (None, None, BUCKET, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ],
)
@pytest.mark.parametrize("size", [10, PART + 1])
def test_refusals_say_what_to_change(
    wire: Wire,
    made: Callable[..., Finished],
    monkeypatch: pytest.MonkeyPatch,
    access: str | None,
    secret: str | None,
    bucket_name: str,
    says: str,
    size: int,
) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", access), ("AWS_SECRET_ACCESS_KEY", secret)):
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    with pytest.raises(SinkFailed, match=says) as raised:
        S3(bucket_name, endpoint=f"http://127.0.0.1:{wire.port}").put(made(size), nothing)
    assert secret is None or secret not in str(raised.value)


def test_a_bucket_that_is_not_there(wire: Wire, made: Callable[..., Finished]) -> None:
    sink = S3("no-such-bucket", endpoint=f"http://127.0.0.1:{wire.port}")
    with pytest.raises(SinkFailed, match="There is no such bucket: make it, or correct its name"):
        sink.put(made(10), nothing)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"bucket": "a/b"}, "name of a bucket"),
        ({"endpoint": "s3.example.com"}, "must be https://HOST"),
        ({"endpoint": "https://user:secret@s3.example.com"}, "without path or password"),
        ({"checksum": "crc32"}, "sha256 or md5"),
        ({"encryption": "AES"}, "AES256 or aws:kms"),
        ({"kms_key": "k"}, "belongs to"),
        ({"link_seconds": 0}, "at least 1"),
        ({"quota": 0}, "above 0"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(options: dict[str, object], says: str) -> None:
    with pytest.raises(BadConfiguration, match=says) as raised:
        S3(**{"bucket": "exports", **options})  # type: ignore[arg-type]
    assert "secret" not in str(raised.value)


def test_a_copy_of_another_sink_is_named() -> None:
    with pytest.raises(SinkFailed, match="sink s3, bucket b, key k"):
        Folder().remove({"sink": "s3", "bucket": "b", "key": "k"})


@pytest.mark.parametrize("total", [PART + 1, 80 * 1024 * MIB, 80 * 1024 * MIB + 1, 5 * 1024 * 1024 * MIB])
def test_a_file_of_any_size_has_at_most_ten_thousand_parts(total: int) -> None:
    size = part_size(total)
    assert size >= PART
    assert -(-total // size) <= 10_000
    assert size % MIB == 0


def test_memory_does_not_grow_with_the_file(bucket: S3, made: Callable[..., Finished], tmp_path: Path) -> None:
    """A part at a time is held, however large the file is."""
    measure = (
        "import sys; from pathlib import Path; from narrowboat.data.sink import Finished\n"
        "from narrowboat.data.sinks import S3; from narrowboat.kernel.memory import peak\n"
        "from tests.sinks.weed import BUCKET\n"
        "endpoint, small, large = sys.argv[1:]; peaks, sink = [], S3(BUCKET, endpoint=endpoint)\n"
        "for path in (small, large):\n"
        "    size = Path(path).stat().st_size\n"
        "    sink.put(Finished(path, Path(path), 'x/y', size, '0' * 64), lambda: None)\n"
        "    peaks.append(peak())\n"
        "print(peaks[1] - peaks[0])"
    )
    small, large = made(2 * PART, "small.bin"), made(16 * PART, "large.bin")
    done = subprocess.run(
        [sys.executable, "-c", measure, bucket._endpoint or "", str(small.path), str(large.path)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) < PART // 2
