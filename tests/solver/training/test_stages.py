"""The stages of least squares, from starts that are far from a solution."""

import time
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from solver.calibrate import calibrate
from solver.diagnostics.euler_errors import EulerJudge
from solver.expectation.ahead import build_expectation
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import Policy
from solver.policy.rule import Setting
from solver.settings import SolveSettings
from solver.status import Status
from solver.training.compiled import Numbers, compiled_objective
from solver.training.monitor import Monitor
from solver.training.problem import TrainingProblem
from solver.training.stages import NEAR, fit_output_layer
from solver.training.time_iteration import lead_near
from solver.training.train import train
from tests.oracles.growth import Growth

MODEL = load_zoo("brock_mirman")
#: A polynomial of degree 5 is as near as 1e-4 to the closed form, in logs.
SETTINGS = SolveSettings.model_validate(
    {"method": {"policy": {"family": "polynomial", "degree": 5}}, "target": 2e-4}
).resolve(problem_size(MODEL))


class Far:
    """Brock and Mirman's economy, trained from a constant investment that is a given multiple of the steady state's."""

    def __init__(self, multiple):
        self.calibration = calibrate(MODEL)
        self.compiled = compiled_objective(MODEL, SETTINGS.method.policy)
        frame = build_frame(self.calibration, output_map(MODEL), share=0.0)
        self.frame = frame._replace(base=multiple * frame.base)
        process = self.calibration.process
        expectation = build_expectation(process, SETTINGS.method.expectation)
        self.judge = EulerJudge(MODEL, self.calibration, expectation)
        setting = Setting(self.calibration.parameter_vector(), process.mean, process.values, self.frame)
        self.lower, self.upper = self.calibration.lower(), self.calibration.upper()
        self.problem = TrainingProblem(
            compiled=self.compiled,
            numbers=Numbers(setting, expectation),
            lower=self.lower,
            upper=self.upper,
            settings=SETTINGS,
            has_linear_rule=True,
            places_units=False,
            follows_policy=False,
            errors_at=self.errors_at,
            controls_at=lambda vector, u: self.policy(vector).evaluate(
                self.frame.center + self.frame.half_width * u
            ),
            kinks_at=lambda vector, states: self.policy(vector).kinks(states),
            slack_at=lambda vector, states: self.policy(vector).slack(states),
            reach_at=lambda vector: (self.lower, self.upper),
        )
        states = np.random.default_rng(7).uniform(self.lower, self.upper, size=(300, 2))
        self.monitor = Monitor(
            held_out_error=lambda vector: float(self.errors_at(vector, states).max()),
            target=SETTINGS.target,
            max_steps=400,
            max_seconds=60.0,
            started_s=time.monotonic(),
        )

    def policy(self, vector):
        weights = tuple(self.compiled.unflatten(vector))
        return Policy(MODEL, self.calibration, SETTINGS.method.policy, self.frame, weights)

    def errors_at(self, vector, states):
        return self.judge.errors(self.policy(vector).evaluate, states).largest()

    def off(self, vector):
        """Largest distance to the closed form over the domain, relative to it."""
        states = np.random.default_rng(8).uniform(self.lower, self.upper, size=(300, 2))
        growth = Growth(**{**self.calibration.parameters, "delta": 1.0, "gamma": 1.0})
        return float(
            np.abs(self.policy(vector).evaluate(states)[:, 0] / growth.closed_form(*states.T) - 1).max()
        )


@pytest.fixture
def far():
    """From where nearly nothing is invested Gauss-Newton alone stalls at decisions that are wrong."""
    return Far(multiple=0.01)


def test_gauss_newton_alone_stalls_far_away(far):
    status, vector = fit_output_layer(far.problem, far.monitor, far.problem.initial_weights())
    assert status is Status.STALLED
    assert far.monitor.best_error > NEAR
    assert far.off(vector) > 0.1


def test_time_iteration_comes_near_from_there(far):
    start = far.problem.initial_weights()
    status, vector = lead_near(far.problem, far.monitor, start)
    assert status is Status.STALLED  # that is: not at the target yet
    assert far.off(start) > 0.9
    assert far.off(vector) < 0.1
    reports = far.monitor.history
    assert {report.phase for report in reports} == {"time-iteration"}
    assert [report.step for report in reports] == list(range(1, 1 + len(reports)))
    # It hands over as soon as it is near, and not before.
    errors = [10**report.euler_error_max_log10 for report in reports]
    assert errors[-1] <= NEAR < min(errors[:-1])


def test_the_staged_algorithm_finds_the_solution_from_there(far):
    status = train(far.problem, far.monitor)
    assert status is Status.CONVERGED
    assert far.off(far.monitor.best) < 3e-4
    phases = [report.phase for report in far.monitor.history]
    assert list(dict.fromkeys(phases)) == ["gauss-newton", "time-iteration"]
    assert phases[-1] == "gauss-newton"


def test_near_a_solution_there_is_no_need_of_it():
    near = Far(multiple=1.0)
    assert train(near.problem, near.monitor) is Status.CONVERGED
    assert {report.phase for report in near.monitor.history} == {"gauss-newton"}


def test_a_stage_that_cannot_start_leaves_what_others_found():
    """Where everything is invested nothing is eaten, and no residual is defined."""
    undefined = Far(multiple=50.0)
    start = undefined.problem.initial_weights()
    for stage in (fit_output_layer, lead_near):
        status, vector = stage(undefined.problem, undefined.monitor, start)
        assert status is Status.NON_FINITE
        np.testing.assert_array_equal(vector, start)
    far = Far(multiple=1.0)
    far.monitor.target = 1e-12
    _, found = fit_output_layer(far.problem, far.monitor, far.problem.initial_weights())
    elsewhere = replace(far.problem, numbers=undefined.problem.numbers)
    status, vector = fit_output_layer(elsewhere, far.monitor, 1e3 + found)
    assert status is Status.STALLED
    assert far.off(far.monitor.best) < 3e-4 and vector.shape == found.shape


def test_a_sweep_answers_what_tomorrow_was():
    """By the formula: where investment tomorrow is a constant, today's is the root of one equation at each state."""
    start = Far(multiple=1.0)
    constant = float(start.frame.base[0, 0])
    start.monitor.max_steps = 1
    _, vector = lead_near(start.problem, start.monitor, start.problem.initial_weights())
    p = start.calibration.parameters
    growth = Growth(**{**p, "delta": 1.0, "gamma": 1.0})
    states = np.random.default_rng(9).uniform(start.lower, start.upper, size=(50, 2))

    def excess(i, a, k):
        a_next, k_next = growth.next_state(a, k, i)
        y_next = growth.output(a_next, k_next)
        return p["beta"] * growth.gross_return(a_next, k_next) * (growth.output(a, k) - i) - (
            y_next - constant
        )

    least = [
        (constant * np.exp(-(1 - p["rho"]) * a)) ** (1 / p["theta"]) for a in states[:, 0]
    ]  # y' = constant
    answers = [
        brentq(excess, low, growth.output(a, k), args=(a, k))
        for low, (a, k) in zip(least, states, strict=True)
    ]
    found = start.policy(vector).evaluate(states)[:, 0]
    np.testing.assert_allclose(found, answers, rtol=1e-3)
