"""The rule for E[.]."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from solver.settings.base import Settings, refuse
from solver.settings.limits import MAX_CASES
from solver.settings.problem_size import ProblemSize

ExpectationRule = Literal["gauss_hermite", "monomial", "equidistant", "quasi_monte_carlo", "all_in_one"]

MAX_TENSOR_NODES = 201
#: Rules whose nodes are those of all shocks together.
SCATTERED = ("quasi_monte_carlo", "all_in_one")
LEAST_POINTS = 128
#: Of more than d = 45 shocks the rule that judges the monomial one, of ``2 d² + 1`` nodes, is more than ``MAX_CASES``, and
#: the nodes of that one, ``√d`` standard deviations away, lie where nobody has ever been.
MOST_MONOMIAL_SHOCKS = 45


class ExpectationSettings(Settings):
    """How E[.] over the next period's shocks is computed."""

    rule: ExpectationRule | None = Field(
        None,
        description="gauss_hermite: a tensor product, best for smooth policies; monomial: Stroud's rule of degree 3, two "
        "nodes a shock, for many shocks; equidistant: the trapezoidal rule, best where bounds put kinks into the policy; "
        "quasi_monte_carlo: scrambled Sobol points, for any number of shocks; all_in_one: the product of the residuals at "
        "independent draws, afresh at every state and step, unbiased and noisy, of first-order methods alone. "
        "Default: by the number of shocks and the presence of kinks.",
    )
    nodes: Annotated[int, Field(ge=1, le=MAX_CASES)] | None = Field(
        None,
        description=f"Nodes for each shock of gauss_hermite and equidistant, at most {MAX_TENSOR_NODES}; all points of "
        "quasi_monte_carlo, a power of two; draws at each state of all_in_one. Default: by the number of shocks; 2 draws.",
    )

    @model_validator(mode="after")
    def _one_rule(self) -> ExpectationSettings:
        if self.rule == "monomial":
            refuse(self, ("nodes",), "belongs to the other rules: monomial has two nodes a shock")
        elif self.nodes is not None:
            _check_nodes(self.rule, self.nodes)
        return self

    def resolve(self, size: ProblemSize) -> ExpectationSettings:
        """The same choice with nothing left out.

        Raises:
            ValueError: the nodes of all shocks together are too many, or too few for the rule.
        """
        rule = self.rule or self._default_rule(size)
        if rule == "monomial":
            return ExpectationSettings(rule=rule)
        nodes = self.nodes or self._default_nodes(rule, size)
        _check_nodes(rule, nodes)
        if rule == "equidistant" and nodes == 1:
            raise ValueError(
                "nodes = 1 is too few for the equidistant rule; use at least 2, or the gauss_hermite rule"
            )
        if rule == "quasi_monte_carlo" and nodes < 2 * size.n_shocks:
            raise ValueError(
                f"nodes = {nodes} is too few for {size.n_shocks} shock(s) of the quasi_monte_carlo rule; use at least "
                f"{_power_of_two_from(2 * size.n_shocks)}, or the monomial rule"
            )
        resolved = ExpectationSettings(rule=rule, nodes=nodes)
        if resolved.n_cases(size) > MAX_CASES:
            each = "" if rule in SCATTERED else f" for each of {size.n_shocks} shocks"
            raise ValueError(
                f"{nodes} nodes{each} in {size.n_regimes} regime(s) are more than {MAX_CASES} cases, "
                "the most a solve may take; use fewer nodes, or the monomial rule"
            )
        return resolved

    def judging(self, size: ProblemSize) -> ExpectationSettings:
        """The rule that policies are judged by: this (resolved) one; the default one where this one draws.

        Raises:
            ValueError: the default one has too many nodes.
        """
        return ExpectationSettings().resolve(size) if self.rule == "all_in_one" else self

    def n_cases(self, size: ProblemSize) -> int:
        """Cases of the next period at each state, of this (resolved) rule."""
        if self.rule == "all_in_one":
            return self.nodes or 1
        if self.rule == "monomial":
            return max(1, 2 * size.n_shocks) * size.n_regimes
        return int((self.nodes or 1) ** (1 if self.rule in SCATTERED else size.n_shocks)) * size.n_regimes

    def n_evaluations(self, size: ProblemSize) -> int:
        """Evaluations of the policy at each state of a step; every draw comes with one of today."""
        return 2 * self.n_cases(size) if self.rule == "all_in_one" else 1 + self.n_cases(size)

    @staticmethod
    def _default_nodes(rule: str, size: ProblemSize) -> int:
        if rule == "all_in_one":
            return 2
        if rule == "quasi_monte_carlo":
            return _power_of_two_from(max(LEAST_POINTS, 2 * size.n_shocks))
        if rule == "equidistant":
            # A policy of one state is cheap, and shows the kinks of its own future most; many hide each other.
            return {0: 2, 1: 61 if size.n_states == 1 else 21}.get(size.n_shocks, 13)
        return {0: 1, 1: 7, 2: 5}.get(size.n_shocks, 3)

    def _default_rule(self, size: ProblemSize) -> ExpectationRule:
        if size.n_shocks > MOST_MONOMIAL_SHOCKS:
            return "quasi_monte_carlo"
        if size.n_shocks > 3:
            return "monomial"
        return "equidistant" if size.has_kinks and size.n_shocks in (1, 2) else "gauss_hermite"


def _check_nodes(rule: ExpectationRule | None, nodes: int) -> None:
    """Refuse a number of nodes that a rule cannot have; of none, one that no tensor product can have."""
    if rule == "quasi_monte_carlo":
        above = _power_of_two_from(nodes)
        if above != nodes:
            raise ValueError(
                f"nodes = {nodes} is no power of two, as the points of quasi_monte_carlo have to be; use "
                f"{above // 2} or {above}"
            )
    elif nodes > MAX_TENSOR_NODES:
        raise ValueError(
            f"nodes = {nodes} is above {MAX_TENSOR_NODES}, the most of every rule but quasi_monte_carlo; use fewer"
        )
    elif rule == "all_in_one" and nodes == 1:
        raise ValueError(
            "nodes = 1 is too few for the all_in_one rule, which multiplies draws; use at least 2"
        )


def _power_of_two_from(least: int) -> int:
    """The smallest power of two that is no less than a positive number."""
    return int(1 << (least - 1).bit_length())
