"""Training as a whole: its outcomes and its accounts."""

import time
from dataclasses import replace

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.settings import SolveSettings
from solver.solve import solve
from solver.status import Status

MODEL = load_zoo("brock_mirman")
SMALL = {"hidden": [6], "activation": "tanh"}


def run(
    *,
    calibration=None,
    target=1e-6,
    seed=0,
    policy=SMALL,
    states=64,
    on_progress=None,
    should_stop=None,
    **training,
):
    method = {"policy": policy, "training": training, "sampling": {"states": states}}
    settings = SolveSettings.model_validate({"method": method, "target": target, "seed": seed})
    calibration = calibration or calibrate(MODEL)
    return solve(MODEL, calibration, settings, on_progress=on_progress, should_stop=should_stop)


def undefined_domain():
    """Half of its capital is below zero."""
    good = calibrate(MODEL)
    upper = good.domain["k"][1]
    return replace(good, domain=good.domain | {"k": (-upper, upper)})


def test_least_squares_visits_its_states_at_every_evaluation():
    history = run(algorithm="gauss_newton", policy={"family": "polynomial", "degree": 4}).history
    assert [report.step for report in history] == list(range(len(history)))
    visited = np.array([report.states_visited for report in history])
    assert np.all(visited % 64 == 0)
    assert visited[0] == 64 and np.all(np.diff(visited) >= 64)
    assert {report.phase for report in history} == {"gauss-newton"}


@pytest.mark.parametrize("batch_size, each", [(1, 1), (32, 32), ("full", 64)])
def test_first_order_methods_visit_a_batch_at_every_step(batch_size, each):
    history = run(algorithm="adam", steps=40, batch_size=batch_size).history
    assert [report.states_visited for report in history] == [each * report.step for report in history]
    assert history[-1].step == 40


def test_the_staged_algorithm_goes_on_where_the_output_layer_alone_stalls():
    history = run(algorithm="staged", policy={"hidden": [4]}, target=1e-8, steps=60).history
    phases = [report.phase for report in history]
    assert phases == sorted(phases) and set(phases) == {"gauss-newton", "levenberg-marquardt"}
    handed_over = phases.index("levenberg-marquardt")
    before = min(report.euler_error_max_log10 for report in history[:handed_over])
    # The second phase starts from the best weights of the first, and goes beyond them.
    assert history[handed_over].euler_error_max_log10 == before
    assert min(report.euler_error_max_log10 for report in history) < before - 0.5


def test_a_stall_is_said():
    assert run(algorithm="gauss_newton", target=1e-9).status is Status.STALLED


def test_a_first_order_method_that_has_levelled_off_says_so():
    policy = {"family": "polynomial", "degree": 1}
    solution = run(algorithm="adam", policy=policy, batch_size=16, steps=100_000, target=1e-6)
    assert solution.status is Status.STALLED
    assert 4_000 <= solution.history[-1].step < 100_000
    assert solution.policy is not None and solution.certificate.verdict in ("warn", "fail")


@pytest.mark.parametrize("algorithm", ["levenberg_marquardt", "adam"])
def test_the_budget_of_steps_is_kept(algorithm):
    solution = run(algorithm=algorithm, steps=7, target=1e-12)
    assert solution.status is Status.OUT_OF_STEPS
    assert solution.history[-1].step == 7


@pytest.mark.parametrize("algorithm", ["staged", "adam"])
def test_the_budget_of_seconds_keeps_the_best_so_far(algorithm):
    solution = run(algorithm=algorithm, seconds=1e-9, target=1e-12)
    assert solution.status is Status.OUT_OF_TIME
    assert len(solution.history) == 1
    assert solution.policy is not None and solution.certificate is not None


def test_a_budget_of_steps_that_is_too_small_is_told_while_training_goes_on():
    seen = []
    solution = run(algorithm="adam", steps=3000, target=1e-5, on_progress=seen.append)
    assert solution.status is Status.OUT_OF_STEPS
    early = [report for report in seen if 0.1 * 3000 <= report.step <= 0.5 * 3000]
    assert early and all(report.forecast is Status.OUT_OF_STEPS for report in early)
    assert solution.history[-1].forecast is Status.OUT_OF_STEPS and solution.history[-1].eta_s == 0
    assert solution.policy is not None


def test_a_target_that_is_going_to_be_met_is_told_from_the_first_step_on():
    seen = []
    solution = run(algorithm="staged", policy={}, states=None, on_progress=seen.append)
    assert solution.status is Status.CONVERGED
    assert len(seen) > 2 and all(report.forecast is Status.CONVERGED for report in seen)
    assert [report.eta_s > 0 for report in seen] == [True] * (len(seen) - 1) + [False]


def test_a_stall_is_told_before_it_ends_the_run():
    seen = []
    solution = run(algorithm="gauss_newton", target=1e-12, on_progress=seen.append)
    assert solution.status is Status.STALLED
    assert seen[-1].forecast is Status.STALLED
    assert solution.history[-1].eta_s == 0


@pytest.mark.parametrize("algorithm", ["staged", "adam"])
def test_a_cancellation_ends_the_run_at_the_next_report(algorithm):
    seen = []
    solution = run(
        algorithm=algorithm,
        steps=5000,
        target=1e-12,
        on_progress=seen.append,
        should_stop=lambda: len(seen) == 3,
    )
    assert solution.status is Status.CANCELLED
    assert len(solution.history) == 3
    assert solution.policy is None and solution.certificate is None


@pytest.mark.parametrize("algorithm", ["staged", "gauss_newton", "levenberg_marquardt"])
def test_a_cancellation_is_heard_between_steps_that_are_tried_in_vain(algorithm):
    """At the least loss that rounding allows no step is taken any more, and only trials are left."""
    policy = {"family": "polynomial", "degree": 3 if algorithm == "levenberg_marquardt" else 6}
    asked = []

    def should_stop():
        asked.append(None)
        return False

    told = run(algorithm=algorithm, policy=policy, target=1e-12, should_stop=should_stop).history
    assert len(asked) > len(told)
    calls = len(asked)
    asked.clear()

    def stop_at_last():
        asked.append(None)
        return len(asked) == calls

    solution = run(algorithm=algorithm, policy=policy, target=1e-12, should_stop=stop_at_last)
    assert solution.status is Status.CANCELLED
    assert len(solution.history) == len(told)


def test_a_rate_far_too_large_diverges_and_keeps_the_best_that_it_passed():
    solution = run(algorithm="sgd", learning_rate=10.0, steps=200)
    assert solution.status is Status.DIVERGED
    assert np.isfinite([report.loss for report in solution.history]).all()
    best = min(report.euler_error_max_log10 for report in solution.history)
    assert solution.certificate.euler_errors.box.max_log10 == pytest.approx(best, abs=0.1)
    assert solution.certificate.verdict == "fail"
    assert solution.raise_for_status() is solution


@pytest.mark.parametrize("algorithm", ["staged", "gauss_newton", "levenberg_marquardt", "adam"])
def test_a_domain_on_which_the_model_is_undefined_is_not_finite(algorithm):
    solution = run(calibration=undefined_domain(), algorithm=algorithm, steps=5)
    assert solution.status is Status.NON_FINITE
    assert solution.policy is None and solution.certificate is None


def test_time_is_counted_from_the_start_of_the_solve():
    before = time.monotonic()
    solution = run(algorithm="gauss_newton")
    passed = time.monotonic() - before
    elapsed = [report.elapsed_s for report in solution.history]
    assert elapsed[0] > 0 and elapsed == sorted(elapsed)
    assert elapsed[-1] <= solution.provenance.training_s <= solution.provenance.solve_s <= passed
