"""The artifact on disk: append, publish, read while it grows."""

import hashlib
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from narrowboat.errors import NoArtifact, StorageFull
from narrowboat.jobs.artifact import MANIFEST, Made, PartFile, prepare, put, remove
from narrowboat.kernel.model import ChunkRow, Extent
from narrowboat.web.ranges import ENDLESS, Span
from narrowboat.web.reading import of_chunks


def part(folder: Path, fence: int, *pieces: bytes) -> list[Extent]:
    """One extent a piece, in the file of `fence`."""
    file, extents = PartFile(folder, f"{fence}.part"), []
    for piece in pieces:
        file.append(piece)
        if extent := file.extent():
            extents.append(extent)
    file.close()
    return extents


def publish(
    folder: Path, name: str, extents: list[Extent], assemble: Callable[[Path, Path], None] | None, fence: int = 9
) -> Made:
    """Both steps of publishing."""
    made = prepare(folder, name, extents, assemble, fence=fence)
    put(made, folder / name, {"complete": True})
    return made


def test_a_file_of_one_fence_is_cut_to_what_was_committed_and_renamed(tmp_path: Path) -> None:
    extents = part(tmp_path, 1, b"abc", b"defg", b"not committed")[:2]
    found = publish(tmp_path, "leads.csv", extents, None)
    assert (tmp_path / "leads.csv").read_bytes() == b"abcdefg"
    assert found[1:] == (7, hashlib.sha256(b"abcdefg").hexdigest())
    assert sorted(os.listdir(tmp_path)) == ["leads.csv", MANIFEST]


def test_files_of_several_fences_are_joined_from_committed_bytes_only(tmp_path: Path) -> None:
    extents = part(tmp_path, 1, b"abc", b"LOST")[:1] + part(tmp_path, 2, b"de") + part(tmp_path, 3, b"f")
    publish(tmp_path, "leads.csv", extents, None)
    assert (tmp_path / "leads.csv").read_bytes() == b"abcdef"
    assert sorted(os.listdir(tmp_path)) == ["leads.csv", MANIFEST]


def test_publishing_again_after_any_interruption_gives_the_same(tmp_path: Path) -> None:
    extents = part(tmp_path, 1, b"abc") + part(tmp_path, 2, b"def")
    (tmp_path / "3.joined.tmp").write_bytes(b"half of a joi")
    first = publish(tmp_path, "leads.csv", extents, None)
    assert publish(tmp_path, "leads.csv", extents, None)[1:] == first[1:]
    assert sorted(os.listdir(tmp_path)) == ["leads.csv", "manifest.json"]


def test_bytes_damaged_on_disk_are_not_published(tmp_path: Path) -> None:
    extents = part(tmp_path, 1, b"abc", b"defg")
    (tmp_path / "1.part").write_bytes(b"abcdefX")
    with pytest.raises(NoArtifact, match="damaged"):
        publish(tmp_path, "leads.csv", extents, None)
    assert not (tmp_path / "leads.csv").exists()


def test_a_part_that_is_gone_is_said_to_be_missing(tmp_path: Path) -> None:
    extents = part(tmp_path, 1, b"abc") + part(tmp_path, 2, b"def")
    (tmp_path / "1.part").unlink()
    for committed in (extents, extents[:1]):
        with pytest.raises(NoArtifact, match=r"1\.part of what was committed is missing .* Run it again"):
            publish(tmp_path, "leads.csv", committed, None)


@pytest.mark.parametrize("parts", [1, 2])
def test_a_worker_that_wakes_late_and_its_successor_publish_the_same_file(tmp_path: Path, parts: int) -> None:
    extents = [extent for fence in range(1, parts + 1) for extent in part(tmp_path, fence, b"abc")]
    late = prepare(tmp_path, "leads.csv", extents, None, fence=8)
    mine = prepare(tmp_path, "leads.csv", extents, None, fence=9)
    put(late if parts == 1 else mine, tmp_path / "leads.csv", {"complete": True})
    put(mine, tmp_path / "leads.csv", {"complete": True})
    assert (tmp_path / "leads.csv").read_bytes() == b"abc" * parts
    assert publish(tmp_path, "leads.csv", extents, None)[1:] == mine[1:]


