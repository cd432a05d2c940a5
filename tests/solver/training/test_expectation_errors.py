"""Rules for expectations at a true policy: what quasi-Monte Carlo misses, what draws add, and what their product does not.

With full depreciation every one of these errors is invisible, since the residual of the true policy vanishes shock by
shock; so the truth here is one of slow depreciation, solved to an Euler error of 1e-7.
"""

from functools import cache

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.expectation.ahead import build_expectation
from solver.expectation.draws import Draws, law_of_draws
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from solver.numerics.quasi_monte_carlo import quasi_monte_carlo
from solver.objective.euler import EulerObjective
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import Policy, numpy_rule
from solver.policy.rule import Setting
from solver.settings import ExpectationSettings, PolicySettings, SolveSettings
from solver.solve import solve
from solver.training.compiled import Numbers, compiled_objective
from solver.training.descent import compiled_descent
from tests.oracles.rbc import RBC

ECONOMY = RBC()


class Loss:
    """The loss of one step of descent at given states and weights, by draws or by nodes."""

    def __init__(self, policy, states):
        self.policy, self.states = policy, states
        self.compiled = compiled_objective(policy.model, policy.settings)
        process = policy.calibration.process
        self.process = process
        self.setting = Setting(
            policy.calibration.parameter_vector(), process.mean, process.values, policy.frame
        )
        self.vector = np.concatenate([weight.ravel() for weight in policy.weights])

    def _step(self, expectation, n_draws, seed):
        graph = compiled_descent(self.compiled, "sgd", True, n_draws=n_draws)
        slots = np.zeros((2, len(self.vector)))
        vector, _, loss = graph(
            Numbers(self.setting, expectation),
            self.vector,
            slots,
            self.states,
            len(self.states),
            0,
            1,
            seed,
            np.array([1.0, 0.0, 0.0]),
        )
        return float(loss), self.vector - vector.numpy()

    def of_draws(self, n_draws, seeds):
        """Losses (seeds,) and gradients (seeds, n_weights)."""
        law = law_of_draws(self.process)
        losses, gradients = zip(*(self._step(law, n_draws, seed) for seed in range(seeds)), strict=True)
        return np.array(losses), np.array(gradients)

    def of_nodes(self, rule, nodes):
        settings = ExpectationSettings(rule=rule, nodes=nodes)
        return self._step(build_expectation(self.process, settings), 0, 0)


@cache
def true_policy():
    model = load_zoo("rbc")
    settings = SolveSettings.model_validate(
        {"method": {"policy": {"family": "polynomial", "degree": 10}}, "target": 1e-7}
    )
    solution = solve(model, calibrate(model), settings)
    states = states_of(solution.policy)
    errors = ECONOMY.euler_errors(
        *states.T, lambda a, k: solution.policy.evaluate(np.column_stack([a, k]))[:, 0]
    )
    assert errors.max() < 1e-7
    return solution.policy


def states_of(policy, count=500):
    calibration, rng = policy.calibration, np.random.default_rng(5)
    return policy.space.with_regimes(rng, rng.uniform(calibration.lower(), calibration.upper(), (count, 2)))


def variances(policy, states):
    """Var (n,) of the residual over the next period's shock, by fifteen Gauss-Hermite nodes and the oracle's equations."""
    e, weights = np.polynomial.hermite_e.hermegauss(15)
    weights = weights / weights.sum()
    a, k = states.T
    i = policy.evaluate(states)[:, 0]
    c, k_next = ECONOMY.output(a, k) - i, (1 - ECONOMY.delta) * k + i
    residuals = []
    for node in e:
        a_next = ECONOMY.phi * a + ECONOMY.sigma * node
        c_next = ECONOMY.output(a_next, k_next) - policy.evaluate(np.column_stack([a_next, k_next]))[:, 0]
        growth = (c_next / c) ** -ECONOMY.gamma
        residuals.append(1 - ECONOMY.beta * growth * ECONOMY.gross_return(a_next, k_next))
    residuals = np.array(residuals)
    return weights @ residuals**2 - (weights @ residuals) ** 2


