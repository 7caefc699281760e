"""A failure becomes a decision."""

import pytest

from narrowboat.errors import SourceFailed, SourceUnavailable, StorageFull, StoreUnavailable
from narrowboat.kernel.model import Failed, Later
from narrowboat.kernel.retry import decide


@pytest.mark.parametrize("error", [SourceUnavailable("database gone"), StoreUnavailable("store gone")])
def test_passing_faults_are_tried_again_with_a_growing_wait(error: Exception) -> None:
    waits = [decide(error, tries) for tries in (0, 1, 2, 20)]
    assert [w.seconds for w in waits if isinstance(w, Later)] == [1, 2, 4, 60]


@pytest.mark.parametrize("error", [SourceFailed("no such table: leads"), StorageFull("No room left")])
def test_faults_that_stay_fail_the_run_with_their_own_code(error: SourceFailed | StorageFull) -> None:
    assert decide(error, 0) == Failed(error.code, str(error))


def test_an_error_of_the_jobs_own_code_keeps_its_type_and_text() -> None:
    assert decide(KeyError("city"), 0) == Failed("job-failed", "KeyError: 'city'")
