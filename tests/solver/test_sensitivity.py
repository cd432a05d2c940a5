"""Derivatives of policies by parameters: against closed forms, and against differences of two solves."""

from dataclasses import replace

import numpy as np
import pytest

from solver.calibrate import calibrate, recalibrate
from solver.diagnostics.euler_errors import EulerJudge
from solver.errors import CalibrationError, MethodError
from solver.expectation.ahead import build_expectation
from solver.model.load import load_model
from solver.model.state_space import problem_size, state_space
from solver.model.zoo import load_zoo
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import Policy, numpy_rule
from solver.sensitivity import Sensitivity
from solver.settings import Method, PolicySettings, SolveSettings
from solver.solve import solve
from tests.oracles.olg_krueger_kubler import Generations

POLYNOMIAL = {"policy": {"family": "polynomial", "degree": 12}}
LINEAR = {"policy": {"family": "linear"}}


def chosen(method=None, target=1e-8):
    """Settings by whose target the difference of two solves, over the steps of these tests, is good for four digits."""
    return SolveSettings(method=Method.model_validate(method or {}, strict=False), target=target)


class Solved:
    """A solution with its sensitivities, and states within its domain."""

    def __init__(self, model, method=None, target=1e-8, **parameters):
        self.model, self.settings = model, chosen(method, target)
        self.solution = solve(model, calibrate(model, parameters), self.settings)
        self.calibration, self.policy = self.solution.calibration, self.solution.policy
        self.sensitivity = Sensitivity(self.policy, self.solution.settings.method, 0)
        rng = np.random.default_rng(7)
        box = rng.uniform(
            self.calibration.lower(), self.calibration.upper(), (100, len(self.calibration.domain))
        )
        self.states = self.policy.space.with_regimes(rng, box)

    def by(self, name, states=None):
        """The derivatives and the misfit."""
        tangent = self.sensitivity.tangents([name])[name]
        return self.sensitivity.at(tangent, self.states if states is None else states), tangent.misfit

    def by_two_solves(self, name, step):
        """Central differences of controls and definitions, (n,) by name."""
        value = self.calibration.parameters[name]
        ends = []
        for moved in (value + step, value - step):
            calibration = recalibrate(self.model, self.calibration, name, moved)
            policy = solve(self.model, calibration, self.settings).policy
            today = policy.decide(self.states)
            definitions = policy.economy.definitions(calibration.parameter_vector(), today)
            ends.append(dict(zip(self.model.controls, today.controls.T, strict=True)) | definitions)
        above, below = ends
        return {key: (above[key] - below[key]) / (2 * step) for key in above}


def check(case, name, step, rtol=1e-4, solver=None):
    """Every derivative is that of two solves (of ``solver``, if given), relative to its largest; the misfit says so too."""
    found, misfit = case.by(name)
    assert misfit < rtol
    derivatives = dict(zip(case.model.controls, found.controls.T, strict=True)) | found.definitions
    expected = (solver or case).by_two_solves(name, step)
    bounds = {key for key in derivatives if key.startswith("multiplier_")}
    assert set(derivatives) - bounds == set(expected)
    assert not any(derivatives[key].any() for key in bounds)
    for key, values in expected.items():
        np.testing.assert_allclose(
            derivatives[key], values, rtol=0, atol=rtol * max(np.abs(values).max(), 1e-9)
        )


@pytest.fixture(scope="module")
def brock_mirman():
    return Solved(load_zoo("brock_mirman"))


@pytest.mark.parametrize("name", ["beta", "theta", "rho", "loading"])
def test_brock_mirman_is_the_derivative_of_its_closed_form(brock_mirman, name):
    p = brock_mirman.calibration.parameters
    a, k = brock_mirman.states.T
    y = np.exp(p["loading"] * a) * k ** p["theta"]
    share = p["beta"] * p["theta"]
    of_output = {"beta": 0 * y, "theta": y * np.log(k), "rho": 0 * y, "loading": a * y}[name]
    of_share = {"beta": p["theta"], "theta": p["beta"]}.get(name, 0.0)
    of_investment = of_share * y + share * of_output
    found, _ = brock_mirman.by(name)
    # The policy's own error, 1e-6 at most.
    np.testing.assert_allclose(found.controls[:, 0], of_investment, atol=1e-6)
    np.testing.assert_allclose(found.definitions["y"], of_output, atol=1e-14)
    np.testing.assert_allclose(found.definitions["c"], of_output - of_investment, atol=1e-6)


