"""What a caller may choose about a solve.

Everything is optional: ``SolveSettings()`` is the default method. The settings are the wire format of
``method`` as well, so the HTTP contract and the solver cannot drift apart. A field that belongs to another
choice (a degree for a neural network, a learning rate for Gauss-Newton) is refused, and
:meth:`SolveSettings.resolve` fills in every field that was left out, so that a job records its method in full.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Family = Literal["neural", "polynomial", "linear"]
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

ExpectationRule = Literal["gauss_hermite", "monomial", "equidistant", "quasi_monte_carlo", "all_in_one"]
Objective = Literal["euler", "lifetime_reward"]

LEAST_SQUARES = ("staged", "gauss_newton", "levenberg_marquardt")
WITH_MOMENTUM = ("momentum", "nesterov")
MAX_WEIGHTS = 20_000
LEAST_STATES = 256
MAX_STATES = 65_536
MAX_LEAST_SQUARES_WEIGHTS = 2_500
MAX_CASES = 4_096
MAX_TENSOR_NODES = 201
#: Rules whose nodes are those of all shocks together.
SCATTERED = ("quasi_monte_carlo", "all_in_one")
LEAST_POINTS = 128
#: Of more than d = 45 shocks the rule that judges the monomial one, of ``2 d² + 1`` nodes, is more than ``MAX_CASES``, and
#: the nodes of that one, ``√d`` standard deviations away, lie where nobody has ever been.
MOST_MONOMIAL_SHOCKS = 45
SMOOTH_TARGET, KINKED_TARGET = 1e-6, 1e-4
#: Residuals × weights of a least-squares step. Its Jacobian and factorisation take about 2 s and 1 GiB on one core, and a
#: cancellation is heard between two of them.
MAX_JACOBIAN_ELEMENTS = 10_000_000
#: States × (today and the cases of tomorrow) × units of the policy at each, of any step: likewise about 1 s and 1 GiB.
MAX_UNIT_VALUES = 40_000_000
#: A lifetime is followed until a reward counts for this share of one of today, and for so many periods at most.
REMAINING, MAX_PERIODS = 0.001, 1_000
HEAVISIDE_REASON = (
    "heaviside has a zero gradient everywhere, so no gradient method can train its weights: "
    "use tanh, sigmoid, arctan, relu or leaky_relu"
)


_NO_LIFETIME = (
    "the model does not say what is maximised: give, beside felicity, the section value, e.g. V[t] = u[t] + beta*V[t+1], "
    "and V among the values of its symbols; its right side must be linear in V[t+1], with a factor of parameters alone and "
    "all else of date t, and no control may be a multiplier. Or take the objective euler"
)
_SMALLER = "use fewer or smaller layers, or a lower degree"


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class ProblemSize:
    """What the default method depends on.

    Attributes:
        n_states: continuous states of the policy.
        n_controls: notional controls in one regime: the controls, and the scale of each multiplier that is none of them.
        n_regimes: regimes of a Markov chain, 1 without one.
        n_shocks: random variables of the next period, beside the regime.
        has_kinks: whether a minimum, a maximum, an absolute value or a bound may put kinks into the policy.
        is_random: whether anything of the next period is left to chance.
        discount: of the next period's value; None where the model has no lifetime (see :mod:`solver.model.lifetime`).
    """

    n_states: int
    n_controls: int
    n_regimes: int = 1
    n_shocks: int = 0
    has_kinks: bool = False
    is_random: bool = True
    discount: float | None = None

    @property
    def n_outputs(self) -> int:
        """Values that a family gives at a state."""
        return self.n_controls * self.n_regimes

    def n_periods(self) -> int:
        """Periods of a lifetime.

        Raises:
            ValueError: the model has none, or one whose discount factor is not between 0 and 1 or leaves too many periods.
        """
        if self.discount is None:
            raise ValueError(_NO_LIFETIME)
        if not 0 < self.discount < 1:
            raise ValueError(
                f"the discount factor of V[t+1] in the section value is {self.discount:g}, and must lie between 0 and 1; "
                "take other parameters, or the objective euler"
            )
        periods = math.ceil(math.log(REMAINING) / math.log(self.discount))
        if periods > MAX_PERIODS:
            raise ValueError(
                f"at the discount factor {self.discount:g} a lifetime has {periods} periods, above {MAX_PERIODS}, the most "
                "that a path may have; take a smaller one, or the objective euler"
            )
        return periods


def _refuse(settings: BaseModel, names: tuple[str, ...], reason: str) -> None:
    for name in names:
        value = getattr(settings, name)
        if value is not None:
            raise ValueError(f"{name} = {value!r} {reason}; leave it out")


class PolicySettings(_Settings):
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
            _refuse(self, ("degree",), f"belongs to the polynomial family, and this policy is {self.family}")
        if self.family != "neural":
            names = ("hidden", "activation")
            _refuse(self, names, f"belongs to the neural family, and this policy is {self.family}")
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


class TrainingSettings(_Settings):
    """How the loss is minimised."""

    algorithm: Algorithm = Field(
        "staged",
        description="staged: the output layer by Gauss-Newton, led near a solution by time iteration where that ends far "
        "from one; where the target is not met, units are placed on the kinks of a policy that has some, and of any other "
        "all weights follow by Levenberg-Marquardt. gauss_newton and levenberg_marquardt: one of these alone; the others: "
        "first-order methods.",
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


class ExpectationSettings(_Settings):
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
            _refuse(self, ("nodes",), "belongs to the other rules: monomial has two nodes a shock")
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
            # A policy of one state is cheap to evaluate, and shows the kinks of its own future most.
            return {0: 2, 1: 61 if size.n_states == 1 else 35}.get(size.n_shocks, 13)
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


class SamplingSettings(_Settings):
    """Where the loss is scored."""

    region: Literal["box", "ergodic"] = Field(
        "box",
        description="box: states drawn over the whole domain. ergodic: states that the economy visits under the policy as "
        "it is trained, refreshed as it changes; the target is then held against other such states, while the certificate "
        "judges the whole domain all the same. It needs shocks.",
    )
    states: Annotated[int, Field(ge=16, le=MAX_STATES)] | None = Field(
        None,
        description="Number of training states; Levenberg-Marquardt takes twice as many as it trains weights where that "
        "is more. Default: for each weight that is trained first four, of a polynomial five; at least 256; and never more "
        "than one step may take.",
    )


class Method(_Settings):
    """The method of a solve; all of it optional."""

    policy: PolicySettings = PolicySettings()
    objective: Objective = Field(
        "euler",
        description="What is minimised. euler: the mean squared Euler residual. lifetime_reward: minus the discounted sum "
        "of rewards along paths with drawn shocks from random states on, by first-order methods; it takes models whose "
        "section value gives the discount factor.",
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
    def _one_objective(self) -> Method:
        if self.objective == "euler":
            return self
        if self.training.is_least_squares:
            raise ValueError(
                "the objective lifetime_reward is a sum of rewards, not of squares, and "
                f"{self.training.algorithm} is least squares: take a first-order method, e.g. adam, or the objective euler"
            )
        if self.policy.family == "linear":
            raise ValueError("the linear family is not trained, by lifetime_reward or else; leave it out")
        if self.expectation.rule == "all_in_one":
            raise ValueError(
                "all_in_one takes products of Euler residuals, and lifetime_reward has none: it draws the shocks of its "
                "paths from any other rule; leave expectation.rule out"
            )
        return self

    def most_states(self, size: ProblemSize) -> int:
        """The most states of one step of this (resolved) method: what a worker holds, and how long it hears nothing."""
        is_path = self.objective == "lifetime_reward"
        evaluations = 1 + size.n_periods() if is_path else self.expectation.n_evaluations(size)
        most = min(MAX_STATES, MAX_UNIT_VALUES // (evaluations * self.policy.n_units(size)))
        if not self.training.is_least_squares:
            return most
        n_weights = self.policy.n_weights(size)
        if self.training.algorithm == "gauss_newton" or n_weights > MAX_LEAST_SQUARES_WEIGHTS:
            n_weights = self.policy.n_output_weights(size)
        return min(most, MAX_JACOBIAN_ELEMENTS // max(1, n_weights * size.n_controls))

    def default_states(self, size: ProblemSize) -> int:
        """Training states of this (resolved) method where none are chosen."""
        starts_with_output = self.training.algorithm in ("staged", "gauss_newton")
        unknowns = self.policy.n_features(size) if starts_with_output else self.policy.n_weights(size)
        # Polynomials swing between states that are too few.
        per_weight = 5 if self.policy.family == "polynomial" else 4
        wanted = max(LEAST_STATES, per_weight * unknowns * size.n_regimes)
        is_step = not isinstance(self.training.batch_size, int)
        return min(wanted, self.most_states(size) if is_step else MAX_STATES)

    def check(self, size: ProblemSize) -> None:
        """Refuse more weights than this (resolved) method may train, and more states than its steps may take.

        Raises:
            ValueError: names the number, the bound and the remedy.
        """
        self._check_randomness(size)
        algorithm, n_weights = self.training.algorithm, self.policy.n_weights(size)
        if n_weights > MAX_WEIGHTS:
            raise ValueError(f"the policy has {n_weights} weights, above {MAX_WEIGHTS}, the most; {_SMALLER}")
        n_trained = n_weights if algorithm == "levenberg_marquardt" else self.policy.n_output_weights(size)
        if self.training.is_least_squares and n_trained > MAX_LEAST_SQUARES_WEIGHTS:
            raise ValueError(
                f"the policy has {n_trained} weights to train, above {MAX_LEAST_SQUARES_WEIGHTS}, the most that "
                f"{algorithm} may train; {_SMALLER}"
            )
        name, count, most = "sampling.states", self.sampling.states or LEAST_STATES, self.most_states(size)
        if isinstance(self.training.batch_size, int):
            name, count = "training.batch_size", self.training.batch_size
        if count > most:
            raise ValueError(
                f"{name} = {count} is above {most}, the most at which {algorithm} may train a policy of {n_weights} "
                f"weights with {self._ahead(size)}"
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


class SolveSettings(_Settings):
    """Everything that a caller may choose about one solve."""

    method: Method = Method()
    target: Annotated[float, Field(ge=1e-12, le=0.1)] | None = Field(
        None,
        description="Largest Euler error on held-out states at which training stops. Default: 1e-6, or 1e-4 for a policy "
        "with kinks (min, max, abs, or a bound that the linear rule comes near).",
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(0, description="Seed of every random draw.")

    def resolve(self, size: ProblemSize) -> SolveSettings:
        """The same settings with nothing left out, for a problem of that size.

        Raises:
            ValueError: the policy has more weights than a solve may train, or a step more states than it may take; or the
                objective asks for a lifetime, and the model has none.
        """
        method = Method(
            policy=self.method.policy.resolve(size),
            objective=self.method.objective,
            training=self.method.training.resolve(),
            expectation=self.method.expectation.resolve(size),
            sampling=self.method.sampling,
        )
        method.check(size)
        states = method.sampling.states or method.default_states(size)
        sampling = SamplingSettings(region=method.sampling.region, states=states)
        method = method.model_copy(update={"sampling": sampling})
        target = self.target or (KINKED_TARGET if size.has_kinks else SMOOTH_TARGET)
        return SolveSettings(method=method, target=target, seed=self.seed)
