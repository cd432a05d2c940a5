"""What a running solve tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from solver.status import Status


@dataclass(frozen=True)
class Progress:
    """One report of a running solve.

    Attributes:
        phase: the stage of training, e.g. ``"gauss-newton"``.
        step: steps taken so far, over all phases.
        loss: what training minimises: the mean squared residual at the training states; of all_in_one its unbiased
            estimate, and of lifetime_reward minus the reward, which may be negative.
        euler_error_max_log10: log10 of the largest Euler error on the held-out states; None while undefined.
        states_visited: training states at which the residual was evaluated so far.
        elapsed_s: seconds since the solve began.
        eta_s: seconds until training is forecast to end, by the target, the budget or a stall; None while unknown.
        forecast: the status that it is forecast to end with; None while unknown. It informs and decides nothing.
    """

    phase: str
    step: int
    loss: float
    euler_error_max_log10: float | None
    states_visited: int
    elapsed_s: float
    eta_s: float | None = None
    forecast: Status | None = None


OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], bool]