@pytest.mark.parametrize("method", [None, POLYNOMIAL, LINEAR], ids=["neural", "polynomial", "linear"])
def test_growth_is_that_of_two_solves(method):
    case = Solved(load_zoo("neoclassical"), method)
    for name, step in (("beta", 3e-4), ("delta", 1e-3), ("theta", 3e-4), ("gamma", 1e-2), ("rho", 1e-3)):
        if method is LINEAR:
            found, expected = case.by(name)[0], case.by_two_solves(name, step)["i"]
            np.testing.assert_allclose(found.controls[:, 0], expected, atol=1e-4 * np.abs(expected).max())
        else:
            check(case, name, step)


# The more averse to risk, the farther the policy itself leads beyond the states that it was trained at.
@pytest.mark.parametrize("gamma", [2.0, 5.0])
def test_growth_with_shocks_is_that_of_two_solves(gamma):
    case = Solved(load_zoo("rbc"), gamma=gamma)
    for name, step in (("beta", 3e-4), ("phi", 1e-3), ("sigma", 1e-3)):
        check(case, name, step)


def test_two_controls_are_those_of_two_solves():
    """The network's, by the differences of polynomials, whose solves are the more exact."""
    model = load_zoo("rbc_labour")
    network, polynomial = Solved(model, target=1e-6), Solved(model, POLYNOMIAL)
    for name, step in (("beta", 1e-4), ("alpha", 1e-3), ("chi", 0.1)):
        check(network, name, step, solver=polynomial)


def test_generations_in_every_regime_are_the_derivative_of_their_closed_form():
    model = load_zoo("olg_krueger_kubler")
    calibration, settings = calibrate(model), PolicySettings(family="polynomial", degree=1)
    weights = tuple(np.zeros(shape) for shape in numpy_rule(model, settings).family.shapes)
    # The closed form is constant, so that the linear rule is exact.
    frame = build_frame(calibration, output_map(model))
    method = chosen({"policy": {"family": "polynomial", "degree": 1}}).resolve(problem_size(model)).method
    sensitivity = Sensitivity(Policy(model, calibration, settings, frame, weights), method, 0)
    tangents = sensitivity.tangents(["beta", "alpha"])
    rng = np.random.default_rng(7)
    box = rng.uniform(calibration.lower(), calibration.upper(), (100, 5))
    states = state_space(model).with_regimes(rng, box)
    step = 1e-5
    above, below = (Generations(beta=0.7 + move).closed_form() for move in (step, -step))
    expected = np.tile((above - below) / (2 * step), (len(states), 1))
    np.testing.assert_allclose(sensitivity.at(tangents["beta"], states).controls, expected, rtol=1e-7)
    assert tangents["beta"].misfit < 1e-7
    by_alpha = sensitivity.at(tangents["alpha"], states)
    np.testing.assert_allclose(by_alpha.controls, 0, atol=1e-9)
    assert tangents["alpha"].misfit == 0
    # What a parameter does by itself: w = (1-α) z K^α.
    total, z = states[:, :5].sum(axis=1), np.array([0.95, 1.05])[states[:, 5].astype(int) % 2]
    wage = z * total**0.3 * (0.7 * np.log(total) - 1)
    np.testing.assert_allclose(by_alpha.definitions["w"], wage, rtol=1e-12)


def test_away_from_the_kink_irreversible_investment_is_that_of_two_solves():
    method = {"policy": {"hidden": [96]}}
    case = Solved(load_zoo("irreversible_investment"), method, target=1e-3)
    found, misfit = case.by("theta")
    expected = case.by_two_solves("theta", 3e-3)
    i, mu = case.policy.evaluate(case.states).T
    assert 10 < np.sum(i == 0) < 90
    # Where the bound holds investment it stays, and a multiplier that is zero stays too.
    assert not found.controls[i == 0, 0].any() and not found.controls[mu == 0, 1].any()
    errors = np.abs(found.controls[:, 0] - expected["i"])[i > 0] / np.abs(expected["i"]).max()
    # The policy is right to 1e-3 or so, and near the kink a difference mixes the two sides.
    assert np.quantile(errors, 0.5) < 1e-2 and np.quantile(errors, 0.9) < 3e-2
    assert 1e-3 < misfit < 3e-2


def test_what_a_bound_costs_is_that_of_two_solves():
    case = Solved(load_zoo("consumption_savings"), target=1e-4)
    found, _ = case.by("beta")
    costs, step = [], 1e-2
    for move in (step, -step):
        calibration = recalibrate(case.model, case.calibration, "beta", 0.9 + move)
        solution = solve(case.model, calibration, case.settings)
        rule = build_expectation(calibration.process, solution.settings.method.expectation)
        judge = EulerJudge(case.model, calibration, rule)
        costs.append(judge.multipliers(solution.policy.evaluate, case.states)["multiplier_c"])
    is_bound = case.policy.evaluate(case.states)[:, 0] == case.states[:, 0]
    assert 10 < is_bound.sum() < 90
    expected = (costs[0] - costs[1]) / (2 * step)
    derivative = found.definitions["multiplier_c"]
    assert not derivative[~is_bound].any() and not found.controls[is_bound].any()
    # The policy is right to 1e-3 or so; away from the kink, which moves by less than this.
    is_far = case.states[:, 0] < 0.97
    np.testing.assert_allclose(derivative[is_far], expected[is_far], rtol=1e-2)