def test_quasi_monte_carlo_errs_nearly_as_one_over_n_and_monte_carlo_far_more():
    """Errors of the residual against fifteen Gauss-Hermite nodes, over ten scramblings or samples."""
    loss, weights = Loss(true_policy(), states_of(true_policy(), 200)), list(true_policy().weights)
    objective = EulerObjective(numpy_rule(loss.policy.model, loss.policy.settings), as_ratio=False)
    exact = build_expectation(loss.process, ExpectationSettings(rule="gauss_hermite", nodes=15))

    def residuals(rule):
        return objective.residuals(loss.setting, rule, weights, loss.states).values[:, 0]

    truth, counts = residuals(exact), 2 ** np.arange(3, 9)

    def error(nodes_of, count):
        rules = [
            exact._replace(nodes=nodes_of(count, seed), weights=np.full(count, 1 / count))
            for seed in range(10)
        ]
        return np.sqrt(np.mean([(residuals(rule) - truth) ** 2 for rule in rules]))

    variance = loss.process.innovation_covariance
    quasi = [
        error(lambda n, seed: quasi_monte_carlo(np.zeros(1), variance, n, seed).nodes, n) for n in counts
    ]
    random = [
        error(lambda n, seed: np.sqrt(variance) * np.random.default_rng([n, seed]).normal(size=(n, 1)), n)
        for n in counts
    ]
    # 1 / N but for what the tails of the normal cost.
    assert np.polyfit(np.log(counts), np.log(quasi), 1)[0] < -0.65
    assert np.polyfit(np.log(counts), np.log(random), 1)[0] == pytest.approx(-0.5, abs=0.15)
    assert np.all(np.array(quasi) < 1e-3 * np.array(random))


@pytest.mark.parametrize("n_draws", [2, 5])
def test_the_product_of_draws_vanishes_on_average_at_the_truth(n_draws):
    policy = true_policy()
    losses, _ = Loss(policy, states_of(policy)).of_draws(n_draws, seeds=60)
    spread = np.mean(variances(policy, states_of(policy)) ** 2) * 2 / (n_draws * (n_draws - 1))
    error = np.sqrt(spread / (500 * 60))
    assert abs(losses.mean()) < 3 * error
    # Little beside what two averaged draws would show, so that the test could see it.
    assert error < 0.02 * variances(policy, states_of(policy)).mean() / 2
    # The variance of a U-statistic of m draws of mean zero is 2 σ⁴ / (m (m - 1)); sixty losses have it within 20 % or so.
    assert losses.std() == pytest.approx(np.sqrt(spread / 500), rel=0.4)


@pytest.mark.parametrize("n_draws", [1, 2, 8])
def test_the_square_of_a_mean_of_draws_is_biased_by_their_variance(n_draws):
    policy = true_policy()
    states = np.repeat(states_of(policy, 20_000), n_draws, axis=0)
    rng = np.random.default_rng(3)
    draws = Draws(
        law_of_draws(policy.calibration.process),
        rng.normal(size=(len(states), 1)),
        rng.uniform(size=(len(states), 2)),
    )
    loss = Loss(policy, states)
    objective = EulerObjective(numpy_rule(policy.model, policy.settings), as_ratio=False)
    found = objective.residuals(loss.setting, draws, list(policy.weights), states).values[:, 0]
    squares = found.reshape(-1, n_draws).mean(axis=1) ** 2
    expected = variances(policy, states_of(policy, 20_000)).mean() / n_draws
    error = squares.std() / np.sqrt(len(squares))
    assert abs(squares.mean() - expected) < 4 * error < 0.1 * expected


