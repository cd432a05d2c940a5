"""The judge: right policies pass, and every kind of wrong one fails, for its reason."""

import json

import numpy as np
import pytest

from solver.diagnostics.certify import certify
from solver.model.state_space import problem_size
from solver.settings import SolveSettings
from tests.oracles.growth import Growth
from tests.solver.diagnostics.rules import formula_policy, growth_case


def judged(rule, target=1e-6, seed=0, **overrides):
    model, calibration = growth_case(**overrides)
    settings = SolveSettings(target=target, seed=seed).resolve(problem_size(model))
    return certify(formula_policy(model, calibration, rule), settings)


def verdicts(certificate):
    return {check.name: check.verdict for check in certificate.checks}


EXACT = Growth(delta=1.0, gamma=1.0)
DEFAULT = Growth()


def output(a, k):
    return np.exp(a) * k**0.36


def spurious(a, k):
    """Tangent to the unstable root at the steady state: the linear rule of an explosive path."""
    by_a, by_k = DEFAULT.linear_rule(root=DEFAULT.roots()[1])
    return DEFAULT.delta * DEFAULT.k_ss + by_a * a + by_k * (k - DEFAULT.k_ss)


def test_the_exact_policy_passes_every_check():
    certificate = judged(EXACT.closed_form, delta=1.0, gamma=1.0)
    assert set(verdicts(certificate).values()) == {"pass"}
    assert certificate.verdict == "pass"
    assert certificate.euler_errors.box.max_log10 < -13
    radius = next(check.value for check in certificate.checks if check.name == "spectral-radius")
    np.testing.assert_allclose(radius, max(1 - EXACT.rho, EXACT.theta), rtol=1e-6)


WRONG = {
    "save nothing": lambda a, k: 0.0 * k,
    "eat the capital too": lambda a, k: -0.9 * (1 - 1e-9) * k,
    "save everything": lambda a, k: output(a, k) * (1 - 1e-9),
    "save 99.9 %": lambda a, k: 0.999 * output(a, k),
    "save 95 %": lambda a, k: 0.95 * output(a, k),
    "save a constant share": lambda a, k: 0.35 * output(a, k),
    "consume less than nothing": lambda a, k: 1.5 * output(a, k),
    "an explosive path": spurious,
    "another steady state": lambda a, k: 0.5 + 0.35 * a - 0.035 * (k - 4.29),
    "not a number": lambda a, k: np.nan * k,
    "infinite": lambda a, k: np.inf * k,
    "a number somewhere only": lambda a, k: np.where(k > 5, np.nan, 0.43),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_policy_fails(name):
    certificate = judged(WRONG[name])
    assert certificate.verdict == "fail"
    text = json.dumps(
        certificate.model_dump(mode="json"), allow_nan=False
    )  # raises where a number is not finite
    assert '"fail"' in text


@pytest.mark.parametrize("name", ["save everything", "eat the capital too"])
def test_a_policy_at_an_artificial_bound_is_caught_there(name):
    assert verdicts(judged(WRONG[name]))["interior"] == "fail"


@pytest.mark.parametrize("name", ["save nothing", "save everything", "save 95 %", "another steady state"])
def test_a_policy_that_leads_away_is_caught_at_the_steady_state(name):
    assert verdicts(judged(WRONG[name]))["steady-state"] == "fail"


def test_an_explosive_path_is_caught_whatever_its_errors():
    found = verdicts(judged(spurious))
    assert found["spectral-radius"] == "fail"
    assert found["convergence"] == "fail"


def test_a_small_error_warns():
    """The closed form moved by one in a thousand: near enough to be used with care."""
    certificate = judged(lambda a, k: EXACT.closed_form(a, k) * 1.001, delta=1.0, gamma=1.0)
    assert certificate.verdict == "warn"
    assert verdicts(certificate)["euler-box"] == "warn"
    assert verdicts(certificate)["target"] == "warn"


def test_a_missed_target_warns():
    def rule(a, k):
        return EXACT.closed_form(a, k) * (1 + 1e-6)

    assert judged(rule, target=1e-3, delta=1.0, gamma=1.0).verdict == "pass"
    certificate = judged(rule, target=1e-9, delta=1.0, gamma=1.0)
    assert [name for name, verdict in verdicts(certificate).items() if verdict != "pass"] == ["target"]
    assert certificate.verdict == "warn"


def test_an_economy_that_is_slow_by_itself_only_warns():
    """Productivity keeps 99.9 % of itself a period: after 2000 periods 13.5 % of a shock are left."""
    certificate = judged(EXACT.closed_form, delta=1.0, gamma=1.0, rho=0.001)
    assert [name for name, verdict in verdicts(certificate).items() if verdict != "pass"] == ["convergence"]
    assert certificate.verdict == "warn"
    left = next(check.value for check in certificate.checks if check.name == "convergence")
    np.testing.assert_allclose(left, 0.999**2000, rtol=0.05)


def test_an_economy_that_comes_to_rest_elsewhere_fails():
    """Right up to a tenth above the steady capital, and held there from above: the root explains no such rest."""
    trap = 1.1 * EXACT.k_ss

    def rule(a, k):
        return np.where(k >= trap, trap, EXACT.closed_form(a, k))

    certificate = judged(rule, delta=1.0, gamma=1.0)
    assert verdicts(certificate)["convergence"] == "fail"
    _, calibration = growth_case(delta=1.0, gamma=1.0)
    half = (calibration.upper() - calibration.lower())[1] / 2
    left = next(check.value for check in certificate.checks if check.name == "convergence")
    np.testing.assert_allclose(left, 0.1 * EXACT.k_ss / half, rtol=1e-6)


@pytest.mark.parametrize("side, verdict", [(1, "pass"), (-1, "pass"), (0, "warn")])
def test_at_a_kink_one_side_must_be_as_perturbation_says(side, verdict):
    """Investment rises with capital by what the exact one does on one side of the steady state, or on none."""

    def rule(a, k):
        wrong = np.where(side * (k - EXACT.k_ss) > 0, 0.0, 0.5) if side else 0.5
        return EXACT.closed_form(a, k) + wrong * (k - EXACT.k_ss)

    assert verdicts(judged(rule, delta=1.0, gamma=1.0))["slopes"] == verdict


def test_the_states_are_fresh_and_seeded():
    errors = [judged(WRONG["save a constant share"], seed=seed).euler_errors for seed in (0, 0, 1)]
    assert errors[0] == errors[1] != errors[2]


def test_the_largest_error_is_that_of_the_formula():
    certificate = judged(WRONG["save a constant share"])
    _, calibration = growth_case()
    states = np.stack(np.meshgrid(*zip(calibration.lower(), calibration.upper(), strict=True)), -1).reshape(
        -1, 2
    )
    at_corners = DEFAULT.euler_errors(*states.T, WRONG["save a constant share"]).max()
    # The error is largest at a corner of the domain, and the corners are among the states.
    np.testing.assert_allclose(certificate.euler_errors.box.max_log10, np.log10(at_corners), atol=1e-3)
