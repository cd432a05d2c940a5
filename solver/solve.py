"""Solving a model: the table of contents of the solver.

Calibrated model -> linear rule -> frame -> training -> policy -> certificate -> solution.

Training begins at the linear rule, or at a policy that was solved before. Such a start saves steps and never changes what
is accepted: it is taken where its Euler errors are below those of the linear rule, and what least squares makes of it
stands where it meets the target and passes the certificate. Where it does not, training begins again at the linear rule,
and the better policy is kept. First-order methods simply go on from it.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version

import numpy as np
import tensorflow as tf

from solver.calibrate import Calibration
from solver.diagnostics.certificate import Certificate
from solver.diagnostics.certify import certify
from solver.diagnostics.euler_errors import EulerJudge
from solver.expectation.ahead import build_expectation
from solver.expectation.draws import law_of_draws
from solver.model.spec import Model
from solver.numerics.sampling import corners, edge_weighted_box
from solver.policy.frame import Frame
from solver.policy.kinks import size_of_problem
from solver.policy.policy import Decide, Policy
from solver.policy.rule import Setting
from solver.policy.warm_start import check_start, weights_from
from solver.progress import OnProgress, ShouldStop
from solver.settings import ExpectationSettings, Method, ProblemSize, SolveSettings
from solver.solution import Provenance, Solution, StartUse
from solver.status import Status
from solver.training.adaptive import AdaptiveStates
from solver.training.compiled import Numbers, compiled_objective
from solver.training.compiled_bellman import compiled_bellman
from solver.training.device import choose_device, gpus, training_on
from solver.training.ergodic import settled
from solver.training.monitor import Monitor
from solver.training.placement import can_place
from solver.training.problem import TrainingProblem
from solver.training.start import bounded_frame, farthest, first_rule, reach
from solver.training.train import train
from solver.version import NUMERICS_VERSION

_HELD_OUT_STATES = 384
#: Near a kink an error may be that of a narrow strip.
_HELD_OUT_STATES_OF_KINKS = 512
#: And of the kinks of many periods, where a bound holds a control at rest.
_HELD_OUT_STATES_OF_MANY_KINKS = 1024
#: Beyond where paths go, in half domains: steep units cannot be extrapolated.
_MARGIN_OF_KINKS = 0.1
_HELD_OUT_STREAM = 4
#: More than of the box, whose edges and corners are held out on purpose: the rare states are those of large errors.
_HELD_OUT_ECONOMIES = 1024


def solve(
    model: Model,
    calibration: Calibration,
    settings: SolveSettings | None = None,
    *,
    start: Policy | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Solution:
    """Train a policy for one calibration of a model, and judge it.

    Args:
        model: the economy.
        calibration: its parameters, steady state and domain.
        settings: what the caller chose; everything else is the default method.
        start: the policy to start from, of any calibration, domain and method, and of any model with the same states and
            controls.
        on_progress: told of every report of training.
        should_stop: asked at every step whether the solve is cancelled.

    Returns:
        The solution; ``solution.status`` says how it ended, ``solution.certificate`` what it is worth.

    Raises:
        ValueError: settings that this model cannot take (see :meth:`SolveSettings.resolve`).
        StartError: a start that this solve cannot begin with (see :func:`check_start`).
    """
    started_s = time.monotonic()
    size = size_of_problem(model, calibration)
    settings = (settings or SolveSettings()).resolve(size)
    method = settings.method
    assert method.training.steps is not None and method.training.seconds is not None
    assert settings.target is not None
    if start is not None:
        check_start(start.model, model, method.policy)
    task = _set_up(model, calibration, settings, size)
    monitor = Monitor(
        held_out_error=task.held_out_error,
        target=settings.target,
        max_steps=method.training.steps,
        max_seconds=method.training.seconds,
        started_s=started_s,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    n_elements = method.policy.n_weights(method.sized(size)) * (method.sampling.states or 0)
    if method.is_matrix_free(size):  # in NumPy
        n_elements = 0
    device = choose_device(n_elements, gpus())

    def attempt(first: np.ndarray | None) -> _Attempt:
        with training_on(device):
            status = train(task.problem, monitor, first)
        ended_s = time.monotonic()
        if status is Status.CANCELLED or monitor.best is None:
            return _Attempt(status, None, None, np.inf, 0.0)
        policy = task.policy_of(monitor.best)
        with monitor.off_the_clock():
            certificate = certify(policy, settings)
        return _Attempt(status, policy, certificate, monitor.best_error, time.monotonic() - ended_s)

    use = first = None
    if start is not None:
        blank = task.problem.initial_weights()
        weights = weights_from(start, task.policy_of(blank), task.problem.states(at_least=0))
        first = task.problem.compiled.first_vector(weights)
        use = _use_of(first, task.held_out_error(blank), monitor)
    attempts = [attempt(first if use is StartUse.TAKEN else None)]
    if use is StartUse.TAKEN and method.training.is_least_squares and attempts[0].may_be_bettered:
        use = StartUse.MISSED
        monitor.start_over()
        attempts.append(attempt(None))
    best = min(attempts, key=lambda one: one.rank)
    return Solution(
        status=best.status,
        calibration=calibration,
        settings=settings,
        policy=best.policy,
        certificate=best.certificate,
        history=monitor.told(best.status),
        provenance=Provenance(
            versions=_versions(),
            device=device.split(":")[0].lower(),
            dtype=method.training.dtype,
            solve_s=time.monotonic() - started_s,
            training_s=time.monotonic() - started_s - sum(one.certifying_s for one in attempts),
            start=use,
        ),
    )


@dataclass(frozen=True)
class _Task:
    """What is to be trained, and what its weights mean.

    Attributes:
        problem: for training.
        policy_of: the policy of weights (n_weights,).
        held_out_error: the largest Euler error of weights at states kept for that purpose; NaN where it is not defined.
    """

    problem: TrainingProblem
    policy_of: Callable[[np.ndarray], Policy]
    held_out_error: Callable[[np.ndarray], float]


def _set_up(model: Model, calibration: Calibration, settings: SolveSettings, size: ProblemSize) -> _Task:
    """The linear rule, the frame around it, the states, and the measure of progress, by resolved settings."""
    method = settings.method
    judging = method.expectation.judging(size)
    judge = EulerJudge(model, calibration, build_expectation(calibration.process, judging))
    compile_ = compiled_bellman if method.objective == "bellman" else compiled_objective
    compiled = compile_(model, method.policy, method.training.dtype)
    places_units = size.has_kinks and method.training.algorithm == "staged" and can_place(compiled.family)
    # Of one state the domain is so cheap to cover that nothing of it is left for later.
    follows = places_units and size.rests_on_bound and size.n_states > 1
    count = _HELD_OUT_STATES_OF_KINKS if places_units else _HELD_OUT_STATES
    count = _HELD_OUT_STATES_OF_MANY_KINKS if follows else count
    error_of = _held_out_error(judge, calibration, settings.seed, count)
    rule = first_rule(model, calibration, error_of, is_trained=method.policy.family != "linear")
    lower, upper = reach(rule, lambda states: judge.errors(rule.evaluate, states).largest())
    finer = build_expectation(calibration.process, judging, finer=True)
    # Where the linear rule is that of a bound, the box follows the policy: see place_and_fit.
    frame = bounded_frame(rule, finer, *(farthest(calibration) if follows else (lower, upper)))

    def policy_of(vector: np.ndarray) -> Policy:
        return Policy(model, calibration, method.policy, frame, compiled.policy_weights(vector))

    def errors_at(vector: np.ndarray, states: np.ndarray) -> np.ndarray:
        return judge.errors(policy_of(vector).evaluate, states).largest()

    kept = _kept_states(method, size)
    ergodic = adaptive = None
    if method.sampling.region == "ergodic":
        counts = (kept, _HELD_OUT_ECONOMIES)
        ergodic = settled(rule, lower, upper, counts, settings.seed, policy_of)
    if method.sampling.region == "adaptive":
        adaptive = AdaptiveStates(judge.space, lower, upper, kept, errors_at, settings.seed)
    problem = TrainingProblem(
        compiled=compiled,
        numbers=_numbers(calibration, method.expectation, frame),
        lower=lower,
        upper=upper,
        settings=settings,
        has_linear_rule=calibration.rule.slope is not None,
        places_units=places_units,
        follows_policy=follows,
        errors_at=errors_at,
        controls_at=lambda vector, u: policy_of(vector).evaluate(
            judge.space.in_every_regime(frame.center + frame.half_width * u)[: len(u)]
        ),
        kinks_at=lambda vector, states: policy_of(vector).kinks(states),
        slack_at=lambda vector, states: policy_of(vector).slack(states),
        reach_at=lambda vector: reach(
            policy_of(vector), lambda states: errors_at(vector, states), _MARGIN_OF_KINKS
        ),
        ergodic=ergodic,
        adaptive=adaptive,
    )

    def held_out_error(vector: np.ndarray) -> float:
        decide = policy_of(vector).evaluate
        if ergodic is None:
            return error_of(decide)
        return float(judge.errors(decide, ergodic.held_out.states).largest().max())

    return _Task(problem, policy_of, held_out_error)


@dataclass(frozen=True)
class _Attempt:
    """Training from one start, and what became of it.

    Attributes:
        status: how training ended.
        policy: the best that it found.
        certificate: the verdict on the policy.
        error: its largest Euler error at the held-out states.
        certifying_s: seconds that the certificate took.
    """

    status: Status
    policy: Policy | None
    certificate: Certificate | None
    error: float
    certifying_s: float

    @property
    def may_be_bettered(self) -> bool:
        """Whether another start may do better."""
        return self.status is not Status.CANCELLED and (self.certificate is None or self.certificate.rank > 0)

    @property
    def rank(self) -> tuple[int, float]:
        """Lower for the better: by verdict, then by error; a cancellation, which is nobody's to better, first of all."""
        if self.certificate is None:
            return (-1 if self.status is Status.CANCELLED else 3, self.error)
        return (self.certificate.rank, self.error)