DERIVED = """
name: derived
symbols: {states: [k], controls: [i], exogenous: [], parameters: [beta, theta, delta]}
definitions: |
  c[t] = k[t]^theta - i[t]
equations:
  transition: k[t] = (1 - delta)*k[t-1] + i[t-1]
  arbitrage: 1 - beta*(c[t+1]/c[t])^(-2)*(1 - delta + theta*k[t+1]^(theta - 1))
calibration: {beta: 0.95, theta: 0.3, delta: 2*(1 - beta), k: (theta/(1/beta - 1 + delta))^(1/(1 - theta)), i: delta*k}
domain: {k: [0.6*k, 1.4*k]}
parameters: {beta: {bounds: [0.5, 0.95]}}
"""


def test_a_derived_parameter_follows_unless_it_was_given():
    model = load_model(DERIVED)
    following, given = Solved(model, POLYNOMIAL, beta=0.94), Solved(model, POLYNOMIAL, beta=0.94, delta=0.13)
    for case in (following, given):
        check(case, "beta", 1e-3)
        check(case, "delta", 1e-3)
    assert recalibrate(model, following.calibration, "beta", 0.93).parameters["delta"] == pytest.approx(0.14)
    assert recalibrate(model, given.calibration, "beta", 0.93).parameters["delta"] == 0.13
    of_both, of_one = (case.by("beta")[0].controls for case in (following, given))
    assert np.abs(of_both - of_one).max() > 0.1


def test_a_parameter_at_its_bound_moves_the_other_way():
    at_bound = Solved(load_model(DERIVED), POLYNOMIAL)
    below = Solved(load_model(DERIVED), POLYNOMIAL, beta=0.95 - 1e-5)
    states = at_bound.states
    tangents = [case.sensitivity.tangents(["beta"])["beta"] for case in (at_bound, below)]
    first, second = (
        case.sensitivity.at(one, states).controls
        for case, one in zip((at_bound, below), tangents, strict=True)
    )
    np.testing.assert_allclose(first, second, rtol=1e-3)


def test_a_parameter_that_can_move_neither_way_is_refused():
    case = Solved(load_model(DERIVED.replace("[0.5, 0.95]", "[0.95, 0.95]")), POLYNOMIAL)
    with pytest.raises(CalibrationError, match=r"beta = 0\.95"):
        case.sensitivity.tangents(["beta"])


@pytest.mark.parametrize("learning_rate, steps", [(1e-3, 3000), (1e-4, 300)])
def test_the_misfit_tells_what_a_policy_that_is_not_at_a_solution_is_worth(learning_rate, steps):
    training = {"algorithm": "adam", "steps": steps, "learning_rate": learning_rate}
    adam = Solved(load_zoo("neoclassical"), {"policy": {"hidden": [32, 32]}, "training": training})
    good = Solved(load_zoo("neoclassical"))
    for name in ("beta", "delta", "gamma"):
        (found, misfit), (expected, _) = adam.by(name), good.by(name)
        error = np.abs(found.controls - expected.controls).max() / np.abs(expected.controls).max()
        assert error / 5 < misfit < 5 * error


def test_all_weights_trained_leave_a_tangent_of_the_output_layer():
    method = {"policy": {"hidden": [16, 16]}, "training": {"algorithm": "levenberg_marquardt", "steps": 60}}
    case, good = Solved(load_zoo("neoclassical"), method), Solved(load_zoo("neoclassical"))
    (found, misfit), (expected, _) = case.by("theta"), good.by("theta")
    np.testing.assert_allclose(found.controls, expected.controls, atol=1e-2 * np.abs(expected.controls).max())
    # Sixteen units are few: two digits, and the misfit says so.
    assert 1e-4 < misfit < 1e-2


def test_output_layers_beyond_least_squares_are_refused():
    training = {"algorithm": "sgd", "steps": 1}
    case = solve(
        load_zoo("rbc"), calibrate(load_zoo("rbc")), chosen({"policy": {"hidden": [4]}, "training": training})
    )
    method = case.settings.method
    settings = method.policy.model_copy(update={"hidden": (2500,)})
    policy = replace(case.policy, settings=settings)
    with pytest.raises(MethodError, match="2501 weights"):
        Sensitivity(policy, method, 0)
