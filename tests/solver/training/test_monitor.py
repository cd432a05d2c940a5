"""The monitor: what it measures, what it keeps and when it says stop."""

import math
import time

import numpy as np
import pytest

from solver.status import Status
from solver.training.monitor import Monitor, Rounds


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


def test_starting_over_forgets_the_weights_and_keeps_the_account():
    monitor = monitor_of(max_steps=3)
    record(monitor, 0.4e-3, loss=1e-9, steps=2, visited=40)
    assert monitor.end is Status.CONVERGED
    monitor.start_over()
    assert (monitor.best, monitor.best_error, monitor.end) == (None, math.inf, None)
    record(monitor, 0.3, loss=1.0, steps=0, visited=40)
    assert monitor.best == [0.3]
    assert not monitor.has_stalled(1)  # progress is measured afresh, by loss and by error
    assert [(each.step, each.states_visited) for each in monitor.history] == [(2, 40), (2, 80)]
    record(monitor, 0.2)
    assert monitor.end is Status.OUT_OF_STEPS


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
    assert all(each.phase == "phase" and each.elapsed_s >= 0 for each in seen)


def test_every_report_tells_what_end_is_expected_and_the_last_how_it_came(monkeypatch):
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    monitor = monitor_of(max_steps=20, started_s=now_s)
    for error in (0.1, 0.09, 0.08, 0.07):
        now_s += 2.0
        record(monitor, error)
    expected = [None, *[Status.OUT_OF_STEPS] * 3]
    assert [each.forecast for each in monitor.history] == expected
    assert [each.eta_s for each in monitor.history] == [None, 36.0, 34.0, 32.0]
    assert monitor.end is None  # it is told, and nothing else
    record(monitor, 0.4e-3)
    assert (monitor.history[-1].eta_s, monitor.history[-1].forecast) == (0.0, Status.CONVERGED)
    told = monitor.told(Status.DIVERGED)
    assert told[:-1] == tuple(monitor.history[:-1])
    assert (told[-1].step, told[-1].eta_s, told[-1].forecast) == (5, 0.0, Status.DIVERGED)
    assert monitor_of().told(Status.CANCELLED) == ()


def test_a_new_stage_and_a_new_start_are_forecast_by_their_own_reports():
    monitor = monitor_of(target=1e-9, max_steps=100)
    for forget in (lambda: None, monitor.start_over):
        forget()
        for phase in ("one", "another"):
            for error in (0.1, 0.05):
                monitor.record(phase, np.array([error]), 1.0, steps=1, visited=5)
    assert [each.forecast is None for each in monitor.history] == [True, False] * 4


def test_a_round_is_expected_to_take_what_the_last_one_took(monkeypatch):
    """Steps of 1 s, 2 s for the evaluation that a round starts with, and 10 s before it."""
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    monitor = monitor_of(max_steps=1000, started_s=now_s)
    expected = {3: 3 * (20 + 1.0), 2: 2 * (10 + 2.0 + 1.0), 1: 10 + 2.0 + 1.0}
    for rounds_left, eta_s in expected.items():
        monitor.forget_stall(1, Rounds(rounds_left, between=20.0))
        now_s += 2.0
        for _ in range(4):
            record(monitor, 0.1)
            now_s += 1.0
        now_s -= 1.0
        assert monitor.history[-1].eta_s == eta_s
        assert monitor.history[-1].forecast is Status.STALLED
        now_s += 10.0


def ticking(monkeypatch, **changes):
    """A monitor whose reports come a second apart, and stages at once."""
    seconds = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    monitor = monitor_of(started_s=100.0, **changes)

    def held_out_error(vector):
        seconds[0] += 1.0
        return float(vector[0])

    monitor.held_out_error = held_out_error
    return monitor


def rounds(monitor, errors, *, left, end_within_target=False):
    """A stage of patience one before so many rounds, with these errors."""
    monitor.forget_stall(1, Rounds(left, between=20.0, end_within_target=end_within_target))
    for error in errors:
        record(monitor, error)
    return monitor.history[-1]


@pytest.mark.parametrize(("is_spared", "eta_s"), [(True, 0.0), (False, 3 * 21.0)])
def test_no_round_is_expected_where_the_target_spares_it(monkeypatch, is_spared, eta_s):
    monitor = ticking(monkeypatch, max_steps=1000)
    last = rounds(monitor, [0.9e-3] * 4, left=3, end_within_target=is_spared)
    assert (last.eta_s, last.forecast) == (eta_s, Status.CONVERGED)


@pytest.mark.parametrize("before", [(3, 2, 1, 0), (2, 1)])
def test_a_fit_after_all_rounds_is_the_first_of_its_own(monkeypatch, before):
    monitor = ticking(monkeypatch, target=1e-6, max_steps=1000)
    for left in before:
        rounds(monitor, [1e-2] * 4, left=left)
    monitor.forget_stall()
    again = rounds(monitor, [1e-2] * 4, left=3)
    fresh = rounds(ticking(monkeypatch, target=1e-6, max_steps=1000), [1e-2] * 4, left=3)
    assert (again.eta_s, again.forecast) == (fresh.eta_s, fresh.forecast)


