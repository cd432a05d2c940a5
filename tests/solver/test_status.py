"""Every status says what happened and what to do."""

import pytest

from solver.status import Status


@pytest.mark.parametrize("status", Status)
def test_a_status_is_a_sentence_with_a_remedy(status):
    assert status.sentence.endswith(".")
    assert (status.remedy == "") == (status is Status.CONVERGED)
