import time

import numpy as np
import pytest

from solver.status import Status
from solver.training.monitor import Monitor


def watch(errors, **changes):
    """A monitor whose held-out errors come from a list."""
    answers = iter(errors)
    chosen = {
        "target": 1e-6,
        "max_steps": 100,
        "max_seconds": 60.0,
        "started_s": time.monotonic(),
        **changes,
    }
    return Monitor(held_out_error=lambda _: next(answers), **chosen)


def record(monitor, loss=1.0, steps=1):
    monitor.record("phase", np.full(2, float(monitor.step)), loss, steps=steps, visited=10)


def test_it_goes_on_to_half_the_target():
    monitor = watch([9e-7, 4e-7])
    record(monitor)
    assert monitor.end is None
    assert monitor.outcome(Status.STALLED) is Status.CONVERGED  # were it over by now, the target would be met
    record(monitor)
    assert monitor.end is Status.CONVERGED


def test_the_best_weights_are_kept():
    monitor = watch([1e-3, 1e-5, 1e-2, np.nan])
    for _ in range(4):
        record(monitor)
    assert monitor.best_error == 1e-5
    np.testing.assert_array_equal(monitor.best, [1.0, 1.0])
    assert [report.euler_error_max_log10 for report in monitor.history] == [-3.0, -5.0, -2.0, None]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"max_steps": 1}, Status.OUT_OF_STEPS),
        ({"max_seconds": 0.0}, Status.OUT_OF_TIME),
        ({"should_stop": lambda: True}, Status.CANCELLED),
    ],
)
def test_every_end_is_named(changes, status):
    monitor = watch([1e-3], **changes)
    record(monitor)
    assert monitor.end is status
    assert monitor.outcome(Status.STALLED) is status


def test_a_cancelled_run_is_cancelled_even_when_its_target_was_met():
    monitor = watch([9e-7], should_stop=lambda: True)
    record(monitor)
    assert monitor.outcome(Status.STALLED) is Status.CANCELLED


def test_a_stall_is_neither_loss_nor_error_falling():
    monitor = watch([1e-3] * 20)
    for loss in (1.0, 0.5, 0.25, 0.25, 0.25):
        record(monitor, loss)
    assert monitor.has_stalled(2) and not monitor.has_stalled(3)
    monitor.forget_stall()
    assert not monitor.has_stalled(1)


def test_states_and_steps_are_counted_and_told():
    told = []
    monitor = watch([1e-3] * 3, on_progress=told.append)
    for steps in (0, 5, 5):
        record(monitor, steps=steps)
    assert [(report.step, report.states_visited) for report in told] == [(0, 10), (5, 20), (10, 30)]
    assert told == monitor.history
    assert all(report.eta_s is not None and 0 <= report.eta_s <= 60 for report in told)
