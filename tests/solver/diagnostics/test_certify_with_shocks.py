"""The judge of stochastic economies: right policies pass, and every kind of wrong one fails, for its reason."""

import json

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.diagnostics.certify import certify
from solver.model.load import load_model
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.settings import SolveSettings
from tests.oracles.growth import Growth
from tests.oracles.olg_krueger_kubler import Generations
from tests.oracles.rbc import RBC
from tests.oracles.saving import Saving
from tests.solver.diagnostics.rules import formula_policy

BROCK_MIRMAN = {"delta": 1.0, "gamma": 1.0}
EXACT, DEFAULT = RBC(**BROCK_MIRMAN), RBC()


#: The New Keynesian model with interest rates that follow inflation less than one for one.
PASSIVE = """
name: passive
symbols: {states: [r], controls: [x, p], exogenous: [e], parameters: []}
equations:
  transition: r[t] = 0.8*r[t-1] + e[t]
  arbitrage: |
    x[t] = x[t+1] - (0.9*p[t] - p[t+1] - r[t])
    p[t] = 0.99*p[t+1] + 0.17*x[t]
calibration: {r: 0, x: 0, p: 0}
exogenous: !UNormal {sigma: 0.01}
domain: {r: [-0.1, 0.1]}
"""

#: Taxes that rise by less than the interest on what debt rises.
DEBT = """
name: debt
symbols: {states: [b], controls: [tau], exogenous: [g], parameters: [rate]}
equations:
  transition: b[t] = (1 + rate)*(b[t-1] - tau[t-1]) + g[t]
  arbitrage: tau[t] = 0.01*(b[t] - 1) + rate/(1 + rate)
calibration: {rate: 0.05, b: 1, tau: rate/(1 + rate)}
exogenous: !UNormal {sigma: 0.01}
domain: {b: [0, 2]}
"""


#: Brock and Mirman's economy where part of what is invested may be lost: β θ of output is invested, whatever is lost.
SWITCHING = """
name: switching
symbols: {states: [k], controls: [i], exogenous: [w], parameters: [beta, theta]}
definitions: |
  y[t] = k[t]^theta
  c[t] = y[t] - i[t]
equations:
  transition: k[t] = w[t]*i[t-1]
  arbitrage: 1 = beta*c[t]/c[t+1]*theta*y[t+1]/k[t+1]*w[t+1]
calibration: {beta: 0.96, theta: 0.36, w: 1, k: (beta*theta)^(1/(1 - theta)), i: k}
exogenous: !MarkovChain {values: [[0.97], [1.03]], transitions: [[0.8, 0.2], [0.2, 0.8]]}
"""


def judged(name, rule, target=1e-6, seed=0, **overrides):
    model = load_zoo(name)
    return judged_in(model, calibrate(model, overrides), rule, target, seed)


def judged_in(model, calibration, rule, target=1e-6, seed=0):
    method = {
        "policy": {"family": "linear"}
    }  # nothing is trained here: only the default rule for E[.] counts
    document = {"method": method, "target": target, "seed": seed}
    settings = SolveSettings.model_validate(document).resolve(problem_size(model))
    return certify(formula_policy(model, calibration, rule), settings)


def verdicts(certificate):
    return {check.name: check.verdict for check in certificate.checks}


def value_of(certificate, name):
    return next(check.value for check in certificate.checks if check.name == name)


def output(a, k):
    return np.exp(a) * k**0.36


def on_the_path_of_the_root(root):
    """The linear rule on the path of a root of capital; productivity of the oracle returns at 1 - φ."""
    by_a, by_k = Growth(rho=0.1).linear_rule(root=root)
    return lambda a, k: 0.1 * DEFAULT.k_ss + by_a * a + by_k * (k - DEFAULT.k_ss)


def test_the_exact_policy_of_growth_passes_every_check():
    certificate = judged("rbc", EXACT.closed_form, **BROCK_MIRMAN)
    assert set(verdicts(certificate).values()) == {"pass"}
    assert certificate.euler_errors.box.max_log10 < -12
    assert certificate.euler_errors.ergodic.max_log10 < -12
    assert certificate.euler_errors.binding is None
    np.testing.assert_allclose(value_of(certificate, "spectral-radius"), 0.9, rtol=1e-6)
    assert value_of(certificate, "determinacy") == 0