def test_a_round_without_a_record_is_no_part_of_what_comes_between(monkeypatch):
    """Ten seconds before each round, of which the third is not defined anywhere."""
    monitor = ticking(monkeypatch, max_steps=1000)
    for left, errors in ((4, [1e-2] * 4), (3, [1e-2] * 4), (2, []), (1, [1e-2] * 4)):
        last = rounds(monitor, errors, left=left)
        for _ in range(10):
            monitor.held_out_error(np.ones(1))
    assert (last.eta_s, last.forecast) == (10.0 + 1.0 + 1.0, Status.STALLED)


def test_what_an_earlier_round_has_met_is_forecast_as_met():
    monitor = monitor_of(max_steps=1000)
    rounds(monitor, [5e-3, 0.9e-3, 2e-3], left=1)
    assert rounds(monitor, [2e-3, 2e-3], left=0).forecast is Status.CONVERGED
    assert monitor.outcome(Status.STALLED) is Status.CONVERGED


def test_a_stall_is_expected_only_where_it_would_end_the_run():
    for patience, status in ((None, Status.OUT_OF_STEPS), (5, Status.STALLED)):
        monitor = monitor_of(max_steps=100)
        monitor.forget_stall(patience)
        for _ in range(3):
            record(monitor, 0.1)
        assert monitor.history[-1].forecast is status


def test_the_best_weights_are_judged_again_where_the_held_out_states_are_others():
    shift = [0.0]
    monitor = monitor_of(held_out_error=lambda vector: float(vector[0]) + shift[0])
    monitor.judge_again()
    assert monitor.best is None and monitor.end is None
    record(monitor, 0.4e-3)
    assert monitor.end is Status.CONVERGED
    shift[0] = 0.1
    monitor.judge_again()
    assert monitor.end is None and monitor.best_error == pytest.approx(0.1004)
    assert monitor.outcome(Status.STALLED) is Status.STALLED
    record(monitor, 0.3e-3)
    assert monitor.best == [0.3e-3]
    shift[0] = math.nan
    monitor.judge_again()
    assert monitor.best_error == math.inf


def test_what_is_judged_again_keeps_to_the_budget():
    monitor = monitor_of(max_steps=1)
    record(monitor, 0.4e-3)
    monitor.judge_again()
    assert monitor.end is Status.OUT_OF_STEPS
    assert monitor.outcome(Status.STALLED) is Status.CONVERGED


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


def noisy(seed, count, level, trend):
    """Errors and losses of random batches, falling as steps ** -trend towards nothing."""
    noise = np.exp(np.random.default_rng(seed).normal(0, 0.5, size=(2, count)))
    return level * noise / np.arange(1, count + 1) ** trend


@pytest.mark.parametrize("seed", range(5))
def test_noise_around_a_level_levels_off_and_a_slow_fall_does_not(seed):
    for trend, ends in ((0.0, True), (0.3, False)):
        monitor = monitor_of(max_steps=10**6)
        seen = False
        for error, loss in noisy(seed, 400, 0.1, trend).T:
            record(monitor, error, loss=loss, steps=100)
            assert not (monitor.has_levelled_off(4_000) and monitor.step < 4_000)
            seen = seen or monitor.has_levelled_off(4_000)
        assert seen is ends


@pytest.mark.parametrize("error, loss", [(0.989, 1.0), (1.0, 0.989)])
def test_a_hundredth_better_in_either_way_is_not_level(error, loss):
    for gain, levelled_off in ((1.0, False), (0.5, True)):
        monitor = monitor_of(max_steps=10**6)
        for place in range(40):
            share = gain if place >= 10 else 0.0
            record(monitor, 0.1 * error**share, loss=loss**share, steps=100)
        assert monitor.has_levelled_off(4_000) is levelled_off


def test_what_is_never_defined_can_level_off_by_its_loss_alone():
    monitor = monitor_of(max_steps=10**6)
    for _ in range(40):
        record(monitor, math.nan, steps=100)
    assert monitor.has_levelled_off(4_000)
    assert monitor.outcome(Status.STALLED) is Status.NON_FINITE


def test_a_rejected_step_is_no_step_but_hears_a_cancellation_and_the_clock():
    monitor = monitor_of(should_stop=lambda: monitor.states_visited > 12)
    record(monitor, 0.1)
    monitor.reject(visited=5)
    assert monitor.end is None
    monitor.reject(visited=5)
    assert monitor.end is Status.CANCELLED
    assert (monitor.step, monitor.states_visited, len(monitor.history)) == (1, 15, 1)
    monitor = monitor_of(max_seconds=5.0, started_s=time.monotonic() - 10.0)
    monitor.reject(visited=5)
    assert monitor.end is Status.OUT_OF_TIME


def test_what_is_off_the_clock_is_not_charged_but_told(monkeypatch):
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    monitor = monitor_of(max_seconds=5.0)
    with monitor.off_the_clock():
        now_s += 10.0
    now_s += 2.0
    record(monitor, 0.1)
    now_s += 2.0
    record(monitor, 0.1)
    assert monitor.end is None
    # By what is left of the budget: two steps in four seconds use up the fifth before they use up the steps.
    assert (monitor.history[-1].elapsed_s, monitor.history[-1].eta_s) == (14.0, 1.0)
    assert monitor.history[-1].forecast is Status.OUT_OF_TIME
    now_s += 2.0
    record(monitor, 0.1)
    assert monitor.end is Status.OUT_OF_TIME
