"""A method and a solve, whole: which choices go together, and what one step may hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from solver.settings.base import Settings
from solver.settings.expectation import ExpectationSettings
from solver.settings.limits import (
    CANDIDATES_PER_STATE,
    LEAST_STATES,
    MAX_FEATURE_VALUES,
    MAX_JACOBIAN_ELEMENTS,
    MAX_LEAST_SQUARES_WEIGHTS,
    MAX_MATRIX_FREE_WEIGHTS,
    MAX_STATES,
    MAX_SWEEP_UNIT_VALUES,
    MAX_UNIT_VALUES,
    MAX_WEIGHTS,
)
from solver.settings.policy import PolicySettings
from solver.settings.problem_size import ProblemSize
from solver.settings.training import OF_OUTPUT_LAYER, TrainingSettings

Objective = Literal["euler", "bellman", "lifetime_reward"]

SMOOTH_TARGET, KINKED_TARGET = 1e-6, 1e-4
#: What float32 reaches at every smooth model that was tried; and its relative rounding, below which no residual goes.
FLOAT32_TARGET, FLOAT32_ROUNDING = 1e-4, 1e-7
_BATCHES_OF_STATES = 8
_SMALLER = "use fewer or smaller layers, or a lower degree"


class SamplingSettings(Settings):
    """Where the loss is scored."""

    region: Literal["box", "ergodic", "adaptive"] = Field(
        "box",
        description="box: states drawn over the whole domain. ergodic: states that the economy visits under the policy as "
        "it is trained, refreshed as it changes; the target is then held against other such states, while the certificate "
        "judges the whole domain all the same. It needs shocks. adaptive: states of the whole domain, half of them in "
        "proportion to the Euler error of the policy as it is trained: by first-order methods at every report, by least "
        "squares once it has stalled, as long as that brings the error down.",
    )
    states: Annotated[int, Field(ge=16, le=MAX_STATES)] | None = Field(
        None,
        description="Number of training states; Levenberg-Marquardt takes twice as many as it trains weights where that "
        "is more. Default: for each weight that is trained first four, of a polynomial five, of a hinged one eight; at "
        "least 256; and never more than one step may take. Of adaptive states that random batches are drawn from: eight "
        "batches.",
    )


class Method(Settings):
    """The method of a solve; all of it optional."""

    policy: PolicySettings = PolicySettings()
    objective: Objective = Field(
        "euler",
        description="What is minimised. euler: the mean squared Euler residual. bellman: the residuals of the Bellman "
        "equation and of the first-order conditions of its right side, for a value that is trained beside the policy, by "
        "the staged algorithm. lifetime_reward: minus the discounted sum of rewards along paths with drawn shocks from "
        "random states on, by first-order methods. Both take models whose section value gives the discount factor.",
    )
    training: TrainingSettings = TrainingSettings()
    expectation: ExpectationSettings = ExpectationSettings()
    sampling: SamplingSettings = SamplingSettings()

    @model_validator(mode="before")
    @classmethod
    def _paths_by_adam(cls, value: Any) -> Any:
        """The default algorithm of the lifetime reward, which is no sum of squares."""
        if isinstance(value, dict) and value.get("objective") == "lifetime_reward":
            training = value.get("training", {})
            if isinstance(training, dict):
                return value | {"training": {"algorithm": "adam"} | training}
        return value

    @model_validator(mode="after")
    def _trained_in_float32(self) -> Method:
        if self.training.dtype == "float32" and self.policy.family == "linear":
            raise ValueError(
                "training.dtype = 'float32' is that of training's graphs, and the linear family is not trained; "
                "leave it out"
            )
        return self

    @model_validator(mode="after")
    def _lays_hinges(self) -> Method:
        if self.policy.family == "hinged" and not self.is_default:
            raise ValueError(
                "hinges are laid by the staged algorithm for the objective euler, and this method has "
                f"training.algorithm = {self.training.algorithm!r} and objective = {self.objective!r}; take those, or the "
                "neural or polynomial family"
            )
        return self

    @model_validator(mode="after")
    def _one_objective(self) -> Method:
        if self.objective == "euler":
            return self
        if self.policy.family == "linear":
            raise ValueError(f"the linear family is not trained, by {self.objective} or else; leave it out")
        if self.objective == "bellman":
            self._check_bellman()
        elif self.training.is_least_squares:
            raise ValueError(
                "the objective lifetime_reward is a sum of rewards, not of squares, and "
                f"{self.training.algorithm} is least squares: take a first-order method, e.g. adam, or the objective euler"
            )
        elif self.expectation.rule == "all_in_one":
            raise ValueError(
                "all_in_one takes products of Euler residuals, and lifetime_reward has none: it draws the shocks of its "
                "paths from any other rule; leave expectation.rule out"
            )
        return self

    def _check_bellman(self) -> None:
        if self.training.algorithm != "staged":
            raise ValueError(
                "the objective bellman finds a value and a policy for each other by stages of least squares, and "
                f"training.algorithm = {self.training.algorithm!r} has none: take staged, or the objective euler"
            )
        if self.expectation.rule == "all_in_one":
            raise ValueError(
                "all_in_one takes products of Euler residuals, and bellman has none: it needs the expectation of the "
                "value itself, by any other rule; leave expectation.rule out"
            )

    def sized(self, size: ProblemSize) -> ProblemSize:
        """The size of a problem as this method trains it: with a value beside the controls, where it finds one."""
        return replace(size, has_value=self.objective == "bellman")

    @property
    def is_default(self) -> bool:
        """Whether the stages of least squares minimise Euler residuals."""
        return self.training.algorithm == "staged" and self.objective == "euler"

    def may_be_matrix_free(self, size: ProblemSize) -> bool:
        """Whether Newton's method may find the output layer of a smooth policy without its Jacobian.

        It has no graphs, so no other type than float64, and trains at states of the domain that stay.
        """
        is_plain = self.training.dtype == "float64" and self.sampling.region == "box"
        return self.is_default and is_plain and size.is_smooth

    def is_matrix_free(self, size: ProblemSize) -> bool:
        """Whether this method, its policy resolved, does so: of a polynomial with too many weights for least squares."""
        is_large = self.policy.n_output_weights(size) > MAX_LEAST_SQUARES_WEIGHTS
        return self.may_be_matrix_free(size) and self.policy.family == "polynomial" and is_large

    def most_states(self, size: ProblemSize) -> int:
        """The most states of one step of this (resolved) method: what a worker holds, and how long it hears nothing."""
        size = self.sized(size)
        n_values = self._n_evaluations(size) * self.policy.n_units(size)
        if self.is_matrix_free(size):
            by_features = MAX_FEATURE_VALUES // self.policy.n_features(size)
            by_blocks = MAX_FEATURE_VALUES // size.n_functions**2
            return min(MAX_STATES, by_features, by_blocks, MAX_SWEEP_UNIT_VALUES // n_values)
        candidates = CANDIDATES_PER_STATE if self.sampling.region == "adaptive" else 1
        most = min(MAX_STATES, MAX_UNIT_VALUES // n_values) // candidates
        if not self.training.is_least_squares:
            return most
        n_weights = self.policy.n_weights(size)
        if self.training.algorithm in OF_OUTPUT_LAYER or n_weights > MAX_LEAST_SQUARES_WEIGHTS:
            n_weights = self.policy.n_output_weights(size)
        return min(most, MAX_JACOBIAN_ELEMENTS // max(1, n_weights * size.n_functions))

    def _n_evaluations(self, size: ProblemSize) -> int:
        """Evaluations of the policy, or of the value, at each state of a step."""
        if self.objective == "lifetime_reward":
            return 1 + size.n_periods()
        if self.objective == "bellman":
            # Of today both; in every case the value, and its derivative by every control.
            return 2 + self.expectation.n_cases(size) * size.n_functions
        return self.expectation.n_evaluations(size)

    def default_states(self, size: ProblemSize) -> int:
        """Training states of this (resolved) method where none are chosen."""
        starts_with_output = self.training.algorithm in ("staged", *OF_OUTPUT_LAYER)
        unknowns = self.policy.n_features(size) if starts_with_output else self.policy.n_weights(size)
        # Polynomials swing between states that are too few.
        per_weight = {"polynomial": 5, "hinged": 8}.get(self.policy.family or "", 4)
        if self.is_matrix_free(size):
            per_weight = 2
        wanted = max(LEAST_STATES, per_weight * unknowns * size.n_regimes)
        batch_size, is_adaptive = self.training.batch_size, self.sampling.region == "adaptive"
        if is_adaptive and isinstance(batch_size, int):
            # They are drawn anew at every report: more would cost more than the steps between.
            wanted = max(LEAST_STATES, _BATCHES_OF_STATES * batch_size)
        is_step = is_adaptive or not isinstance(batch_size, int)
        return min(wanted, self.most_states(size) if is_step else MAX_STATES)

    def check(self, size: ProblemSize) -> None:
        """Refuse more weights than this (resolved) method may train, and more states than its steps may take.

        Raises:
            ValueError: names the number, the bound and the remedy.
        """
        if self.objective == "bellman":
            size.discount_factor()
        self._check_randomness(size)
        size = self.sized(size)
        algorithm, n_weights = self.training.algorithm, self.policy.n_weights(size)
        most_weights = MAX_WEIGHTS
        if self.is_matrix_free(size):
            most_weights = MAX_MATRIX_FREE_WEIGHTS
        elif self.training.is_least_squares:
            self._check_least_squares(size)
        if n_weights > most_weights:
            raise ValueError(
                f"the policy has {n_weights} weights, above {most_weights}, the most; {_SMALLER}"
            )
        if self.is_matrix_free(size):
            self._check_features(size)
        most = self.most_states(size)
        for name, count in self._states_at_once().items():
            if count > most:
                raise ValueError(
                    f"{name} = {count} is above {most}, the most at which {algorithm} may train a policy of {n_weights} "
                    f"weights with {self._ahead(size)}"
                )

    def _states_at_once(self) -> dict[str, int]:
        """What says at how many states this (resolved) method evaluates at once."""
        kept = {"sampling.states": self.sampling.states or LEAST_STATES}
        if not isinstance(self.training.batch_size, int):
            return kept
        batch = {"training.batch_size": self.training.batch_size}
        return batch | kept if self.sampling.region == "adaptive" else batch

    def _check_least_squares(self, size: ProblemSize) -> None:
        """Refuse more weights than a Jacobian may have columns; more than any policy may have are told as such."""
        algorithm, n_weights = self.training.algorithm, self.policy.n_weights(size)
        if algorithm != "levenberg_marquardt":
            n_weights = self.policy.n_output_weights(size)
        if n_weights > MAX_LEAST_SQUARES_WEIGHTS and self.policy.n_weights(size) <= MAX_WEIGHTS:
            raise ValueError(
                f"the policy has {n_weights} weights to train, above {MAX_LEAST_SQUARES_WEIGHTS}, the most that "
                f"{algorithm} may train; {_SMALLER}"
            )

    def _check_features(self, size: ProblemSize) -> None:
        """Refuse more features than a step without a Jacobian can fit to the states that it may take."""
        n_features, most = self.policy.n_features(size), self.most_states(size)
        states = self.sampling.states or most
        if n_features > states:
            raise ValueError(
                f"the policy has {n_features} features to fit at {states} states, and needs as many states at least (the "
                f"most are {most}); {_SMALLER}"
            )

    def _ahead(self, size: ProblemSize) -> str:
        """What of the future the policy is evaluated at beside today, and how to have less of it."""
        if self.objective == "lifetime_reward":
            return f"{size.n_periods()} periods of a path; take fewer, or a smaller policy"
        cases = self.expectation.n_cases(size)
        return f"{cases} case(s) of the next period; take fewer, a smaller policy or fewer expectation.nodes"

    def _check_randomness(self, size: ProblemSize) -> None:
        """Refuse draws where the algorithm has no use for them, and what needs shocks where there are none."""
        if self.expectation.rule == "all_in_one":
            if self.training.is_least_squares:
                raise ValueError(
                    "expectation.rule = 'all_in_one' estimates E[R]² by products of draws, and "
                    f"{self.training.algorithm} is least squares, which needs the residuals E[R] themselves; take a "
                    "first-order method as training.algorithm, such as adam, or another rule"
                )
            if not size.is_random:
                raise ValueError(
                    "expectation.rule = 'all_in_one' draws shocks, and this model has none; leave it out"
                )
            self.expectation.judging(size)
        if self.sampling.region == "ergodic" and not size.is_random:
            raise ValueError(
                "sampling.region = 'ergodic' needs shocks, and this model has none: all its paths end in the steady "
                "state, a single point; take 'box'"
            )


class SolveSettings(Settings):
    """Everything that a caller may choose about one solve."""

    method: Method = Method()
    target: Annotated[float, Field(ge=1e-12, le=0.1)] | None = Field(
        None,
        description="Largest Euler error on held-out states at which training stops. Default: 1e-6, or 1e-4 for a policy "
        "with kinks (min, max, abs, or a bound that the linear rule comes near) and for one that is trained in float32.",
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(0, description="Seed of every random draw.")

    @model_validator(mode="after")
    def _target_of_float32(self) -> SolveSettings:
        is_float32 = self.method.training.dtype == "float32"
        if is_float32 and self.target is not None and self.target < FLOAT32_ROUNDING:
            raise ValueError(
                f"target = {self.target:g} is below {FLOAT32_ROUNDING:g}, the rounding of method.training.dtype = "
                "'float32'; raise it, or take float64"
            )
        return self

    def resolve(self, size: ProblemSize) -> SolveSettings:
        """The same settings with nothing left out, for a problem of that size.

        Raises:
            ValueError: the policy has more weights than a solve may train, or a step more states than it may take; or the
                objective asks for a lifetime, and the model has none.
        """
        asked = self.method
        method = Method(
            policy=asked.policy.resolve(
                asked.sized(size),
                may_be_large=asked.may_be_matrix_free(size),
                may_be_hinged=asked.is_default,
            ),
            objective=asked.objective,
            training=asked.training,
            expectation=asked.expectation.resolve(size),
            sampling=asked.sampling,
        )
        training = asked.training.resolve(is_matrix_free=method.is_matrix_free(size))
        method = method.model_copy(update={"training": training})
        method.check(size)
        states = method.sampling.states or method.default_states(size)
        sampling = SamplingSettings(region=method.sampling.region, states=states)
        method = method.model_copy(update={"sampling": sampling})
        target = self.target or self._default_target(size)
        return SolveSettings(method=method, target=target, seed=self.seed)

    def _default_target(self, size: ProblemSize) -> float:
        smooth = FLOAT32_TARGET if self.method.training.dtype == "float32" else SMOOTH_TARGET
        return KINKED_TARGET if size.has_kinks else smooth