def test_who_wakes_late_in_joining_writes_to_no_file_but_its_own(tmp_path: Path) -> None:
    extents = part(tmp_path, 1, b"abc") + part(tmp_path, 2, b"def")
    before = set(tmp_path.iterdir())
    prepare(tmp_path, "leads.csv", extents, None, fence=8)
    late = set(tmp_path.iterdir()) - before
    mine = prepare(tmp_path, "leads.csv", extents, None, fence=9)
    for path in late:
        path.write_bytes(b"")
    put(mine, tmp_path / "leads.csv", {"complete": True})
    assert (tmp_path / "leads.csv").read_bytes() == b"abcdef"


def test_what_a_failed_publishing_left_makes_room_for_the_next(tmp_path: Path) -> None:
    extents = part(tmp_path, 1, b"abc") + part(tmp_path, 2, b"def")
    prepare(tmp_path, "leads.csv", extents, None, fence=3)
    prepare(tmp_path, "leads.csv", extents, None, fence=4)
    assert sorted(os.listdir(tmp_path)) == ["1.part", "2.part", "4.joined.tmp"]


def test_a_part_published_while_another_assembles_is_taken_as_it_is(tmp_path: Path) -> None:
    extents = part(tmp_path, 1, b"abc")

    def assemble(spool: Path, out: Path) -> None:
        (tmp_path / "leads.x").write_bytes(b"ABC")
        spool.unlink()
        out.write_bytes(spool.read_bytes())

    assert prepare(tmp_path, "leads.x", extents, assemble, fence=2).path == tmp_path / "leads.x"


def test_a_format_that_spools_makes_the_file_at_the_end(tmp_path: Path) -> None:
    extents = part(tmp_path, 1, b"abc")
    publish(tmp_path, "leads.x", extents, lambda spool, out: out.write_bytes(spool.read_bytes().upper()) and None)
    assert (tmp_path / "leads.x").read_bytes() == b"ABC"
    assert sorted(os.listdir(tmp_path)) == ["leads.x", MANIFEST]


def test_any_range_of_a_growing_artifact_reads_right(tmp_path: Path) -> None:
    extents = part(tmp_path, 1, b"abc") + part(tmp_path, 2, b"defg") + part(tmp_path, 3, b"h")
    rows, start = [], 0
    for seq, extent in enumerate(extents):
        rows.append(ChunkRow(seq, 0, 0, start, extent))
        start += extent.length
    whole = b"abcdefgh"
    for begin in range(9):
        for end in [*range(begin, 9), None]:
            assert (
                b"".join(of_chunks(tmp_path, "unpublished", rows, Span(begin, ENDLESS if end is None else end)))
                == whole[begin:end]
            )


def test_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    part(tmp_path / "run", 1, b"abc")
    assert (tmp_path / "run" / "1.part").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


def test_a_full_disk_is_an_error_with_advice(tmp_path: Path) -> None:
    file = PartFile(tmp_path, "1.part")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        with pytest.raises(StorageFull, match="Free some space, then resume"):
            file.append(b"x" * 4096)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
        file.close()


def test_a_folder_is_removed_whole_but_not_what_a_link_in_it_leads_to(tmp_path: Path) -> None:
    part(tmp_path / "run", 1, b"abc")
    part(tmp_path / "run" / "inner", 1, b"abc")
    remove(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    remove(tmp_path / "run")  # nothing is there any more
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "leads.csv").touch()
    part(tmp_path / "run", 1, b"abc")
    (tmp_path / "run" / "link").symlink_to(kept)
    remove(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert (kept / "leads.csv").exists()
