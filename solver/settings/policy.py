"""The family of decision rules: networks, polynomials, or the linear rule."""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from solver.settings.base import Settings, refuse
from solver.settings.limits import (
    HIGHEST_DEGREE,
    LOWEST_DEGREE,
    MANY_STATES,
    MAX_LEAST_SQUARES_WEIGHTS,
    MAX_MATRIX_FREE_WEIGHTS,
    MOST_BASIS_FUNCTIONS,
    MOST_HINGES,
)
from solver.settings.problem_size import ProblemSize

Family = Literal["neural", "polynomial", "hinged", "linear"]
Activation = Literal["tanh", "sigmoid", "arctan", "relu", "leaky_relu"]

HEAVISIDE_REASON = (
    "heaviside has a zero gradient everywhere, so no gradient method can train its weights: "
    "use tanh, sigmoid, arctan, relu or leaky_relu"
)


#: Of a polynomial, by the number of states.
_DEGREES = {1: 8, 2: 8, 3: 5, 4: 3, 5: 3}


class PolicySettings(Settings):
    """The family of decision rules that is searched."""

    family: Family | None = Field(
        None,
        description="neural: dense layers; polynomial: complete Chebyshev polynomial; both correct the linear rule of "
        "first-order perturbation. hinged: a polynomial with hinges along the kinks that min, max and abs of today's "
        "variables put into the policy, for up to four such kinks, without regimes. linear: the rule of perturbation "
        "itself, untrained. Default: neural; by staged training for the policy of "
        f"{MANY_STATES} or more states without regimes and bounds polynomial, or hinged where it has kinks.",
    )
    hidden: Annotated[
        tuple[Annotated[int, Field(ge=1, le=2000)], ...] | None,
        Field(strict=False, min_length=1, max_length=8),
    ] = Field(
        None,
        description="Units of each hidden layer, of a neural policy. Default: one layer of 128 for up to two states (with "
        "kinks 96 for one; for two 192, or 360 where a bound holds at the steady state), 200 for three, 300 beyond.",
    )
    activation: Activation | None = Field(
        None, description="Activation of a neural policy's hidden layers. Default: tanh."
    )
    degree: Annotated[int, Field(ge=1, le=40)] | None = Field(
        None,
        description="Total degree of a polynomial or hinged policy. Default: 8 for up to two states, 5 for three, 3 for "
        "four and five, 2 beyond (of a hinged one 3); for a smooth policy of four or more states by staged training the "
        f"highest that has at most {MOST_BASIS_FUNCTIONS} basis functions, between {LOWEST_DEGREE} and {HIGHEST_DEGREE}.",
    )

    @field_validator("activation", mode="before")
    @classmethod
    def _no_heaviside(cls, value: Any) -> Any:
        if value == "heaviside":
            raise ValueError(HEAVISIDE_REASON)
        return value

    @model_validator(mode="after")
    def _one_family(self) -> PolicySettings:
        if self.family is None:
            reason = "belongs to the polynomial and hinged families: give family with it, e.g. 'polynomial'"
            refuse(self, ("degree",), reason)
            return self
        if self.family not in ("polynomial", "hinged"):
            refuse(
                self,
                ("degree",),
                f"belongs to the polynomial and hinged families, and this policy is {self.family}",
            )
        if self.family != "neural":
            names = ("hidden", "activation")
            refuse(self, names, f"belongs to the neural family, and this policy is {self.family}")
        return self

    def resolve(
        self, size: ProblemSize, *, may_be_large: bool = False, may_be_hinged: bool = False
    ) -> PolicySettings:
        """The same choice with every field of its family filled in.

        Args:
            size: of the problem.
            may_be_large: whether training does without a Jacobian where it would be too large.
            may_be_hinged: whether training lays hinges along kinks.
        """
        has_many_states = may_be_large and size.n_states >= MANY_STATES
        is_network = self.hidden is not None or self.activation is not None
        family = self.family or (
            "neural" if is_network else _default_family(size, may_be_large, may_be_hinged)
        )
        if family == "linear":
            return self
        if family == "hinged":
            _check_hinges(size)
            return PolicySettings(family="hinged", degree=self.degree or _DEGREES.get(size.n_states, 3))
        if family == "polynomial":
            degree = _largest_degree(size) if has_many_states else _DEGREES.get(size.n_states, 2)
            return PolicySettings(family="polynomial", degree=self.degree or degree)
        wanted = {1: 96, 2: 360 if size.rests_on_bound else 192} if size.has_kinks else {1: 128, 2: 128}
        most = MAX_LEAST_SQUARES_WEIGHTS // size.n_outputs - 1
        units = min(wanted.get(size.n_states, 200 if size.n_states == 3 else 300), most)
        return PolicySettings(
            family="neural", hidden=self.hidden or (units,), activation=self.activation or "tanh"
        )

    def n_weights(self, size: ProblemSize) -> int:
        """Number of trainable weights of this (resolved) family for a problem of that size."""
        if self.family == "neural":
            sizes = (size.n_states, *(self.hidden or ()), size.n_outputs)
            return sum((below + 1) * above for below, above in itertools.pairwise(sizes))
        if self.family == "hinged":
            n_basis = math.comb(size.n_states + (self.degree or 0), size.n_states)
            return n_basis * size.n_kinks + self.n_output_weights(size)
        return self.n_output_weights(size)

    def n_output_weights(self, size: ProblemSize) -> int:
        """Number of weights of the output layer alone."""
        return self.n_features(size) * size.n_outputs

    def n_features(self, size: ProblemSize) -> int:
        """Inputs of the output layer, its constant included."""
        if self.family in ("polynomial", "hinged"):
            hinges = size.n_kinks * (size.n_states + 1) if self.family == "hinged" else 0
            return math.comb(size.n_states + (self.degree or 0), size.n_states) + hinges
        return (self.hidden or (0,))[-1] + 1 if self.family == "neural" else 0

    def n_units(self, size: ProblemSize) -> int:
        """Hidden units or basis functions, and outputs: the values that training keeps of one evaluation."""
        return (sum(self.hidden or ()) or self.n_features(size)) + size.n_outputs


