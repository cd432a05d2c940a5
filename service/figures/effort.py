"""How much of a costly thing a figure may ask for."""

from __future__ import annotations

from service.evaluation import Evaluator
from service.simulation import work_of

#: By :func:`work_of` at each case of the next period: about two seconds of one core.
_MOST_WORK = 5e7


def judged_states(evaluator: Evaluator) -> int:
    """States whose next period a figure may look at, of which each has every case."""
    return int(_MOST_WORK / (evaluator.judge.n_cases * work_of(evaluator.policy)))