def _use_of(first: np.ndarray, error_of_rule: float, monitor: Monitor) -> StartUse:
    """Whether training begins at the weights of a start, which go into the history; if not, ``monitor`` forgets them."""
    monitor.record("start", first, float("nan"), steps=0, visited=0)
    if monitor.best_error < np.nan_to_num(error_of_rule, nan=np.inf):
        return StartUse.TAKEN
    use = StartUse.NOT_BETTER if np.isfinite(monitor.best_error) else StartUse.UNDEFINED
    monitor.start_over()
    return use


def _held_out_error(
    judge: EulerJudge, calibration: Calibration, seed: int, count: int
) -> Callable[[Decide], float]:
    """The largest Euler error of a decision rule at states kept for that purpose; NaN where it is not defined.

    The expectation is the one that training takes; the certificate's, the next finer one, sees what that leaves out.
    """
    lower, upper, space = calibration.lower(), calibration.upper(), judge.space
    rng = np.random.default_rng([seed, _HELD_OUT_STREAM])
    box = space.with_regimes(rng, edge_weighted_box(rng, lower, upper, count))
    states = np.concatenate([box, space.in_every_regime(corners(lower, upper))])
    return lambda decide: float(judge.errors(decide, states).largest().max())


def _kept_states(method: Method, size: ProblemSize) -> int:
    """The most states that a phase of the (resolved) method keeps: Levenberg-Marquardt wants two for each weight."""
    states = method.sampling.states or 0
    wanted = 2 * method.policy.n_weights(method.sized(size)) if method.training.is_least_squares else 0
    return max(states, min(wanted, method.most_states(size)))


def _numbers(calibration: Calibration, expectation: ExpectationSettings, frame: Frame) -> Numbers:
    process = calibration.process
    return Numbers(
        Setting(calibration.parameter_vector(), process.mean, process.values, frame),
        law_of_draws(process)
        if expectation.rule == "all_in_one"
        else build_expectation(process, expectation),
    )


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in ("saddlepath-server", "numpy", "scipy")}
    return {
        "python": platform.python_version(),
        "numerics": NUMERICS_VERSION,
        "tensorflow": tf.__version__,
        **libraries,
    }
