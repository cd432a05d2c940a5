"""Solves that take the linear rule as it is: that of first-order perturbation, or none at all."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.errors import SolveFailedError
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from solver.settings import SolveSettings
from solver.solve import solve
from solver.status import Status
from tests.oracles.rbc import RBC


def settings_of(target=1e-6, family="linear"):
    return SolveSettings.model_validate({"method": {"policy": {"family": family}}, "target": target})


def forward_looking(root):
    """One state of root 0.5, and a control with a root of its own: its rule is unique where that is above 1."""
    return load_model(f"""
name: forward_looking
symbols: {{states: [k], controls: [x], exogenous: [], parameters: [root]}}
equations:
  transition: k[t] = 0.5*k[t-1] + 0.5
  arbitrage: x[t] - 1 = (x[t+1] - 1)/root - (k[t] - 1)/10
calibration: {{root: {root}, k: 1, x: 1}}
domain: {{k: [0.5, 1.5]}}
""")


def explosive():
    """A state of root 1.1 whatever is decided."""
    return load_model("""
name: explosive
symbols: {states: [k], controls: [x], exogenous: [], parameters: []}
equations:
  transition: k[t] = 1.1*k[t-1] - 0.1
  arbitrage: x[t] - k[t]
calibration: {k: 1, x: 1}
domain: {k: [0.5, 1.5]}
""")


def test_it_is_the_first_order_rule_all_over_the_domain():
    model = load_zoo("rbc")
    solution = solve(model, calibrate(model), settings_of())
    assert solution.status is Status.LINEAR
    economy, calibration = RBC(), solution.calibration
    a, k = np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), size=(100, 2)).T
    by_a, by_k = economy.linear_rule()
    expected = economy.delta * economy.k_ss + by_a * a + by_k * (k - economy.k_ss)
    np.testing.assert_allclose(solution.policy.evaluate(np.column_stack([a, k]))[:, 0], expected, rtol=1e-8)


def test_its_certificate_says_how_far_off_it_is():
    model = load_zoo("rbc")
    solution = solve(model, calibrate(model), settings_of())
    checks = {check.name: check for check in solution.certificate.checks}
    assert checks["slopes"].value < 1e-4 and checks["determinacy"].verdict == "pass"
    assert checks["target"].verdict == "warn"
    a, k = np.meshgrid(*(np.linspace(*ends, 41) for ends in solution.calibration.domain.values()))
    errors = RBC().euler_errors(
        a.ravel(), k.ravel(), lambda a, k: solution.policy.evaluate(np.column_stack([a, k]))[:, 0]
    )
    assert solution.certificate.euler_errors.box.max_log10 == pytest.approx(np.log10(errors.max()), abs=0.05)
    assert [(report.phase, report.step) for report in solution.history] == [("linear rule", 0)]
    assert solution.history[0].euler_error_max_log10 == pytest.approx(np.log10(errors.max()), abs=0.05)


def test_a_rule_that_is_good_enough_has_converged():
    model = forward_looking(root=2.0)
    solution = solve(model, calibrate(model), settings_of())
    assert solution.status is Status.CONVERGED and solution.certificate.verdict == "pass"
    # x - 1 = s (k - 1) with s = s/4 - 1/10.
    np.testing.assert_allclose(
        solution.policy.evaluate(np.array([[1.3]])), [[1 - 0.3 * 0.1 / 0.75]], rtol=1e-12
    )


@pytest.mark.parametrize("model, verdict", [(forward_looking(root=0.8), "many"), (explosive(), "none")])
def test_where_there_is_no_unique_rule_none_is_claimed(model, verdict):
    calibration = calibrate(model)
    assert calibration.rule.verdict == verdict
    solution = solve(model, calibration, settings_of(target=0.1))
    assert solution.status is Status.NO_LINEAR_RULE
    assert solution.policy is None and solution.certificate is None and solution.history == ()
    with pytest.raises(SolveFailedError, match=r"no linear rule.*polynomial family"):
        solution.raise_for_status()


def test_the_remedy_of_another_family_is_one():
    model = forward_looking(root=0.8)
    solution = solve(model, calibrate(model), settings_of(family="polynomial"))
    assert solution.status is Status.CONVERGED
    checks = {check.name: check.verdict for check in solution.certificate.checks}
    assert checks["determinacy"] == "warn"


@pytest.mark.parametrize("width, status", [(0.4, Status.CONVERGED), (0.6, Status.NON_FINITE)])
def test_a_rule_that_is_not_feasible_all_over_the_domain_is_not_flattened_until_it_is(width, status):
    """The rule is ``x = 1 - 2 (k - 1)``, and the economy ends at x = 2: with less of its slope it would not."""
    model = load_model(f"""
name: feasible
symbols: {{states: [k], controls: [x], exogenous: [], parameters: []}}
definitions: c[t] = 2 - x[t]
equations:
  transition: k[t] = 0.5*k[t-1] + 0.5
  arbitrage: x[t] - 1 = (x[t+1] - 1)/2 - 1.5*(k[t] - 1)
calibration: {{k: 1, x: 1}}
domain: {{k: [{1 - width}, {1 + width}]}}
""")
    solution = solve(model, calibrate(model), settings_of())
    assert solution.status is status
    assert (solution.policy is None) == (status is Status.NON_FINITE)
