"""Places of pages, as clients send them back."""

from __future__ import annotations

import pytest

from narrowboat.errors import BadParameter
from narrowboat.web.paging import place


def test_a_place_is_what_next_said() -> None:
    assert place("1795324691.784_kX") == (1795324691.784, "kX")
    assert place(f"{1e16!r}_1") == (1e16, "1")


@pytest.mark.parametrize("after", ["", "1", "1_", "_x", "x_1", "nan_1", "inf_1", "1e999_1", "1_\0", "1_ä", "1_a b"])
def test_what_next_never_said_is_refused(after: str) -> None:
    with pytest.raises(BadParameter):
        place(after)
