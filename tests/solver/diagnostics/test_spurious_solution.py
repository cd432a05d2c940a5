"""A low residual is not a solution: training started on the explosive root finds one, and the certificate refuses it."""

import dataclasses
import time

import numpy as np
import pytest

from solver.diagnostics.certify import certify
from solver.expectation.ahead import build_expectation
from solver.model.state_space import problem_size
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import Policy
from solver.policy.rule import Setting
from solver.settings import SolveSettings
from solver.training.compiled import Numbers, compiled_objective
from solver.training.monitor import Monitor
from solver.training.train import TrainingProblem, train
from tests.oracles.growth import Growth
from tests.solver.diagnostics.rules import growth_case

GROWTH = Growth()


@pytest.fixture(scope="module")
def explosive():
    """A policy trained to follow the unstable root, over one percent around the steady state, and its settings."""
    model, calibration = growth_case()
    domain = {"a": (-0.01, 0.01), "k": (0.98 * GROWTH.k_ss, 1.02 * GROWTH.k_ss)}
    calibration = dataclasses.replace(calibration, domain=domain)
    bounds = (calibration.lower(), calibration.upper())
    slope = np.array([GROWTH.linear_rule(root=GROWTH.roots()[1])])
    wrong = dataclasses.replace(calibration, rule=dataclasses.replace(calibration.rule, slope=slope))
    frame = build_frame(wrong, output_map(model))
    document = {"method": {"policy": {"family": "polynomial", "degree": 6}}, "target": 1e-5}
    settings = SolveSettings.model_validate(document).resolve(problem_size(model))
    compiled = compiled_objective(model, settings.method.policy)
    process = calibration.process
    numbers = Numbers(
        Setting(calibration.parameter_vector(), process.mean, process.values, frame),
        build_expectation(process, settings.method.expectation),
        np.zeros(0),
    )

    def policy_of(vector):
        weights = tuple(compiled.unflatten(vector))
        return Policy(model, calibration, settings.method.policy, frame, weights)

    states = np.random.default_rng(0).uniform(*bounds, (300, 2))

    def error_of(vector):
        def rule(a, k):
            return policy_of(vector).evaluate(np.column_stack([a, k]))[:, 0]

        return GROWTH.euler_errors(*states.T, rule).max()

    monitor = Monitor(error_of, target=1e-8, max_steps=30, max_seconds=60.0, started_s=time.monotonic())
    train(TrainingProblem(compiled, numbers, *bounds, settings), monitor)
    return policy_of(monitor.best), settings


def test_a_solution_that_explodes_has_low_errors_and_fails(explosive):
    certificate = certify(*explosive)
    checks = {check.name: check for check in certificate.checks}
    for name in ("euler-box", "target", "steady-state", "interior"):
        assert checks[name].verdict == "pass"
    assert certificate.euler_errors.box.max_log10 < -5
    assert checks["spectral-radius"].verdict == "fail"
    assert checks["convergence"].verdict == "fail"
    assert checks["slopes"].verdict == "fail"
    assert checks["spectral-radius"].value == pytest.approx(GROWTH.roots()[1], rel=1e-3)
    assert certificate.verdict == "fail"
