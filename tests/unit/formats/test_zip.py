"""The streamed zip container: read back by zipfile and unzip, resumed at any block, past 4 GiB."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrowboat.data.formats.zip import ZipStream

MEMBERS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20), st.lists(st.binary(max_size=300))
)
GIB4 = 1 << 32


def written(members: dict[str, list[bytes]], interrupted_at: set[int] | None = None) -> bytes:
    """The file made of `members`; before each step counted in `interrupted_at` a new stream takes over."""
    out, stream, step = b"", ZipStream(), 0

    def take_over() -> None:
        nonlocal stream, step
        if step in (interrupted_at or ()):
            stream = ZipStream(json.loads(json.dumps(stream.state())))
        step += 1

    for name, blocks in members.items():
        take_over()
        out += stream.open(name)
        for block in blocks:
            take_over()
            out += stream.write(block)
        take_over()
        out += stream.close()
    take_over()
    return out + stream.end()


def past_4_gib(stream: ZipStream) -> ZipStream:
    """The stream as if it had returned 4 GiB more before its first member."""
    state = stream.state()
    state["offset"] += GIB4
    return ZipStream(state)


@given(MEMBERS)
@settings(deadline=None)
def test_zipfile_reads_back_every_member(members: dict[str, list[bytes]]) -> None:
    with zipfile.ZipFile(io.BytesIO(written(members))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            name: b"".join(blocks) for name, blocks in members.items()
        }


@given(MEMBERS, st.sets(st.integers(0, 30)))
@settings(deadline=None)
def test_interruptions_change_no_byte(members: dict[str, list[bytes]], interrupted_at: set[int]) -> None:
    assert written(members, interrupted_at) == written(members)


def test_info_zip_finds_no_fault(tmp_path: Path) -> None:
    if not shutil.which("unzip"):
        pytest.skip("unzip is not installed")
    path = tmp_path / "names.zip"
    path.write_bytes(written({"a.csv": [b"1,2\n"] * 50, "Größe 🚚.csv": [b"x" * 100_000, b""], "empty": []}))
    result = subprocess.run(["unzip", "-t", path], capture_output=True)
    assert result.returncode == 0, result.stdout
    assert b"No errors detected" in result.stdout


def test_the_crc_and_sizes_are_those_of_the_data() -> None:
    stream = ZipStream()
    stream.open("a")
    stream.write(b"12345")
    assert stream.member_size == 5
    packed = stream.state()["open"][3]
    assert stream.state()["open"] == ["a", 0, crc32(b"12345"), packed, 5]


def test_no_time_of_day_is_written() -> None:
    with zipfile.ZipFile(io.BytesIO(written({"a": [b"1"]}))) as archive:
        assert archive.getinfo("a").date_time == (1980, 1, 1, 0, 0, 0)


def test_offset_counts_the_bytes_returned() -> None:
    stream = ZipStream()
    out = stream.add("a", b"1" * 1000)
    assert stream.offset == len(out)
    out += stream.end()
    assert stream.offset == len(out)


def test_offsets_past_4_gib_are_zip64_and_earlier_members_are_not(tmp_path: Path) -> None:
    first, stream = ZipStream(), ZipStream()
    head = first.add("first", b"1" * 100)
    assert stream.add("first", b"1" * 100) == head
    stream = past_4_gib(stream)
    tail = stream.add("second", b"2" * 100) + stream.end()
    path = tmp_path / "sparse.zip"
    with path.open("wb") as file:
        file.write(head)
        file.seek(len(head) + GIB4)
        file.write(tail)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert [(info.header_offset, info.create_version) for info in archive.infolist()] == [
            (0, 20),
            (GIB4 + len(head), 45),
        ]


def test_a_member_past_4_gib_keeps_its_true_size() -> None:
    stream = ZipStream()
    head = stream.open("big")
    state = stream.state()
    state["open"][4] = GIB4
    stream = ZipStream(state)
    file = head + stream.write(b"x") + stream.close() + stream.end()
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        assert archive.getinfo("big").file_size == GIB4 + 1


def test_more_members_than_16_bits_count() -> None:
    stream = ZipStream()
    head = stream.add("m", b"")
    state = stream.state()
    state["members"] *= 70_000
    with zipfile.ZipFile(io.BytesIO(head + ZipStream(state).end())) as archive:
        assert len(archive.infolist()) == 70_000


def test_opening_and_ending_close_the_member_before() -> None:
    stream = ZipStream()
    out = stream.open("a") + stream.write(b"1") + stream.open("b") + stream.write(b"2") + stream.end()
    assert out == written({"a": [b"1"], "b": [b"2"]})
    assert stream.close() == b""
