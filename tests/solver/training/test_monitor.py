"""The monitor: what it measures, what it keeps and when it says stop."""

import math
import time

import numpy as np
import pytest

from solver.status import Status
from solver.training.monitor import Monitor


def monitor_of(**changes):
    """A monitor of weights that are their own error."""
    choice = {"target": 1e-3, "max_steps": 10, "max_seconds": 3600.0, "started_s": time.monotonic()}
    return Monitor(**{"held_out_error": lambda vector: float(vector[0]), **choice, **changes})


def record(monitor, error, loss=1.0, steps=1, visited=5):
    monitor.record("phase", np.array([error]), loss, steps=steps, visited=visited)


def test_the_best_weights_are_kept_whatever_the_loss_says():
    monitor = monitor_of()
    for error, loss in [(0.5, 3.0), (math.nan, 0.1), (0.2, 2.0), (0.3, 0.01), (math.inf, 0.0)]:
        record(monitor, error, loss)
    assert monitor.best == [0.2]
    assert monitor.best_error == 0.2


def test_the_history_counts_steps_and_states():
    seen = []
    monitor = monitor_of(on_progress=seen.append)
    record(monitor, 0.1, loss=7.0, steps=0, visited=40)
    record(monitor, 0.01, loss=6.0, steps=3, visited=80)
    record(monitor, math.nan, loss=5.0, steps=2, visited=1)
    assert seen == monitor.history
    assert [(each.step, each.states_visited, each.loss) for each in seen] == [
        (0, 40, 7),
        (3, 120, 6),
        (5, 121, 5),
    ]
    assert [each.euler_error_max_log10 for each in seen] == [pytest.approx(-1), pytest.approx(-2), None]
    assert all(each.phase == "phase" and 0 <= each.eta_s <= 3600 and each.elapsed_s >= 0 for each in seen)


def test_training_goes_on_to_half_the_target():
    monitor = monitor_of()
    record(monitor, 0.9e-3)
    assert monitor.end is None
    record(monitor, 0.5e-3)
    assert monitor.end is Status.CONVERGED


@pytest.mark.parametrize("error, outcome", [(0.9e-3, Status.CONVERGED), (1.1e-3, Status.STALLED)])
def test_what_meets_the_target_has_converged_however_it_ended(error, outcome):
    monitor = monitor_of()
    record(monitor, error)
    assert monitor.outcome(Status.STALLED) is outcome


def test_the_budget_of_steps():
    monitor = monitor_of(max_steps=2)
    record(monitor, 0.1)
    assert monitor.end is None
    record(monitor, 0.1)
    assert monitor.end is Status.OUT_OF_STEPS
    assert monitor.outcome(Status.STALLED) is Status.OUT_OF_STEPS


def test_the_budget_of_seconds():
    monitor = monitor_of(max_seconds=5.0, started_s=time.monotonic() - 10.0)
    record(monitor, 0.1)
    assert monitor.end is Status.OUT_OF_TIME
    assert monitor.history[-1].eta_s == 0
    assert monitor.history[-1].elapsed_s >= 10


def test_a_cancellation_is_one_even_within_the_target():
    monitor = monitor_of(should_stop=lambda: True)
    record(monitor, 0.9e-3)
    assert monitor.end is Status.CANCELLED
    assert monitor.outcome(Status.STALLED) is Status.CANCELLED


def test_a_run_that_found_no_defined_policy_says_so():
    monitor = monitor_of(max_steps=1)
    record(monitor, math.nan)
    assert monitor.outcome(Status.STALLED) is Status.NON_FINITE
    monitor = monitor_of()
    record(monitor, math.inf)
    assert monitor.outcome(Status.STALLED) is Status.NON_FINITE
    assert monitor.outcome(Status.DIVERGED) is Status.DIVERGED


def test_a_stall_is_neither_loss_nor_error_falling_by_a_tenth():
    monitor = monitor_of(max_steps=100)
    record(monitor, 0.5, loss=1.0)
    for error, loss in [(0.46, 1.0), (0.46, 0.91), (0.9, 0.95)]:
        assert not monitor.has_stalled(3)
        record(monitor, error, loss)
    assert monitor.has_stalled(3)
    record(monitor, 0.44, loss=1.0)
    assert not monitor.has_stalled(1)
    record(monitor, 0.44, loss=0.8)
    assert not monitor.has_stalled(1)


def test_a_new_phase_has_its_full_patience():
    monitor = monitor_of(max_steps=100)
    for _ in range(4):
        record(monitor, 0.5, loss=1e-9)
    assert monitor.has_stalled(3)
    monitor.forget_stall()
    record(monitor, 0.5, loss=1.0)
    assert not monitor.has_stalled(1)
