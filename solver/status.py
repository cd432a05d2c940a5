"""How a solve ended: a numerical outcome is a value with its cause and its remedy, never an exception."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """How training ended. ``sentence`` says what happened, ``remedy`` what the caller can do about it.

    Whether there is a policy is another question, which :attr:`solver.solution.Solution.policy` answers: training that
    diverged or ran out of its budget may have passed a good one before.
    """

    CONVERGED = "converged"
    LINEAR = "linear"
    NO_LINEAR_RULE = "no_linear_rule"
    STALLED = "stalled"
    OUT_OF_STEPS = "out_of_steps"
    OUT_OF_TIME = "out_of_time"
    CANCELLED = "cancelled"
    DIVERGED = "diverged"
    NON_FINITE = "non_finite"

    @property
    def sentence(self) -> str:
        """What happened, in one sentence."""
        return _SENTENCES[self][0]

    @property
    def remedy(self) -> str:
        """What the caller can do, in one sentence; empty when there is nothing to mend."""
        return _SENTENCES[self][1]


_SENTENCES: dict[Status, tuple[str, str]] = {
    Status.CONVERGED: ("The largest Euler error on the held-out states is within the target.", ""),
    Status.LINEAR: (
        "The linear rule was taken as it is, and its largest Euler error on the held-out states is above the target.",
        "Take the neural or the polynomial family, which correct it, or a smaller domain.",
    ),
    Status.NO_LINEAR_RULE: (
        "There is no linear rule to take: near the steady state the model has no stable solution, or many.",
        "Take parameters at which there is exactly one, or the neural or the polynomial family, which start without it.",
    ),
    Status.STALLED: (
        "Training stopped improving before the target was met.",
        "Take a larger network or degree, another training.learning_rate, a smaller domain, or a less ambitious target.",
    ),
    Status.OUT_OF_STEPS: (
        "Training used up its steps before the target was met.",
        "Raise training.steps, or take the default method, which needs few.",
    ),
    Status.OUT_OF_TIME: (
        "Training used up its seconds before the target was met.",
        "Raise training.seconds, or take a smaller network.",
    ),
    Status.CANCELLED: ("The solve was cancelled.", "Post it again, or retry it, to solve it."),
    Status.DIVERGED: (
        "Training moved away from every feasible policy; the best that it had passed by then, if any, is kept.",
        "Lower training.learning_rate, or use the staged algorithm.",
    ),
    Status.NON_FINITE: (
        "Training found no policy to start from: the residual is not a finite number at some of its states.",
        "Take a smaller domain or less extreme parameters; every equation must be defined all over the domain.",
    ),
}
