"""What a caller may choose about a solve.

Everything is optional: ``SolveSettings()`` is the default method. The settings are the wire format of
``method`` as well, so the HTTP contract and the solver cannot drift apart. A field that belongs to another
choice (a degree for a neural network, a learning rate for Gauss-Newton) is refused, and
:meth:`SolveSettings.resolve` fills in every field that was left out, so that a job records its method in full.
"""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Family = Literal["neural", "polynomial"]
Activation = Literal["tanh", "sigmoid", "arctan", "relu", "leaky_relu"]
Algorithm = Literal[
    "staged",
    "gauss_newton",
    "levenberg_marquardt",
    "sgd",
    "momentum",
    "nesterov",
    "adam",
    "adagrad",
    "adamax",
    "rmsprop",
]

LEAST_SQUARES = ("staged", "gauss_newton", "levenberg_marquardt")
WITH_MOMENTUM = ("momentum", "nesterov")
MAX_WEIGHTS = 20_000
MAX_STATES = 65_536
MAX_LEAST_SQUARES_WEIGHTS = 2_500
HEAVISIDE_REASON = (
    "heaviside has a zero gradient everywhere, so no gradient method can train its weights: "
    "use tanh, sigmoid, arctan, relu or leaky_relu"
)


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def _refuse(settings: BaseModel, names: tuple[str, ...], reason: str) -> None:
    for name in names:
        value = getattr(settings, name)
        if value is not None:
            raise ValueError(f"{name} = {value!r} {reason}; leave it out")


class PolicySettings(_Settings):
    """The family of decision rules that is searched."""

    family: Family = Field(
        "neural", description="neural: dense layers; polynomial: complete Chebyshev polynomial."
    )
    hidden: Annotated[
        tuple[Annotated[int, Field(ge=1, le=2000)], ...] | None,
        Field(strict=False, min_length=1, max_length=8),
    ] = Field(None, description="Units of each hidden layer, of a neural policy. Default: [128].")
    activation: Activation | None = Field(
        None, description="Activation of a neural policy's hidden layers. Default: tanh."
    )
    degree: Annotated[int, Field(ge=1, le=40)] | None = Field(
        None, description="Total degree of a polynomial policy. Default: 8."
    )

    @field_validator("activation", mode="before")
    @classmethod
    def _no_heaviside(cls, value: Any) -> Any:
        if value == "heaviside":
            raise ValueError(HEAVISIDE_REASON)
        return value

    @model_validator(mode="after")
    def _one_family(self) -> PolicySettings:
        if self.family == "neural":
            _refuse(self, ("degree",), "belongs to the polynomial family, and this policy is neural")
        else:
            _refuse(
                self, ("hidden", "activation"), "belongs to the neural family, and this policy is polynomial"
            )
        return self

    def resolve(self) -> PolicySettings:
        """The same choice with every field of its family filled in."""
        if self.family == "polynomial":
            return PolicySettings(family="polynomial", degree=self.degree or 8)
        return PolicySettings(
            family="neural", hidden=self.hidden or (128,), activation=self.activation or "tanh"
        )

    def n_weights(self, n_states: int, n_controls: int) -> int:
        """Number of trainable weights of this (resolved) family for a model of that size."""
        if self.family == "polynomial":
            return math.comb(n_states + (self.degree or 0), n_states) * n_controls
        sizes = (n_states, *(self.hidden or ()), n_controls)
        return sum((below + 1) * above for below, above in itertools.pairwise(sizes))

    def n_output_weights(self, n_states: int, n_controls: int) -> int:
        """Number of weights of the output layer alone."""
        if self.family == "polynomial":
            return self.n_weights(n_states, n_controls)
        return ((self.hidden or (0,))[-1] + 1) * n_controls