def _default_family(size: ProblemSize, may_be_large: bool, may_be_hinged: bool) -> Family:
    if size.n_states < MANY_STATES:
        return "neural"
    if may_be_large:
        return "polynomial"
    has_few_kinks = 0 < size.n_kinks <= MOST_HINGES and size.n_regimes == 1 and not size.has_bounds
    return "hinged" if may_be_hinged and has_few_kinks else "neural"


def _check_hinges(size: ProblemSize) -> None:
    """Refuse hinges where there are no kinks to lay them along, or too many.

    Raises:
        ValueError: there are.
    """
    if size.n_regimes > 1:
        raise ValueError(
            f"hinges are laid along kinks that are the same in every regime, and this model has {size.n_regimes}; take the "
            "neural family"
        )
    if not 0 < size.n_kinks <= MOST_HINGES:
        raise ValueError(
            f"the hinged family follows 1 to {MOST_HINGES} kinks of min, max and abs of today's variables, and this model "
            f"has {size.n_kinks}; take the neural family, or polynomial where the policy is smooth"
        )


def _largest_degree(size: ProblemSize) -> int:
    """The highest degree of a complete polynomial that has no more basis functions than a default may.

    That is two where the weights of that are no more than any policy may have, else one.
    """

    def n_functions(degree: int) -> int:
        return math.comb(size.n_states + degree, degree)

    if n_functions(LOWEST_DEGREE) * size.n_outputs > MAX_MATRIX_FREE_WEIGHTS:
        return 1
    degrees = range(HIGHEST_DEGREE, LOWEST_DEGREE, -1)
    fitting = (degree for degree in degrees if n_functions(degree) <= MOST_BASIS_FUNCTIONS)
    return next(fitting, LOWEST_DEGREE)
