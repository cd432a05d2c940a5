"""The algorithm that minimises the loss, and its budget."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from solver.settings.base import Settings, refuse

Algorithm = Literal[
    "staged",
    "gauss_newton",
    "levenberg_marquardt",
    "time_iteration",
    "sgd",
    "momentum",
    "nesterov",
    "adam",
    "adagrad",
    "adamax",
    "rmsprop",
]

Dtype = Literal["float64", "float32"]

LEAST_SQUARES = ("staged", "gauss_newton", "levenberg_marquardt", "time_iteration")
#: Those that train the output layer alone.
OF_OUTPUT_LAYER = ("gauss_newton", "time_iteration")
WITH_MOMENTUM = ("momentum", "nesterov")


class TrainingSettings(Settings):
    """How the loss is minimised."""

    algorithm: Algorithm = Field(
        "staged",
        description="staged: the output layer by Gauss-Newton, led near a solution by time iteration where that ends far "
        "from one; where the target is not met, or by a hair, units are placed on the kinks of a policy that has some; "
        "where it is not met, of any other all weights follow by Levenberg-Marquardt. The output layer of a smooth "
        "policy whose Jacobian would be too large is found by Newton-Krylov steps instead, without one. gauss_newton "
        "and levenberg_marquardt: one of these alone; time_iteration: the classical method, for comparison; the "
        "others: first-order methods.",
    )
    steps: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="Budget of steps. Default: 200 for least squares, 1000 for first-order methods."
    )
    seconds: Annotated[float, Field(gt=0, le=3600)] | None = Field(
        None,
        description="Budget of seconds. Default: 60; 600 where the policy has so many weights that no Jacobian is formed.",
    )
    batch_size: Annotated[int, Field(ge=1, le=65_536)] | Literal["full"] | None = Field(
        None,
        description="First-order methods: states drawn at each step; 1 is stochastic gradient, "
        '"full" one fixed set of sampling.states. Default: 128.',
    )
    learning_rate: Annotated[float, Field(gt=0, le=10)] | None = Field(
        None, description="First-order methods: the learning rate at the first step. Default: 1e-3."
    )
    annealing: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="First-order methods: κ in η₀ / (1 + κ t). Default: 0."
    )
    momentum: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        None, description="momentum and nesterov: γ_m. Default: 0.9."
    )

    dtype: Dtype = Field(
        "float64",
        # So that what was solved before there was a choice keeps its id.
        exclude_if=lambda dtype: dtype == "float64",
        description="Floating-point type of the graphs: the policy, the residuals and their Jacobian. Steps of least "
        "squares, the policy that is kept and its certificate are float64 in any case. A record tells float32 alone.",
    )

    @model_validator(mode="after")
    def _one_algorithm(self) -> TrainingSettings:
        if self.algorithm in LEAST_SQUARES:
            names = ("batch_size", "learning_rate", "annealing", "momentum")
            refuse(self, names, f"belongs to first-order methods, and {self.algorithm} is least squares")
            if self.steps is not None and self.steps > 10_000:
                raise ValueError(
                    f"steps = {self.steps} is above 10000, the most that {self.algorithm} may take"
                )
        elif self.algorithm not in WITH_MOMENTUM:
            refuse(self, ("momentum",), f"belongs to momentum and nesterov, not to {self.algorithm}")
        return self

    @property
    def is_least_squares(self) -> bool:
        """Whether the algorithm works on the residuals' Jacobian rather than on the loss's gradient."""
        return self.algorithm in LEAST_SQUARES

    def resolve(self, *, is_matrix_free: bool = False) -> TrainingSettings:
        """The same choice with every field of its algorithm filled in; ``is_matrix_free`` where no Jacobian is formed."""
        seconds = self.seconds or (600.0 if is_matrix_free else 60.0)
        if self.is_least_squares:
            return TrainingSettings(
                algorithm=self.algorithm, steps=self.steps or 200, seconds=seconds, dtype=self.dtype
            )
        momentum = 0.9 if self.momentum is None else self.momentum
        return TrainingSettings(
            algorithm=self.algorithm,
            steps=self.steps or 1000,
            seconds=seconds,
            batch_size=self.batch_size or 128,
            learning_rate=self.learning_rate or 1e-3,
            annealing=self.annealing or 0.0,
            momentum=momentum if self.algorithm in WITH_MOMENTUM else None,
            dtype=self.dtype,
        )
