"""The lifetime reward: value and gradient against paths written by hand, policies against those of Euler equations."""

import math

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.expectation.ahead import build_expectation, draw_next, next_period
from solver.model.zoo import load_zoo
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import Policy, numpy_economy, numpy_rule
from solver.policy.rule import Setting
from solver.settings import ExpectationSettings, PolicySettings, SolveSettings
from solver.settings.limits import REMAINING
from solver.solve import solve
from solver.status import Status
from solver.training.compiled import Numbers, compiled_objective
from solver.training.descent import compiled_descent
from tests.oracles.growth import Growth

POLICY = PolicySettings(family="polynomial", degree=1)
RATE = 1e-9
DEGREE_4 = {"family": "polynomial", "degree": 4}
FAST = {"learning_rate": 0.02, "annealing": 0.02}


def lifetime_of(model, calibration, vector, states, seed=0):
    """Loss and gradient of one tiny step of SGD over all of some states."""
    frame, process = build_frame(calibration, output_map(model)), calibration.process
    setting = Setting(calibration.parameter_vector(), process.mean, process.values, frame)
    expectation = build_expectation(process, ExpectationSettings(rule="gauss_hermite", nodes=5))
    graph = compiled_descent(compiled_objective(model, POLICY), "sgd", True, "lifetime_reward")
    slots, chosen = np.zeros((2, len(vector))), np.array([RATE, 0.0, 0.0])
    moved, _, loss = graph(
        Numbers(setting, expectation), vector, slots, states, len(states), 0, 1, seed, chosen
    )
    return float(loss), (vector - moved.numpy()) / RATE


def box(calibration, count):
    return np.random.default_rng(1).uniform(calibration.lower(), calibration.upper(), (count, 2))


def lifetime_by_hand(vector, states, beta=0.8):
    """Of the deterministic growth model, from the equations of the oracle and the policy's numbers."""
    growth, calibration = Growth(beta=beta), calibrate(load_zoo("neoclassical"), {"beta": beta})
    frame = build_frame(calibration, output_map(load_zoo("neoclassical")))
    weights = (vector.reshape(-1, 1),)
    policy = Policy(load_zoo("neoclassical"), calibration, POLICY, frame, weights)
    a, k = states.T
    total, weight = 0.0, 1.0
    for _ in range(math.ceil(math.log(REMAINING) / math.log(beta))):
        i = policy.evaluate(np.stack([a, k], axis=1))[:, 0]
        c = growth.output(a, k) - i
        total = total + weight * (1 - 1 / c)  # γ = 2
        weight *= beta
        a, k = growth.next_state(a, k, i)
    c = growth.output(a, k) - policy.evaluate(np.stack([a, k], axis=1))[:, 0]
    return np.mean(total + weight / (1 - beta) * (1 - 1 / c))


def test_value_and_gradient_are_those_of_a_path():
    model, calibration = load_zoo("neoclassical"), calibrate(load_zoo("neoclassical"), {"beta": 0.8})
    vector, states = np.array([0.02, -0.01, 0.03]), box(calibration, 20)
    loss, gradient = lifetime_of(model, calibration, vector, states)
    assert loss == pytest.approx(-lifetime_by_hand(vector, states), rel=1e-12)
    step = 1e-5
    slopes = [
        lifetime_by_hand(vector + step * unit, states) - lifetime_by_hand(vector - step * unit, states)
        for unit in np.eye(3)
    ]
    # A change of 1e-9 of the weights is known to 1e-17 of 0.03: the gradient to about 1e-7.
    np.testing.assert_allclose(gradient, -np.array(slopes) / (2 * step), rtol=1e-6, atol=1e-6)


