"""The size of a problem: what the default method, and what may be asked of it, depend on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from solver.settings.limits import MAX_PERIODS, REMAINING

_NO_LIFETIME = (
    "the model does not say what is maximised: give, beside felicity, the section value, e.g. V[t] = u[t] + beta*V[t+1], "
    "and V among the values of its symbols; its right side must be linear in V[t+1], with a factor of parameters alone and "
    "all else of date t, and no control may be a multiplier. Or take the objective euler"
)


@dataclass(frozen=True)
class ProblemSize:
    """What the default method depends on.

    Attributes:
        n_states: continuous states of the policy.
        n_controls: notional controls in one regime: the controls, and the scale of each multiplier that is none of them.
        n_regimes: regimes of a Markov chain, 1 without one.
        n_shocks: random variables of the next period, beside the regime.
        has_kinks: whether a minimum, a maximum, an absolute value or a bound may put kinks into the policy.
        has_bounds: whether a complementarity condition bounds a control, near or not.
        n_kinks: kinks of the model's functions of today's variables (see :mod:`solver.model.kinked_functions`).
        rests_on_bound: whether a bound holds a control at the steady state: the kinks of all coming periods lie close by.
        is_random: whether anything of the next period is left to chance.
        discount: of the next period's value; None where the model has no lifetime (see :mod:`solver.model.lifetime`).
        has_value: whether a value is trained beside the controls.
    """

    n_states: int
    n_controls: int
    n_regimes: int = 1
    n_shocks: int = 0
    has_kinks: bool = False
    has_bounds: bool = False
    n_kinks: int = 0
    rests_on_bound: bool = False
    is_random: bool = True
    discount: float | None = None
    has_value: bool = False

    @property
    def n_functions(self) -> int:
        """Functions of the state that are trained in each regime: the notional controls, and a value where one is."""
        return self.n_controls + self.has_value

    @property
    def n_outputs(self) -> int:
        """Values that a family gives at a state."""
        return self.n_functions * self.n_regimes

    @property
    def is_smooth(self) -> bool:
        """Whether the policy is one smooth function with an equation for each of its values."""
        return self.n_regimes == 1 and not (self.has_kinks or self.has_bounds)

    def discount_factor(self) -> float:
        """The discount factor of a lifetime.

        Raises:
            ValueError: the model has no lifetime, or one whose discount factor is not between 0 and 1.
        """
        if self.discount is None:
            raise ValueError(_NO_LIFETIME)
        if not 0 < self.discount < 1:
            raise ValueError(
                f"the discount factor of V[t+1] in the section value is {self.discount:g}, and must lie between 0 and 1; "
                "take other parameters, or the objective euler"
            )
        return self.discount

    def n_periods(self) -> int:
        """Periods of a lifetime.

        Raises:
            ValueError: as :meth:`discount_factor`; or it leaves too many periods.
        """
        discount = self.discount_factor()
        periods = math.ceil(math.log(REMAINING) / math.log(discount))
        if periods > MAX_PERIODS:
            raise ValueError(
                f"at the discount factor {discount:g} a lifetime has {periods} periods, above {MAX_PERIODS}, the most "
                "that a path may have; take a smaller one, or the objective euler"
            )
        return periods
