"""The Bellman objective: residuals against closed forms and formulas written by hand, policies against Euler equations'."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import tensorflow as tf

from solver.calibrate import calibrate
from solver.expectation.ahead import build_expectation, expected, next_period
from solver.language.tensorflow_backend import TENSORFLOW
from solver.model.economy import Date, Economy
from solver.model.load import load_model
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.objective.bellman import BellmanObjective
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import Policy, numpy_rule
from solver.policy.rule import Setting
from solver.settings import ExpectationSettings, PolicySettings, SolveSettings
from solver.solution import StartUse
from solver.solve import solve
from solver.status import Status
from solver.training.compiled import Numbers
from solver.training.compiled_bellman import CompiledBellman, compiled_bellman

#: An autocorrelated shock, two regimes, and a bound on investment.
EVERYTHING = load_model("""
name: everything
symbols: {states: [k], controls: [i], exogenous: [z, w], rewards: [u], values: [V], parameters: [theta]}
definitions: |
  c[t] = exp(z[t])*w[t]*k[t]^theta - i[t]
equations:
  transition: k[t] = 0.8*k[t-1] + i[t-1]
  arbitrage: 1 - 0.95*(c[t+1]/c[t])^(-2)*(0.8 + theta*exp(z[t+1])*w[t+1]*k[t+1]^(theta - 1))  ⟂ 0.18*k[t] <= i[t] <= inf
  felicity: u[t] = crra(c[t], 2)
  value: V[t] = u[t] + 0.95*V[t+1]
calibration: {theta: 0.3, w: 1, k: ((1/0.95 - 0.8)/theta)^(-1/(1 - theta)), i: 0.2*k}
exogenous:
  z: !AR1 {rho: 0.8, sigma: 0.05}
  w: !MarkovChain {values: [[0.9], [1.1]], transitions: [[0.7, 0.3], [0.3, 0.7]]}
domain: {k: [0.8*k, 1.2*k], z: [-0.2, 0.2]}
""")
#: Linear-quadratic, without a consumption: the linear rule is the policy, and the value is quadratic.
QUADRATIC = load_model("""
name: quadratic
symbols: {states: [k], controls: [i], exogenous: [], rewards: [u], values: [V], parameters: [beta]}
equations:
  transition: k[t] = 0.8*k[t-1] + i[t-1]
  arbitrage: 2*i[t] - beta*(2*(1 - k[t+1]) + 1.6*i[t+1])
  felicity: u[t] = -(k[t] - 1)^2 - i[t]^2
  value: V[t] = u[t] + beta*V[t+1]