WRONG = {
    "save nothing": lambda a, k: 0.0 * k,
    "save everything": lambda a, k: output(a, k) * (1 - 1e-9),
    "save 95 %": lambda a, k: 0.95 * output(a, k),
    "save a constant share": lambda a, k: 0.35 * output(a, k),
    "consume less than nothing": lambda a, k: 1.5 * output(a, k),
    "an explosive path": on_the_path_of_the_root(Growth(rho=0.1).roots()[1]),
    "take no notice of the shock": lambda a, k: on_the_path_of_the_root(None)(0 * a, k),
    "take the shock for permanent": lambda a, k: (
        0.1 * DEFAULT.k_ss * np.exp(a / 0.64) * (k / DEFAULT.k_ss) ** 0.3
    ),
    "another steady state": lambda a, k: 0.5 + 0.35 * a - 0.035 * (k - 4.29),
    "not a number": lambda a, k: np.nan * k,
    "a number somewhere only": lambda a, k: np.where(k > 5, np.nan, 0.43),
    "jump about": lambda a, k: 0.1 * DEFAULT.k_ss * (1 + 0.3 * np.sign(np.sin(40 * k))),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_policy_of_growth_fails(name):
    certificate = judged("rbc", WRONG[name])
    assert certificate.verdict == "fail"
    json.dumps(certificate.model_dump(mode="json"), allow_nan=False)  # raises where a number is not finite


def test_an_explosive_path_is_caught_by_its_roots_its_slopes_and_where_it_goes():
    found = verdicts(judged("rbc", WRONG["an explosive path"]))
    assert found["spectral-radius"] == "fail"
    assert found["slopes"] == "fail"
    assert found["convergence"] == "fail"
    assert found["determinacy"] == "pass"


def test_a_policy_blind_to_the_shock_is_caught_by_its_slopes():
    assert verdicts(judged("rbc", WRONG["take no notice of the shock"]))["slopes"] != "pass"


def test_the_linear_rule_has_errors_and_nothing_else_against_it():
    certificate = judged("rbc", on_the_path_of_the_root(None))
    found = verdicts(certificate)
    assert {name for name, verdict in found.items() if verdict != "pass"} == {
        "euler-box",
        "euler-ergodic",
        "target",
        "accumulated",
    }
    assert found["euler-ergodic"] == "warn"
    assert value_of(certificate, "slopes") < 1e-6


def test_errors_are_those_of_the_formula():
    certificate = judged("rbc", WRONG["save a constant share"])
    calibration = calibrate(load_zoo("rbc"))
    grid = np.stack(np.meshgrid(*zip(calibration.lower(), calibration.upper(), strict=True)), -1).reshape(
        -1, 2
    )
    at_corners = DEFAULT.euler_errors(*grid.T, WRONG["save a constant share"]).max()
    # The error is largest at a corner of the domain, and the corners are among the states.
    np.testing.assert_allclose(certificate.euler_errors.box.max_log10, np.log10(at_corners), atol=1e-6)


def test_paths_and_states_are_seeded():
    errors = [judged("rbc", WRONG["save a constant share"], seed=seed).euler_errors for seed in (0, 0, 1)]
    assert errors[0] == errors[1] != errors[2]


@pytest.fixture(scope="module")
def saving():
    """The tabulated policy of consumption and saving, by independent endogenous grid points."""
    return Saving().solve()


def test_the_right_consumption_and_saving_passes_with_its_kink(saving):
    certificate = judged("consumption_savings", lambda w: saving(np.zeros_like(w), w), target=1e-4)
    # A spline between grid points has errors of its own.
    assert certificate.euler_errors.box.max_log10 < -4
    assert certificate.euler_errors.binding.states > 100
    assert certificate.euler_errors.binding.max_log10 < -15
    found = verdicts(certificate)
    assert {name for name, verdict in found.items() if verdict == "fail"} == set()
    assert certificate.euler_errors.units == "consumption"


WRONG_SAVING = {
    "consume everything": lambda w: w,
    "never touch the bound": lambda w: np.minimum(0.95 * w, 0.6 + 0.3 * w),
    "save at all times": lambda w: 0.5 * w,
    "touch the bound too long": lambda w: np.minimum(w, 1.3),
    "borrow": lambda w: 1.01 * w,
    "consume nothing": lambda w: 0.0 * w,
    "consume less than nothing": lambda w: -0.1 * w,
    "not a number at the bound": lambda w: np.where(w < 1, np.nan, 0.7 + 0.25 * w),
}


@pytest.mark.parametrize("name", WRONG_SAVING)
def test_wrong_consumption_and_saving_fails(name):
    certificate = judged("consumption_savings", WRONG_SAVING[name])
    assert certificate.verdict == "fail"
    assert verdicts(certificate)["euler-box"] == "fail"


def test_a_bound_that_is_overstepped_is_measured_in_consumption():
    """Consuming 1 % more than there is misses the bound by 1 % of consumption where the bound should hold."""
    certificate = judged("consumption_savings", lambda w: np.where(w < 0.5, w / 0.99, w))
    assert verdicts(certificate)["euler-box"] == "fail"
    assert certificate.euler_errors.box.max_log10 > np.log10(0.0099)


def generations(factor=1.0):
    """The closed form of every generation, times a factor, as a policy of (k2 … k6, regime)."""
    shares = factor * Generations().closed_form()
    return lambda *columns: np.tile(shares[:, None], len(columns[0]))


def test_the_closed_form_of_generations_passes_in_every_regime():
    certificate = judged("olg_krueger_kubler", generations())
    assert set(verdicts(certificate).values()) == {"pass"}
    assert certificate.euler_errors.box.max_log10 < -12
    assert certificate.euler_errors.units == "residual"


def test_generations_that_save_too_little_are_caught():
    certificate = judged("olg_krueger_kubler", generations(0.9))
    assert certificate.verdict == "fail"
    assert verdicts(certificate)["euler-box"] == "fail"
    assert verdicts(judged("olg_krueger_kubler", generations(1.001)))["euler-box"] == "warn"


def test_the_closed_form_of_a_switching_economy_passes_every_check():
    model = load_model(SWITCHING)
    certificate = judged_in(model, calibrate(model), lambda k, regime: 0.96 * 0.36 * k**0.36)
    assert set(verdicts(certificate).values()) == {"pass"}
    assert certificate.euler_errors.box.max_log10 < -13


def test_a_policy_that_is_wrong_in_one_regime_alone_is_caught():
    right, wrong = generations(), generations(0.8)

    def rule(*columns):
        return np.where(columns[-1] == 2, wrong(*columns), right(*columns))

    certificate = judged("olg_krueger_kubler", rule)
    assert certificate.verdict == "fail"
    assert verdicts(certificate)["euler-box"] == "fail"
    assert verdicts(certificate)["euler-ergodic"] == "fail"


def test_a_policy_of_an_indeterminate_economy_warns_whatever_its_errors():
    model = load_model(PASSIVE)
    share = 1 / ((1 - 0.99 * 0.8) * 0.2 + 0.17 * 0.1)
    certificate = judged_in(
        model, calibrate(model), lambda r: np.stack([0.208 * share * r, 0.17 * share * r])
    )
    found = verdicts(certificate)
    assert found["euler-box"] == "pass"
    assert found["determinacy"] == "warn"
    assert "many stable solutions" in next(c.meaning for c in certificate.checks if c.name == "determinacy")
    assert certificate.verdict == "warn"


def test_an_economy_without_a_stable_solution_fails_whatever_the_policy():
    model = load_model(DEBT)
    certificate = judged_in(model, calibrate(model), lambda b: 0.01 * (b - 1) + 0.05 / 1.05)
    assert verdicts(certificate)["euler-box"] == "pass"
    assert verdicts(certificate)["determinacy"] == "fail"
    assert certificate.verdict == "fail"
