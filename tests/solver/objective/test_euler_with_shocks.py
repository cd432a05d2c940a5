"""The Euler residual in expectation, with regimes and with bounds, against formulas written by hand."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.expectation.ahead import build_expectation
from solver.model.load import load_model
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.objective.euler import EulerObjective
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import numpy_rule
from solver.policy.rule import Setting
from solver.settings import ExpectationSettings, PolicySettings
from tests.oracles.irreversible_investment import Irreversible
from tests.oracles.rbc import RBC

QUADRATIC = PolicySettings(family="polynomial", degree=2)
DEFAULT = ExpectationSettings()


class Case:
    """A model under a quadratic policy near its linear rule."""

    def __init__(self, model, size=0.02, seed=0, rule=DEFAULT, **parameters):
        self.calibration = calibrate(model, parameters)
        self.rule, rng = numpy_rule(model, QUADRATIC), np.random.default_rng(seed)
        process = self.calibration.process
        frame = build_frame(self.calibration, output_map(model))
        self.setting = Setting(self.calibration.parameter_vector(), process.mean, process.values, frame)
        self.weights = [size * rng.normal(size=shape) for shape in self.rule.family.shapes]
        steady = self.calibration.state_steady()
        reach = np.minimum(self.calibration.upper() - steady, steady - self.calibration.lower())
        self.states = self.rule.space.with_regimes(
            rng, steady + 0.5 * reach * rng.uniform(-1, 1, (40, len(steady)))
        )
        settings = rule.resolve(problem_size(model))
        self.expectation = build_expectation(process, settings, finer=True)

    def controls(self, states):
        return self.rule.decide(self.setting, self.weights, states).date.controls

    def found(self, as_ratio):
        objective = EulerObjective(self.rule, as_ratio)
        with np.errstate(all="ignore"):
            return objective.residuals(self.setting, self.expectation, self.weights, self.states)


@pytest.mark.parametrize("gamma", [1.0, 2.0, 5.0])
def test_the_residual_of_growth_is_in_expectation(gamma):
    case, economy = Case(load_zoo("rbc"), gamma=gamma), RBC(gamma=gamma)

    def investment(a, k):
        return case.controls(np.column_stack([a, k]))[:, 0]

    a, k = case.states.T
    consumption = economy.output(a, k) - investment(a, k)
    log_ratio = np.log(economy.implied_consumption(a, k, investment) / consumption)
    assert np.abs(log_ratio).max() > 1e-3
    # 1 = β E[(c'/c)^(-γ) R'] = (c̃/c)^(-γ)
    np.testing.assert_allclose(case.found(True).values[:, 0], gamma * log_ratio, rtol=1e-7, atol=1e-11)
    np.testing.assert_allclose(
        case.found(False).values[:, 0], -np.expm1(-gamma * log_ratio), rtol=1e-7, atol=1e-11
    )


def test_the_multipliers_equation_is_left_out_and_holds():
    model, economy = load_zoo("irreversible_investment"), Irreversible()
    case = Case(model, size=0.3, rule=ExpectationSettings(rule="equidistant", nodes=35))
    found = case.found(True)
    assert EulerObjective(case.rule, True).equations == (0,)
    assert found.values.shape == (40, 1)
    i, mu = case.controls(case.states).T
    assert np.any(i == 0) and np.any(mu == 0)
    assert np.all((i >= 0) & (mu >= 0) & (i * mu == 0))
    errors = economy.errors(case.states, case.controls)
    # The oracle's error is |(μ + β E …)^(-1/γ) / c - 1|; the residual is log (1 - μ c^γ) / (β E … c^γ).
    c = economy.output(*case.states.T) - i
    ratio = np.exp(-found.values[:, 0])
    left = 1 - mu * c**economy.gamma
    implied = (mu * c**economy.gamma + left * ratio) ** (-1 / economy.gamma)
    np.testing.assert_allclose(np.abs(implied - 1), errors[:, 0], rtol=1e-3, atol=2e-5)


REGIMES = load_model("""
name: regimes
symbols: {states: [k], controls: [i], exogenous: [z], parameters: []}
definitions: |
  c[t] = z[t]*k[t]^0.3 - i[t]
equations:
  transition: k[t] = 0.8*k[t-1] + i[t-1]
  arbitrage: 1 - 0.95*(c[t+1]/c[t])^(-2)*(0.8 + 0.3*z[t+1]*k[t+1]^(-0.7))
calibration: {z: 1, k: ((1/0.95 - 0.8)/0.3)^(-1/0.7), i: 0.2*k}
exogenous: !MarkovChain {values: [[0.9], [1], [1.2]], transitions: [[0.5, 0.5, 0], [0.1, 0.7, 0.2], [0, 0.4, 0.6]]}
domain: {k: [0.5*k, 1.5*k]}
""")


def test_every_regime_weighs_those_that_may_follow_it():
    case = Case(REGIMES)
    z = np.array([0.9, 1.0, 1.2])
    table = np.array([[0.5, 0.5, 0], [0.1, 0.7, 0.2], [0, 0.4, 0.6]])
    k, regimes = case.states[:, 0], case.states[:, 1].astype(int)
    assert set(regimes) == {0, 1, 2}
    i = case.controls(case.states)[:, 0]
    k_next, c = 0.8 * k + i, z[regimes] * k**0.3 - i
    total = 0.0
    for then in range(3):
        i_next = case.controls(np.column_stack([k_next, np.full(40, then)]))[:, 0]
        c_next = z[then] * k_next**0.3 - i_next
        total = total + table[regimes, then] * (c_next / c) ** -2 * (0.8 + 0.3 * z[then] * k_next**-0.7)
    np.testing.assert_allclose(case.found(False).values[:, 0], 1 - 0.95 * total, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(case.found(True).values[:, 0], -np.log(0.95 * total), rtol=1e-10, atol=1e-13)


def test_each_regime_has_weights_of_its_own():
    case = Case(REGIMES)
    before = case.controls(case.states)
    case.weights[0][:, 1] += 0.1
    moved = case.controls(case.states) != before
    np.testing.assert_array_equal(moved[:, 0], case.states[:, 1] == 1)


def test_what_cannot_follow_may_be_without_consumption():
    """Ruin (z = 0) can follow the second regime alone, so only there is the residual undefined."""
    model = load_model("""
name: ruin
symbols: {states: [k], controls: [i], exogenous: [z], parameters: []}
definitions: |
  c[t] = z[t]*k[t]^0.3 - i[t]
equations:
  transition: k[t] = i[t-1]
  arbitrage: 1 - 0.96*c[t]/c[t+1]*0.3*z[t+1]*k[t+1]^(-0.7)
calibration: {k: (0.96*0.3)^(1/0.7), i: k, z: 1}
exogenous: !MarkovChain {values: [[1], [1], [0]], transitions: [[1, 0, 0], [0.9, 0, 0.1], [1, 0, 0]]}
domain: {k: [0.5*k, 1.5*k]}
""")
    case = Case(model, size=0.0)
    frame = case.setting.frame
    held = frame._replace(base=np.full((3, 1), case.calibration.steady_state["i"]), slope=0 * frame.slope)
    case.setting = case.setting._replace(frame=held)
    for as_ratio in (True, False):
        is_defined = np.isfinite(case.found(as_ratio).values[:, 0])
        np.testing.assert_array_equal(is_defined, case.states[:, 1] == 0)