calibration: {beta: 0.9, k: 0.9, i: 0.18}
domain: {k: [0, 2]}
""")
POLYNOMIAL = PolicySettings(family="polynomial", degree=3)
#: A budget that a busy machine does not exhaust either.
UNHURRIED_S = 600.0
TANH = PolicySettings(hidden=(5, 4), activation="tanh")


class Case:
    """A model under a policy and a value near those of its linear rule."""

    def __init__(self, model, settings, size=0.02):
        self.model, self.settings = model, settings
        self.calibration, self.compiled = calibrate(model), CompiledBellman(model, settings)
        process, rng = self.calibration.process, np.random.default_rng(0)
        self.frame = build_frame(self.calibration, output_map(model))
        self.setting = Setting(self.calibration.parameter_vector(), process.mean, process.values, self.frame)
        rule = ExpectationSettings(rule="gauss_hermite", nodes=3).resolve(problem_size(model))
        self.numbers = Numbers(self.setting, build_expectation(process, rule))
        self.vector = size * rng.normal(size=sum(a * b for a, b in self.compiled.shapes))
        steady, space = self.calibration.state_steady(), self.compiled.space
        reach = np.minimum(self.calibration.upper() - steady, steady - self.calibration.lower())
        box = steady + 0.9 * reach * rng.uniform(-1, 1, (16, len(steady)))
        self.states = space.with_regimes(rng, box)

    def residuals(self, vector):
        return self.compiled.output_jacobian(self.numbers, vector, self.states)[0].numpy()


def value_by_hand(case, states):
    """With u = 1 - 1/c and so c ∂u/∂c = 1/c."""
    rule = numpy_rule(case.model, case.settings)
    linear = Policy.of_linear_rule(case.model, case.calibration, case.frame).decide(states)
    c = rule.economy.definitions(case.setting.parameters, linear)["c"]
    *hidden, _, of_value = case.compiled.unflatten(case.vector)
    by_regime = rule.family.layers(np, [*hidden, of_value], case.frame.scaled(rule.space.continuous(states)))
    regime = states[:, -1].astype(int)
    return 1 - 1 / c + by_regime[-1][1][np.arange(len(states)), regime] / c


def test_residuals_are_those_of_the_formula():
    case = Case(EVERYTHING, TANH)
    rule, parameters = numpy_rule(EVERYTHING, TANH), case.setting.parameters
    weights = case.compiled.unflatten(case.vector)
    today = rule.decide(case.setting, weights[:-1], case.states)
    i = today.date.controls

    def consumption(controls):
        return rule.economy.definitions(parameters, today.date._replace(controls=controls))["c"]

    def follows(controls):
        date = Date(today.date.exogenous, today.date.states, controls)
        ahead = next_period(
            np, rule.economy, rule.space, case.numbers.expectation, parameters, case.states, date
        )
        then = value_by_hand(case, ahead.states).reshape(len(controls), -1)
        return 0.95 * expected(np, then[:, :, None], ahead.weights)[:, 0]

    c = consumption(i)
    of_value = (1 - 1 / c + follows(i) - value_by_hand(case, case.states)) * c
    step = 1e-5
    ratio = (follows(i + step) - follows(i - step)) / (2 * step) * c**2
    assert np.all(ratio > 0)
    (multiplier,) = today.multipliers
    assert 0 < np.sum(multiplier > 0) < len(c)
    of_control = (-np.log(ratio) - multiplier) / (1 + (multiplier / 0.1) ** 2)
    found = case.residuals(case.vector).reshape(2, -1)
    np.testing.assert_allclose(found[0], of_value, rtol=1e-10, atol=1e-12)
    # Central differences: rounding of a value near 20, and a third derivative times 1e-10.
    np.testing.assert_allclose(found[1], of_control, rtol=1e-6, atol=1e-8)


def differences_of(case):
    step = 1e-6
    differences = [
        (case.residuals(case.vector + step * unit) - case.residuals(case.vector - step * unit)) / (2 * step)
        for unit in np.eye(len(case.vector))
    ]
    return np.stack(differences, axis=1)


def assert_is_jacobian(case, answer, of_slopes, of_residuals=slice(None)):
    residuals, found = answer
    assert np.isfinite(of_slopes).all()
    np.testing.assert_allclose(residuals, case.residuals(case.vector)[of_residuals], rtol=1e-9, atol=1e-12)
    # Central differences: rounding 1e-15 / 1e-6 of residuals near one, and a third derivative times 1e-12.
    np.testing.assert_allclose(found, of_slopes, rtol=1e-5, atol=1e-7)


def test_jacobians_are_those_of_finite_differences():
    case = Case(EVERYTHING, TANH)
    compiled, vector, n = case.compiled, case.vector, len(case.states)
    slopes = differences_of(case)
    n_value, n_output = compiled.n_value_weights, compiled.n_output_weights
    at = (case.numbers, vector, case.states)
    of_policy = (case.numbers, vector[:-n_value], case.states, vector[-n_value:])
    assert_is_jacobian(case, compiled.full_jacobian(*at), slopes)
    assert_is_jacobian(case, compiled.output_jacobian(*at), slopes[:, -n_output:])
    assert_is_jacobian(case, compiled.value_jacobian(*at), slopes[:n, -n_value:], slice(n))
    assert_is_jacobian(
        case, compiled.policy_jacobian(*of_policy), slopes[n:, -n_output:-n_value], slice(n, None)
    )


def test_the_jacobian_of_two_controls_is_that_of_finite_differences():
    case = Case(load_zoo("rbc_labour"), PolicySettings(family="polynomial", degree=1))
    answer = case.compiled.output_jacobian(case.numbers, case.vector, case.states)
    assert_is_jacobian(case, answer, differences_of(case))


@dataclass(frozen=True)
class Features:
    """A family whose two features are those of a closed form."""

    function: object
    shapes = ((2, 1),)

    def layers(self, xp, weights, u):
        h = self.function(u)
        return [(h, tf.matmul(h, weights[0]))]


@pytest.mark.parametrize("loading", [1.0, 0.5])
def test_the_closed_form_has_no_residual(loading):
    """Brock and Mirman: i = βθ y and V = A + B log k + C a. Around a rule that invests nothing, V = log y + f."""
    beta, theta, rho = 0.9, 0.36, 0.1
    model = load_zoo("brock_mirman")
    calibration = calibrate(model, {"beta": beta, "theta": theta, "rho": rho, "loading": loading})
    of_k = theta / (1 - beta * theta)
    of_a = loading * (1 + beta * of_k) / (1 - beta * (1 - rho))
    level = (np.log(1 - beta * theta) + beta * of_k * np.log(beta * theta)) / (1 - beta)

    def features(u):
        a, log_k = u[:, 0], tf.math.log(u[:, 1])
        log_y = loading * a + theta * log_k
        return tf.stack([beta * theta * tf.exp(log_y), level + of_k * log_k + of_a * a - log_y], axis=1)

    bare = build_frame(calibration, output_map(model), share=0.0)._replace(
        center=np.zeros(2), half_width=np.ones(2), base=np.zeros((1, 1)), scale=np.ones(1)
    )
    process = calibration.process
    setting = Setting(calibration.parameter_vector(), process.mean, process.values, bare)
    expectation = build_expectation(process, ExpectationSettings(rule="gauss_hermite", nodes=1))
    rule = numpy_rule(model, PolicySettings(family="linear"))
    rule = replace(
        rule, family=Features(features), economy=Economy(model, TENSORFLOW), xp=tf.experimental.numpy
    )
    states = np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), (100, 2))

    @tf.function
    def residuals(of_policy, of_value):
        return BellmanObjective(rule).residuals(setting, expectation, [of_policy, of_value], states).values

    def largest(of_policy, of_value):
        weights = (tf.constant(column, tf.float64) for column in (of_policy, of_value))
        return np.abs(residuals(*weights)).max(axis=0)

    # Values are of the order of ten.
    assert np.all(largest([[1.0], [0.0]], [[0.0], [1.0]]) < 1e-13)
    assert np.all(largest([[1.0], [0.0]], [[0.0], [1.01]]) > 1e-3)
    of_value, of_control = largest([[1.01], [0.0]], [[0.0], [1.0]])
    # The envelope theorem: a wrong decision costs a square.
    assert of_control > 1e-3 > 1e-4 > of_value > 0


def test_without_a_consumption_residuals_are_in_units_of_reward():
    case = Case(QUADRATIC, PolicySettings(family="polynomial", degree=2), size=0.0)
    residuals, jacobian = case.compiled.value_jacobian(case.numbers, case.vector, case.states)
    weights = np.linalg.lstsq(jacobian, -residuals.numpy(), rcond=None)[0]
    assert np.abs(residuals).max() > 1e-3
    vector = np.concatenate([case.vector[: -len(weights)], weights])
    np.testing.assert_allclose(case.residuals(vector), 0, atol=1e-13)
    k = case.states[:, 0]
    i = case.calibration.steady_state["i"] + case.calibration.rule.slope[0, 0] * (
        k - case.calibration.steady_state["k"]
    )
    again = case.residuals(case.vector)[: len(k)]
    k_next, slope = 0.8 * k + i, case.calibration.rule.slope[0, 0]
    i_next = i + slope * (k_next - k)
    reward, then = (-((k - 1) ** 2) - i**2, -((k_next - 1) ** 2) - i_next**2)
    # V is the reward under the linear rule where its weights are zero.
    np.testing.assert_allclose(again, 0.9 * then + reward - reward, atol=1e-13)


def test_there_is_no_residual_where_nothing_is_left_to_eat():
    case = Case(load_zoo("neoclassical"), POLYNOMIAL, size=0.0)
    vector = case.vector.copy()
    vector[0] = 50.0  # one of ten functions of the policy, far from it
    residuals = case.residuals(vector).reshape(2, -1)
    weights = tuple(case.compiled.policy_weights(vector))
    policy = Policy(case.model, case.calibration, POLYNOMIAL, case.frame, weights)
    today = policy.decide(case.states)
    c = policy.economy.definitions(case.setting.parameters, today)["c"]
    assert np.any(c <= 0)
    assert np.isnan(residuals[:, c <= 0]).all()


# Growth: an Euler error of 5e-7 adds up over the periods in which capital returns, about 20. With kinks the target is 1e-4.
@pytest.mark.parametrize(
    "name, tolerance", [("neoclassical", 1e-5), ("rbc", 1e-5), ("consumption_savings", 2e-4)]
)
def test_the_policy_is_that_of_the_euler_equation(name, tolerance):
    model = load_zoo(name)
    calibration = calibrate(model)
    method = {"objective": "bellman", "training": {"seconds": UNHURRIED_S}}
    settings = SolveSettings.model_validate({"method": method})
    solution, euler = solve(model, calibration, settings), solve(model, calibration)
    assert solution.status is euler.status is Status.CONVERGED
    assert solution.certificate.verdict == "pass"
    assert solution.history[0].phase == "policy-iteration"
    rng = np.random.default_rng(5)
    states = rng.uniform(calibration.lower(), calibration.upper(), (500, len(calibration.lower())))
    truth = euler.policy.evaluate(states)
    apart = np.abs(solution.policy.evaluate(states) - truth).max() / np.abs(truth).mean()
    assert 0 < apart < tolerance
    linear = Policy.of_linear_rule(model, calibration).evaluate(states)
    assert np.abs(linear - truth).max() / np.abs(truth).mean() > 100 * tolerance
    # The value was a means: what is kept is a policy like any other.
    shapes = numpy_rule(model, solution.policy.settings).family.shapes
    assert tuple(weight.shape for weight in solution.policy.weights) == shapes


SMALL = {"objective": "bellman", "policy": {"hidden": [40]}}


def test_a_warm_start_takes_fewer_steps():
    model, settings = (
        load_zoo("neoclassical"),
        SolveSettings.model_validate({"method": {"objective": "bellman"}}),
    )
    first = solve(model, calibrate(model), settings)
    other = calibrate(model, {"beta": 0.958})
    cold, warm = solve(model, other, settings), solve(model, other, settings, start=first.policy)
    assert warm.status is cold.status is Status.CONVERGED
    assert warm.provenance.start is StartUse.TAKEN
    assert warm.history[-1].step < cold.history[-1].step


def test_a_target_below_the_default_is_met():
    model = load_zoo("neoclassical")
    method = {"objective": "bellman", "training": {"seconds": UNHURRIED_S}}
    solution = solve(
        model, calibrate(model), SolveSettings.model_validate({"method": method, "target": 1e-7})
    )
    assert (solution.status, solution.certificate.verdict) == (Status.CONVERGED, "pass")


def test_it_is_trained_where_the_economy_goes_if_so_asked():
    model = load_zoo("rbc")
    method = {**SMALL, "sampling": {"region": "ergodic"}, "expectation": {"nodes": 5}}
    settings = SolveSettings.model_validate({"method": method, "target": 1e-4})
    assert solve(model, calibrate(model), settings).status is Status.CONVERGED


def test_nothing_is_traced_again_for_another_calibration():
    model = load_zoo("brock_mirman")
    settings = SolveSettings.model_validate({"method": SMALL, "target": 1e-4})
    for beta in (0.96, 0.93):
        assert solve(model, calibrate(model, {"beta": beta}), settings).status is Status.CONVERGED
    compiled = compiled_bellman(
        model, settings.resolve(replace(problem_size(model), discount=0.9)).method.policy
    )
    for graph in (compiled.value_jacobian, compiled.policy_jacobian, compiled.output_jacobian):
        assert graph.experimental_get_tracing_count() == 1
