"""A low residual is not a solution: training started on the explosive root finds one, and the certificate refuses it."""

import dataclasses

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.diagnostics.certify import certify
from solver.model.zoo import load_zoo
from solver.settings import SolveSettings
from solver.solve import solve
from tests.oracles.growth import Growth
from tests.oracles.rbc import RBC

#: The two growth models, with the economy of the oracle, and productivity's reach.
CASES = {
    "neoclassical": ({}, Growth(), 0.01),
    "rbc": ({"sigma": 1e-4}, RBC(sigma=1e-4), 0.002),
}
SETTINGS = SolveSettings.model_validate(
    {"method": {"policy": {"family": "polynomial", "degree": 6}}, "target": 1e-8}
)
#: Productivity returns to its mean at the rate 0.1 in both.
UNSTABLE = Growth().roots()[1]


@pytest.fixture(scope="module", params=CASES)
def explosive(request):
    """A policy trained to follow the unstable root, two percent around the steady state, with resolved settings."""
    overrides, economy, reach = CASES[request.param]
    model = load_zoo(request.param)
    domain = {"a": (-reach, reach), "k": (0.98 * economy.k_ss, 1.02 * economy.k_ss)}
    calibration = dataclasses.replace(calibrate(model, overrides), domain=domain)
    slope = np.array([Growth().linear_rule(root=UNSTABLE)])
    wrong = dataclasses.replace(calibration, rule=dataclasses.replace(calibration.rule, slope=slope))
    solution = solve(model, wrong, SETTINGS)
    policy = dataclasses.replace(solution.policy, calibration=calibration)
    states = np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), (300, 2))

    def rule(a, k):
        return policy.evaluate(np.column_stack([a, k]))[:, 0]

    assert economy.euler_errors(*states.T, rule).max() < 1e-5
    return policy, solution.settings.model_copy(update={"target": 1e-5})


def test_a_solution_that_explodes_has_low_errors_and_fails(explosive):
    certificate = certify(*explosive)
    checks = {check.name: check for check in certificate.checks}
    for name in ("euler-box", "target", "determinacy", "interior"):
        assert checks[name].verdict == "pass"
    assert certificate.euler_errors.box.max_log10 < -5
    for name in ("spectral-radius", "convergence"):
        assert checks[name].verdict == "fail"
    assert checks["slopes"].verdict != "pass"
    # Without shocks it keeps the steady state and never returns to it; with shocks its paths leave for ever.
    assert checks["steady-state"].verdict == ("fail" if explosive[0].model.name == "rbc" else "pass")
    assert checks["spectral-radius"].value == pytest.approx(UNSTABLE, rel=1e-3)
    assert certificate.verdict == "fail"
