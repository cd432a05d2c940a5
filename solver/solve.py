"""Solving a model: the table of contents of the solver.

Calibrated model -> linear rule -> frame -> training -> policy -> certificate -> solution.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version

import numpy as np
import tensorflow as tf

from solver.calibrate import Calibration
from solver.diagnostics.certify import certify
from solver.diagnostics.euler_errors import EulerJudge
from solver.expectation.ahead import build_expectation
from solver.model.spec import Model
from solver.numerics.sampling import corners, edge_weighted_box
from solver.policy.frame import Frame
from solver.policy.kinks import size_of_problem
from solver.policy.policy import Decide, Policy
from solver.policy.rule import Setting
from solver.progress import OnProgress, ShouldStop
from solver.settings import SolveSettings
from solver.solution import Provenance, Solution
from solver.status import Status
from solver.training.compiled import Numbers, compiled_objective
from solver.training.device import choose_device
from solver.training.monitor import Monitor
from solver.training.problem import TrainingProblem
from solver.training.start import bounded_frame, first_rule, reach
from solver.training.train import train
from solver.version import NUMERICS_VERSION

_HELD_OUT_STATES = 384
_HELD_OUT_STREAM = 4


def solve(
    model: Model,
    calibration: Calibration,
    settings: SolveSettings | None = None,
    *,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Solution:
    """Train a policy for one calibration of a model, and judge it.

    Args:
        model: the economy.
        calibration: its parameters, steady state and domain.
        settings: what the caller chose; everything else is the default method.
        on_progress: told of every report of training.
        should_stop: asked at every step whether the solve is cancelled.

    Returns:
        The solution; ``solution.status`` says how it ended, ``solution.certificate`` what it is worth.

    Raises:
        ValueError: settings that this model cannot take (see :meth:`SolveSettings.resolve`).
    """
    started_s = time.monotonic()
    size = size_of_problem(model, calibration)
    settings = (settings or SolveSettings()).resolve(size)
    method = settings.method
    assert method.training.steps is not None and method.training.seconds is not None
    assert settings.target is not None
    compiled = compiled_objective(model, method.policy)

    def policy_of(frame: Frame, vector: np.ndarray) -> Policy:
        return Policy(model, calibration, method.policy, frame, tuple(compiled.unflatten(vector)))

    judge = EulerJudge(model, calibration, build_expectation(calibration.process, method.expectation))
    error_of = _held_out_error(judge, calibration, settings.seed)
    rule = first_rule(model, calibration, error_of, is_trained=method.policy.family != "linear")
    lower, upper = reach(rule, lambda states: judge.errors(rule.evaluate, states).largest())
    finer = build_expectation(calibration.process, method.expectation, finer=True)
    frame = bounded_frame(rule, finer, lower, upper)
    problem = TrainingProblem(
        compiled=compiled,
        numbers=_numbers(calibration, settings, frame),
        lower=lower,
        upper=upper,
        settings=settings,
        has_linear_rule=calibration.rule.slope is not None,
        has_kinks=size.has_kinks,
        errors_at=lambda vector, states: judge.errors(policy_of(frame, vector).evaluate, states).largest(),
        controls_at=lambda vector, u: policy_of(frame, vector).evaluate(
            judge.space.in_every_regime(frame.center + frame.half_width * u)[: len(u)]
        ),
    )
    monitor = Monitor(
        held_out_error=lambda vector: error_of(policy_of(frame, vector).evaluate),
        target=settings.target,
        max_steps=method.training.steps,
        max_seconds=method.training.seconds,
        started_s=started_s,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    device = choose_device(method.policy.n_weights(size) * (method.sampling.states or 0))
    with tf.device(device):
        status = train(problem, monitor)
    training_s = time.monotonic() - started_s

    policy = certificate = None
    if status is not Status.CANCELLED and monitor.best is not None:
        policy = policy_of(frame, monitor.best)
        certificate = certify(policy, settings)
    return Solution(
        status=status,
        calibration=calibration,
        settings=settings,
        policy=policy,
        certificate=certificate,
        history=tuple(monitor.history),
        provenance=Provenance(
            versions=_versions(),
            device=device,
            dtype="float64",
            solve_s=time.monotonic() - started_s,
            training_s=training_s,
        ),
    )


def _held_out_error(judge: EulerJudge, calibration: Calibration, seed: int) -> Callable[[Decide], float]:
    """The largest Euler error of a decision rule at states kept for that purpose; NaN where it is not defined.

    The expectation is the one that training takes; the certificate's, the next finer one, sees what that leaves out.
    """
    lower, upper, space = calibration.lower(), calibration.upper(), judge.space
    rng = np.random.default_rng([seed, _HELD_OUT_STREAM])
    box = space.with_regimes(rng, edge_weighted_box(rng, lower, upper, _HELD_OUT_STATES))
    states = np.concatenate([box, space.in_every_regime(corners(lower, upper))])
    return lambda decide: float(judge.errors(decide, states).largest().max())


def _numbers(calibration: Calibration, settings: SolveSettings, frame: Frame) -> Numbers:
    process = calibration.process
    return Numbers(
        Setting(calibration.parameter_vector(), process.mean, process.values, frame),
        build_expectation(process, settings.method.expectation),
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