class TrainingSettings(_Settings):
    """How the loss is minimised."""

    algorithm: Algorithm = Field(
        "staged",
        description="staged: the output layer by Gauss-Newton, then all weights by Levenberg-Marquardt where the "
        "target is not met; gauss_newton and levenberg_marquardt: one of these alone; the others: first-order methods.",
    )
    steps: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="Budget of steps. Default: 200 for least squares, 1000 for first-order methods."
    )
    seconds: Annotated[float, Field(gt=0, le=3600)] | None = Field(
        None, description="Budget of seconds. Default: 60."
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

    @model_validator(mode="after")
    def _one_algorithm(self) -> TrainingSettings:
        if self.algorithm in LEAST_SQUARES:
            names = ("batch_size", "learning_rate", "annealing", "momentum")
            _refuse(self, names, f"belongs to first-order methods, and {self.algorithm} is least squares")
            if self.steps is not None and self.steps > 10_000:
                raise ValueError(
                    f"steps = {self.steps} is above 10000, the most that {self.algorithm} may take"
                )
        elif self.algorithm not in WITH_MOMENTUM:
            _refuse(self, ("momentum",), f"belongs to momentum and nesterov, not to {self.algorithm}")
        return self

    @property
    def is_least_squares(self) -> bool:
        """Whether the algorithm works on the residuals' Jacobian rather than on the loss's gradient."""
        return self.algorithm in LEAST_SQUARES

    def resolve(self) -> TrainingSettings:
        """The same choice with every field of its algorithm filled in."""
        seconds = 60.0 if self.seconds is None else self.seconds
        if self.is_least_squares:
            return TrainingSettings(algorithm=self.algorithm, steps=self.steps or 200, seconds=seconds)
        momentum = 0.9 if self.momentum is None else self.momentum
        return TrainingSettings(
            algorithm=self.algorithm,
            steps=self.steps or 1000,
            seconds=seconds,
            batch_size=self.batch_size or 128,
            learning_rate=self.learning_rate or 1e-3,
            annealing=self.annealing or 0.0,
            momentum=momentum if self.algorithm in WITH_MOMENTUM else None,
        )


class SamplingSettings(_Settings):
    """Where the loss is scored."""

    region: Literal["box"] = Field("box", description="box: states drawn over the whole domain.")
    states: Annotated[int, Field(ge=16, le=MAX_STATES)] | None = Field(
        None,
        description="Number of training states; Levenberg-Marquardt takes twice as many as it trains weights where that "
        "is more. Default: for each weight that is trained first four, of a polynomial five; at least 256.",
    )


class Method(_Settings):
    """The method of a solve; all of it optional."""

    policy: PolicySettings = PolicySettings()
    objective: Literal["euler"] = Field("euler", description="euler: the mean squared Euler residual.")
    training: TrainingSettings = TrainingSettings()
    sampling: SamplingSettings = SamplingSettings()


class SolveSettings(_Settings):
    """Everything that a caller may choose about one solve."""

    method: Method = Method()
    target: Annotated[float, Field(ge=1e-12, le=0.1)] = Field(
        1e-6, description="Largest Euler error on held-out states at which training stops."
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(0, description="Seed of every random draw.")

    def resolve(self, n_states: int, n_controls: int) -> SolveSettings:
        """The same settings with nothing left out, for a model of that size.

        Raises:
            ValueError: the network is larger than a solve may train, or the states too few for its weights.
        """
        policy, training = self.method.policy.resolve(), self.method.training.resolve()
        n_weights = policy.n_weights(n_states, n_controls)
        limit = MAX_LEAST_SQUARES_WEIGHTS if training.is_least_squares else MAX_WEIGHTS
        if n_weights > limit:
            raise ValueError(
                f"the policy has {n_weights} weights, above {limit}, the most that "
                f"{training.algorithm} may train; use fewer or smaller layers, or a lower degree"
            )
        starts_with_output = training.algorithm in ("staged", "gauss_newton")
        n_trained = policy.n_output_weights(n_states, n_controls) if starts_with_output else n_weights
        # Polynomials swing between states that are too few.
        per_weight = 5 if policy.family == "polynomial" else 4
        states = self.method.sampling.states or min(max(256, per_weight * n_trained), MAX_STATES)
        method = Method(
            policy=policy,
            objective=self.method.objective,
            training=training,
            sampling=SamplingSettings(region=self.method.sampling.region, states=states),
        )
        return SolveSettings(method=method, target=self.target, seed=self.seed)