def test_the_lifetime_of_the_known_policy_is_the_known_value():
    """Brock and Mirman: V = A + B log k with the policy βθ y, which the linear rule is near the steady state."""
    beta, theta = 0.8, 0.36
    model = load_zoo("brock_mirman")
    calibration = calibrate(model, {"beta": beta, "theta": theta})
    k = calibration.steady_state["k"] * np.array([[1.001], [1.0], [0.999]])
    states = np.concatenate([np.zeros_like(k), k], axis=1)
    slope = theta / (1 - beta * theta)
    level = (np.log(1 - beta * theta) + beta * slope * np.log(beta * theta)) / (1 - beta)
    loss, _ = lifetime_of(model, calibration, np.zeros(3), states)
    # The linear rule leaves squares of 0.001, by less than one each; (βθ)^21 is nothing.
    assert loss == pytest.approx(-np.mean(level + slope * np.log(k)), abs=1e-6)


@pytest.mark.parametrize("name", ["rbc", "olg_krueger_kubler"])
def test_what_follows_is_drawn_by_its_probability(name):
    """Chances on a fine grid meet each case of the expectation as often as it weighs."""
    model = load_zoo(name)
    calibration, economy = calibrate(model), numpy_economy(model)
    rule = numpy_rule(model, PolicySettings(family="linear"))
    process = calibration.process
    expectation = build_expectation(process, ExpectationSettings(rule="gauss_hermite", nodes=5))
    setting = Setting(
        calibration.parameter_vector(),
        process.mean,
        process.values,
        build_frame(calibration, output_map(model)),
    )
    one = rule.space.in_every_regime((calibration.lower() + calibration.upper())[None] / 2)[:1]
    count = 20_000
    states = np.repeat(one, count, axis=0)
    today = rule.decide(setting, [np.zeros(rule.family.shapes[0])], states).date
    arguments = (np, economy, rule.space, expectation, setting.parameters)
    chances = (np.arange(count) + 0.5) / count
    drawn = draw_next(*arguments, states, today, chances)
    ahead = next_period(*arguments, states[:1], type(today)(*(array[:1] for array in today)))
    for case, weight in zip(ahead.states, ahead.weights[0], strict=True):
        share = np.mean(np.all(np.isclose(drawn, case, rtol=1e-12, atol=1e-12), axis=1))
        assert share == pytest.approx(weight, abs=1.01 / count)


def test_shocks_are_drawn_afresh_by_every_seed():
    model = load_zoo("rbc")
    calibration = calibrate(model, {"beta": 0.8})
    states = box(calibration, 30)
    losses = {lifetime_of(model, calibration, np.zeros(3), states, seed)[0] for seed in (0, 1, 1)}
    assert len(losses) == 2


# A discount factor of 0.8 keeps paths short, 31 periods. Tolerances, in units of the mean control, are what so few steps
# reach, with a third to spare.
@pytest.mark.parametrize(
    "name, policy, training, largest, mean",
    [
        ("brock_mirman", DEGREE_4, FAST, 2e-3, 2e-4),
        ("neoclassical", DEGREE_4, FAST, 4e-3, 5e-4),
        ("rbc", DEGREE_4 | {"degree": 3}, FAST, 0.02, 0.007),
        ("consumption_savings", {}, {"learning_rate": 0.01}, 0.25, 0.04),
    ],
)
def test_the_policy_is_that_of_the_euler_equation(name, policy, training, largest, mean):
    model = load_zoo(name)
    calibration = calibrate(model, {"beta": 0.8})
    training = {"algorithm": "adam", "steps": 120, "seconds": 600.0, **training}
    method = {"objective": "lifetime_reward", "policy": policy, "training": training}
    solution = solve(model, calibration, SolveSettings.model_validate({"method": method}))
    assert solution.status is Status.OUT_OF_STEPS
    euler = solve(model, calibration)
    assert euler.status is Status.CONVERGED
    rng = np.random.default_rng(5)
    states = rng.uniform(calibration.lower(), calibration.upper(), (500, len(calibration.lower())))
    truth = euler.policy.evaluate(states)
    apart = np.abs(solution.policy.evaluate(states) - truth) / np.abs(truth).mean()
    assert apart.max() < largest
    assert apart.mean() < mean
    linear = Policy.of_linear_rule(model, calibration).evaluate(states)
    assert (np.abs(linear - truth) / np.abs(truth).mean()).max() > 5 * largest
