"""A failure becomes a decision."""

import pytest

from narrowboat.errors import NarrowboatError, SourceFailed, SourceUnavailable, StorageFull, StoreUnavailable
from narrowboat.kernel.model import Failed, Later
from narrowboat.kernel.retry import LONGEST, decide


@pytest.mark.parametrize("error", [SourceUnavailable("database gone"), StoreUnavailable("store gone")])
def test_passing_faults_are_tried_again_with_a_growing_wait(error: Exception) -> None:
    waits = [decide(error, tries) for tries in (0, 1, 2, 20)]
    assert [w.seconds for w in waits if isinstance(w, Later)] == [1, 2, 4, 60]


@pytest.mark.parametrize("error", [SourceFailed("no such table: leads"), StorageFull("No room left")])
def test_faults_that_stay_fail_the_run_with_their_own_code(error: SourceFailed | StorageFull) -> None:
    assert decide(error, 0) == Failed(error.code, str(error))


def test_an_error_of_the_jobs_own_code_keeps_its_type_and_text() -> None:
    assert decide(KeyError("city"), 0) == Failed("job-failed", "KeyError: 'city'")


class Silent(Exception):
    """One that cannot even be told."""

    def __str__(self) -> str:
        raise ValueError("nothing to say")


@pytest.mark.parametrize(
    "error", [SourceFailed("x" * 1_000_000), StoreUnavailable("x" * 1_000_000), ValueError("x" * 10**6)]
)
def test_what_is_kept_of_an_error_without_end_is_its_beginning(error: Exception) -> None:
    message = decide(error, 0).message
    assert len(message) == LONGEST
    assert message.startswith(str(error)[:9] if isinstance(error, NarrowboatError) else "ValueError: xxx")
    assert message.endswith("x…")


def test_an_error_that_cannot_be_told_is_told_by_its_type() -> None:
    assert decide(Silent(), 0) == Failed("job-failed", "Silent: its text cannot be had: ValueError")
