"""A low residual is not a solution: training started on the explosive root finds one, and the certificate refuses it."""

import dataclasses
import time

import numpy as np
import pytest

from solver.diagnostics.certify import certify
from solver.policy.frame import build_frame
from solver.policy.policy import Policy
from solver.settings import SolveSettings
from solver.training.compiled import compiled_objective
from solver.training.monitor import Monitor
from solver.training.train import TrainingProblem, train
from tests.oracles.growth import Growth
from tests.solver.diagnostics.rules import growth_case

GROWTH = Growth()


@pytest.fixture(scope="module")
def explosive():
    """Model, calibration and a policy trained to follow the unstable root, over one percent around the steady state."""
    model, calibration = growth_case()
    domain = {"a": (-0.01, 0.01), "k": (0.98 * GROWTH.k_ss, 1.02 * GROWTH.k_ss)}
    calibration = dataclasses.replace(calibration, domain=domain)
    bounds = (calibration.lower(), calibration.upper())
    rule = np.array([GROWTH.linear_rule(root=GROWTH.roots()[1])])
    frame = build_frame(*bounds, calibration.state_steady(), calibration.control_steady(), rule)
    document = {"method": {"policy": {"family": "polynomial", "degree": 6}}}
    settings = SolveSettings.model_validate(document).resolve(2, 1)
    compiled = compiled_objective(model, settings.method.policy)

    def policy_of(vector):
        weights = tuple(compiled.unflatten(vector))
        return Policy(model.states, model.controls, settings.method.policy, frame, weights)

    states = np.random.default_rng(0).uniform(*bounds, (300, 2))

    def error_of(vector):
        def rule(a, k):
            return policy_of(vector).evaluate(np.column_stack([a, k]))[:, 0]

        return GROWTH.euler_errors(*states.T, rule).max()

    monitor = Monitor(error_of, target=1e-8, max_steps=30, max_seconds=60.0, started_s=time.monotonic())
    train(TrainingProblem(compiled, calibration.parameter_vector(), frame, *bounds, settings), monitor)
    return model, calibration, policy_of(monitor.best)


def test_a_solution_that_explodes_has_low_errors_and_fails(explosive):
    certificate = certify(*explosive, target=1e-5, seed=0)
    checks = {check.name: check for check in certificate.checks}
    for name in ("euler-box", "target", "steady-state", "interior"):
        assert checks[name].verdict == "pass"
    assert certificate.euler_errors.box.max_log10 < -5
    assert checks["spectral-radius"].verdict == "fail"
    assert checks["convergence"].verdict == "fail"
    assert checks["spectral-radius"].value == pytest.approx(GROWTH.roots()[1], rel=1e-3)
    assert certificate.verdict == "fail"
