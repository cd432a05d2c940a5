"""The family of decision rules: networks, polynomials, or the linear rule."""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from solver.settings.base import Settings, refuse
from solver.settings.limits import MAX_LEAST_SQUARES_WEIGHTS
from solver.settings.problem_size import ProblemSize

Family = Literal["neural", "polynomial", "linear"]
Activation = Literal["tanh", "sigmoid", "arctan", "relu", "leaky_relu"]

HEAVISIDE_REASON = (
    "heaviside has a zero gradient everywhere, so no gradient method can train its weights: "
    "use tanh, sigmoid, arctan, relu or leaky_relu"
)


class PolicySettings(Settings):
    """The family of decision rules that is searched."""

    family: Family = Field(
        "neural",
        description="neural: dense layers; polynomial: complete Chebyshev polynomial; both correct the linear rule of "
        "first-order perturbation. linear: that rule itself, untrained.",
    )
    hidden: Annotated[
        tuple[Annotated[int, Field(ge=1, le=2000)], ...] | None,
        Field(strict=False, min_length=1, max_length=8),
    ] = Field(
        None,
        description="Units of each hidden layer, of a neural policy. Default: one layer of 128 for up to two states (with "
        "kinks 96 for one, 192 for two), 200 for three, 300 beyond.",
    )
    activation: Activation | None = Field(
        None, description="Activation of a neural policy's hidden layers. Default: tanh."
    )
    degree: Annotated[int, Field(ge=1, le=40)] | None = Field(
        None,
        description="Total degree of a polynomial policy. Default: 8 for up to two states, 5 for three, 3 for four and "
        "five, 2 beyond.",
    )

    @field_validator("activation", mode="before")
    @classmethod
    def _no_heaviside(cls, value: Any) -> Any:
        if value == "heaviside":
            raise ValueError(HEAVISIDE_REASON)
        return value

    @model_validator(mode="after")
    def _one_family(self) -> PolicySettings:
        if self.family != "polynomial":
            refuse(self, ("degree",), f"belongs to the polynomial family, and this policy is {self.family}")
        if self.family != "neural":
            names = ("hidden", "activation")
            refuse(self, names, f"belongs to the neural family, and this policy is {self.family}")
        return self

    def resolve(self, size: ProblemSize) -> PolicySettings:
        """The same choice with every field of its family filled in."""
        if self.family == "linear":
            return self
        if self.family == "polynomial":
            degree = {1: 8, 2: 8, 3: 5, 4: 3, 5: 3}.get(size.n_states, 2)
            return PolicySettings(family="polynomial", degree=self.degree or degree)
        wanted = {1: 96, 2: 192} if size.has_kinks else {1: 128, 2: 128}
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
        return self.n_output_weights(size)

    def n_output_weights(self, size: ProblemSize) -> int:
        """Number of weights of the output layer alone."""
        return self.n_features(size) * size.n_outputs

    def n_features(self, size: ProblemSize) -> int:
        """Inputs of the output layer, its constant included."""
        if self.family == "polynomial":
            return math.comb(size.n_states + (self.degree or 0), size.n_states)
        return (self.hidden or (0,))[-1] + 1 if self.family == "neural" else 0

    def n_units(self, size: ProblemSize) -> int:
        """Hidden units or basis functions, and outputs: the values that training keeps of one evaluation."""
        return (sum(self.hidden or ()) or self.n_features(size)) + size.n_outputs