#: An autocorrelated shock, a mixture, regimes, and a bound with the multiplier that the solver adds.
EVERYTHING = load_model("""
name: everything
symbols: {states: [k], controls: [i], exogenous: [z, m, w], parameters: [theta]}
definitions: |
  c[t] = exp(z[t])*w[t]*k[t]^theta - i[t]
equations:
  transition: k[t] = 0.8*k[t-1]*exp(m[t]) + i[t-1]
  arbitrage: 1 - 0.95*(c[t+1]/c[t])^(-2)*(0.8 + theta*exp(z[t+1])*w[t+1]*k[t+1]^(theta - 1))  ⟂ 0.18*k[t] <= i[t] <= inf
calibration: {theta: 0.3, w: 1, m: 0, k: ((1/0.95 - 0.8)/theta)^(-1/(1 - theta)), i: 0.2*k}
exogenous:
  z: !AR1 {rho: 0.8, sigma: 0.05}
  m: !Mixture {weights: [0.8, 0.2], distributions: [!UNormal {sigma: 0.02, mu: 0.01}, !UNormal {sigma: 0.05, mu: -0.04}]}
  w: !MarkovChain {values: [[0.9], [1.1]], transitions: [[0.7, 0.3], [0.4, 0.6]]}
domain: {k: [0.8*k, 1.2*k], z: [-0.2, 0.2]}
""")


@cache
def far_from_solved():
    calibration = calibrate(EVERYTHING)
    family = PolicySettings(family="polynomial", degree=2)
    rule = numpy_rule(EVERYTHING, family)
    rng = np.random.default_rng(1)
    weights = tuple(0.03 * rng.normal(size=shape) for shape in rule.family.shapes)
    policy = Policy(
        EVERYTHING, calibration, family, build_frame(calibration, output_map(EVERYTHING)), weights
    )
    return Loss(policy, states_of(policy, 200))


@pytest.mark.parametrize("n_draws", [2, 4])
def test_loss_and_gradient_are_those_of_quadrature_on_average(n_draws):
    loss = far_from_solved()
    expected, slope = loss.of_nodes("equidistant", 15)
    seeds = 150
    losses, gradients = loss.of_draws(n_draws, seeds)
    error = losses.std() / np.sqrt(seeds)
    assert abs(losses.mean() - expected) < 4 * error < 0.3 * expected
    errors = gradients.std(axis=0) / np.sqrt(seeds)
    assert np.all(np.abs(gradients.mean(axis=0) - slope) < 4 * errors)
    assert np.linalg.norm(errors) < 0.3 * np.linalg.norm(slope)


def trained(parameters, rule):
    model = load_zoo("rbc")
    method = {
        "policy": {"family": "polynomial", "degree": 2},
        "expectation": {"rule": rule},
        "training": {"algorithm": "adam", "steps": 1500, "learning_rate": 1e-2, "annealing": 1e-2},
    }
    return solve(model, calibrate(model, parameters), SolveSettings.model_validate({"method": method}))


def test_adam_on_draws_finds_the_closed_form():
    parameters = {"delta": 1.0, "gamma": 1.0}
    solution = trained(parameters, "all_in_one")
    states = states_of(solution.policy)
    exact = RBC(delta=1.0, gamma=1.0).closed_form(*states.T)
    linear = Policy.of_linear_rule(solution.policy.model, solution.calibration)
    off, before = (np.abs(one.evaluate(states)[:, 0] / exact - 1) for one in (solution.policy, linear))
    assert off.mean() < 0.2 * before.mean()
    assert off.max() < 0.01


def test_adam_on_draws_goes_where_it_goes_on_nodes():
    drawn, exact = (trained({}, rule).policy for rule in ("all_in_one", "gauss_hermite"))
    states = states_of(drawn)
    linear = Policy.of_linear_rule(drawn.model, drawn.calibration).evaluate(states)
    apart = np.abs(drawn.evaluate(states) - exact.evaluate(states)).mean()
    assert apart < 0.1 * np.abs(exact.evaluate(states) - linear).mean()
