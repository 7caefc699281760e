"""Deflate in blocks that stand alone."""

from __future__ import annotations

import subprocess
import sys
import zlib
from importlib.metadata import version

from hypothesis import given, settings
from hypothesis import strategies as st

from narrowboat.data.formats.deflate import CODEC, Deflate

BLOCKS = st.lists(st.binary(max_size=2000))


@given(BLOCKS, st.integers(0, 3))
@settings(deadline=None)
def test_zlib_inflates_what_was_deflated(blocks: list[bytes], level: int) -> None:
    deflate = Deflate(level)
    packed = b"".join(map(deflate.write, blocks)) + deflate.end()
    data = b"".join(blocks)
    assert zlib.decompress(packed, -15) == data
    assert deflate.state() == [zlib.crc32(data), len(packed), len(data)]


@given(BLOCKS)
@settings(deadline=None)
def test_a_stream_taken_up_from_its_state_goes_on_with_the_same_bytes(blocks: list[bytes]) -> None:
    whole, resumed = Deflate(), Deflate()
    for block in blocks:
        resumed = Deflate(state=resumed.state())
        assert resumed.write(block) == whole.write(block)
    assert resumed.state() == whole.state()


def test_each_block_can_be_inflated_when_the_one_before_is_lost() -> None:
    deflate = Deflate()
    deflate.write(b"the same words " * 20)
    second = deflate.write(b"the same words " * 20)
    assert zlib.decompress(second + deflate.end(), -15) == b"the same words " * 20


MANY_BLOCKS = """
import random, zlib
from narrowboat.data.formats.deflate import Deflate
filler = random.Random(5).randbytes(200).hex().encode()
sum = 0
for number in range(40_000):
    start = b"%07x" % (number * 2_654_435_761 % 2**28)
    sum = zlib.crc32(Deflate().write(start + filler + start + filler[:150] + start), sum)
print(sum)
"""


def test_the_bytes_do_not_depend_on_where_in_memory_the_compressor_lies() -> None:
    sums = [subprocess.check_output([sys.executable, "-c", MANY_BLOCKS]) for _ in range(2)]
    assert sums[0] == sums[1]


def test_the_codec_names_the_installed_build() -> None:
    assert CODEC.startswith(f"isal {version('isal')} ")
