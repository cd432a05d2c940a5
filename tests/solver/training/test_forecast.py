"""The forecast of a run's end, on histories whose end is known."""

import math

import numpy as np
import pytest

from solver.progress import Progress
from solver.status import Status
from solver.training.forecast import Bounds, Forecast, foresee

SETUP_S = 0.5


def stage(errors_log10, phase="levenberg-marquardt", pace_s=2.0, steps=1, losses=None):
    """Reports at an even pace, the first after the setup."""
    losses = [math.nan] * len(errors_log10) if losses is None else losses
    return [
        Progress(phase, steps * place, loss, error, 0, SETUP_S + pace_s * place)
        for place, (error, loss) in enumerate(zip(errors_log10, losses, strict=True))
    ]


def bounds(**changes):
    choice = {"goal": 1e-6, "target": 2e-6, "steps_left": 10**6, "seconds_left": 1e9, "setup_s": SETUP_S}
    return Bounds(**{**choice, **changes})


def first_at_most(law, level, after):
    """The first report of ``law(n)`` at most ``level``."""
    return next(n for n in range(after, 10**7) if law(n) <= level)


@pytest.mark.parametrize("made", [4, 10, 40, 400])
@pytest.mark.parametrize("power", [1.0, 4.0])
def test_a_power_law_is_followed_exactly(made, power):
    def law(n):
        return -1 - power * math.log10(n + 6)

    goal = law(500 * 2 + 0.5)
    forecast = foresee(stage([law(n) for n in range(made)]), bounds(goal=10**goal))
    reports = first_at_most(law, goal, made) - (made - 1)
    assert forecast.status is Status.CONVERGED
    assert forecast.eta_s == pytest.approx(2.0 * reports, rel=0.01)


def test_geometric_decay_is_told_late_and_within_a_factor_of_two_from_half_way_on():
    """A constant share of the error per report is faster than any power, so what is told is an upper bound."""
    history, end = [-1 - 0.05 * n for n in range(101)], 100
    ratios = []
    for made in range(61, 101):
        forecast = foresee(stage(history[:made]), bounds())
        assert forecast.status is Status.CONVERGED
        ratios.append(forecast.eta_s / (2.0 * (end - (made - 1))))
    assert all(1 <= ratio <= 2 for ratio in ratios)
    assert ratios[-1] == 1


def test_superlinear_steps_are_few_from_the_first_report_on():
    """Digits double with every Gauss-Newton step: 10^-1, 10^-2, 10^-4, 10^-8."""
    history = [-1.0, -2.0, -4.0, -8.0]
    expected = [(3, SETUP_S), (2, 2.0), (1, 2.0)]
    for made, (steps, pace_s) in enumerate(expected, start=1):
        forecast = foresee(stage(history[:made], "gauss-newton"), bounds())
        assert forecast == Forecast(steps * pace_s, Status.CONVERGED)
    assert foresee(stage(history, "gauss-newton"), bounds()) == Forecast(0.0, Status.CONVERGED)


def test_slow_gauss_newton_steps_promise_no_doubling():
    slow = [-1.0, -1.2, -1.35, -1.5, -1.6]
    assert foresee(stage(slow, "gauss-newton"), bounds()) == foresee(stage(slow), bounds())


@pytest.mark.parametrize("seed", range(5))
def test_noise_leaves_a_forecast_within_a_factor_of_two(seed):
    """Random batches: errors that scatter by a fifth around a power law, from a fifth to four fifths of the run.

    Nearer to the end the noise decides which report is the first, and nothing can tell it.
    """
    rng = np.random.default_rng(seed)
    history = [-0.5 - 2 * math.log10(n + 6) + rng.normal(0, 0.08) for n in range(400)]
    goal = -5.0
    end = next(n for n, error in enumerate(history) if error <= goal)
    told = [foresee(stage(history[: n + 1]), bounds(goal=10**goal)) for n in range(end // 5, 4 * end // 5)]
    within = [0.5 <= one.eta_s / (2.0 * (end - n)) <= 2 for n, one in enumerate(told, start=end // 5)]
    assert np.mean(within) >= 0.8


def test_a_budget_that_ends_before_the_target_is_told():
    slow = [-1 - math.log10(n + 6) for n in range(20)]
    assert foresee(stage(slow, steps=250), bounds(steps_left=1000)) == Forecast(8.0, Status.OUT_OF_STEPS)
    assert (
        foresee(stage(slow, steps=250), bounds(steps_left=1001)).eta_s == 10.0
    )  # the last one is a short one
    assert foresee(stage(slow), bounds(seconds_left=7.0)) == Forecast(7.0, Status.OUT_OF_TIME)
    assert foresee(stage(slow), bounds()).status is Status.CONVERGED


def test_what_is_within_the_target_at_the_end_of_the_budget_has_met_it():
    def law(n):
        return -1 - 2 * math.log10(n + 6)

    history = stage([law(n) for n in range(20)])
    for goal, target, status in [(29, 28, Status.CONVERGED), (40, 30, Status.OUT_OF_STEPS)]:
        limits = bounds(goal=10 ** law(goal), target=10 ** (law(target) + 1e-9), steps_left=9)
        assert foresee(history, limits) == Forecast(18.0, status)


def test_a_level_error_stalls_when_patience_ends():
    level = stage([-4.0] * 12)
    forecast = foresee(level, bounds(patience=25, impatience=11))
    assert forecast == Forecast(2.0 * 14, Status.STALLED)
    forecast = foresee(level, bounds(patience=25, impatience=11, rounds_left=2))
    assert forecast == Forecast(2.0 * 64, Status.STALLED)
    assert foresee(level, bounds(patience=None)) == Forecast(2e6, Status.OUT_OF_STEPS)
    assert foresee(level, bounds(target=2e-4, patience=25)).status is Status.CONVERGED


def test_every_round_takes_what_comes_between_and_its_patience():
    level = stage([-4.0] * 12, "gauss-newton")
    limits = {"patience": 2, "impatience": 2, "rounds_left": 3}
    assert foresee(level, bounds(**limits, between=20.0)) == Forecast(3 * 22 * 2.0, Status.STALLED)
    seen = foresee(level, bounds(**limits, between=20.0, between_s=7.0))
    assert seen == Forecast(3 * (7.0 + 2 * 2.0), Status.STALLED)


def test_the_first_step_of_a_round_promises_neither_digits_nor_further_steps():
    """At kinks: 10^-2, 10^-3. Of a first fit the digits would double."""
    history, limits = stage([-2.0, -3.0], "gauss-newton"), {"patience": 1, "impatience": 0, "rounds_left": 1}
    assert foresee(history, bounds(**limits, between=9.0)) == Forecast(2 * 2.0, Status.CONVERGED)
    assert foresee(history, bounds(**limits, between_s=1.0)) == Forecast(2.0 + 1.0 + 2.0, Status.STALLED)


def test_waiting_for_a_round_takes_seconds_and_no_steps():
    limits = {"patience": 1, "impatience": 1, "rounds_left": 2, "between_s": 10.0}
    level = stage([-3.0] * 6, pace_s=0.1)
    assert foresee(level, bounds(**limits, steps_left=190)) == Forecast(pytest.approx(20.2), Status.STALLED)
    assert foresee(level, bounds(**limits, steps_left=1)) == Forecast(
        pytest.approx(10.1), Status.OUT_OF_STEPS
    )
    assert foresee(level, bounds(**limits, seconds_left=12.0)) == Forecast(12.0, Status.OUT_OF_TIME)


def test_a_goal_beyond_a_stall_waits_for_a_round():
    history = stage([-3.6, -3.7, -3.76, -3.8, -3.84], pace_s=0.1)
    limits = {"goal": 1e-4, "target": 1e-4, "patience": 1, "impatience": 1, "worth": 0.5, "rounds_left": 2}
    forecast = foresee(history, bounds(**limits, between_s=10.0))
    assert forecast == Forecast(pytest.approx(20.2), Status.STALLED)


def test_what_an_earlier_stage_has_met_is_met():
    forecast = foresee(stage([-3.0] * 6), bounds(patience=3, impatience=1, is_met=True))
    assert forecast == Forecast(4.0, Status.CONVERGED)


def test_a_falling_loss_puts_a_stall_off():
    """The loss falls as 1 / (n + 6), by a tenth over 25 reports until n + 6 is 225."""
    losses = [1 / (n + 6) for n in range(12)]
    forecast = foresee(stage([-4.0] * 12, losses=losses), bounds(patience=25, impatience=0))
    assert forecast.status is Status.STALLED
    assert forecast.eta_s == pytest.approx(2.0 * (225 - 6 - 11 + 25), rel=1e-9)


def test_nothing_is_told_by_the_first_report_of_a_stage():
    assert foresee(stage([-1.0]), bounds()) == Forecast(None, None)
    assert foresee(stage([None]), bounds()) == Forecast(None, None)
    assert foresee(stage([-7.0]), bounds()) == Forecast(0.0, Status.CONVERGED)
    assert foresee(stage([-1.0]), bounds(steps_left=0)) == Forecast(0.0, Status.OUT_OF_STEPS)
    assert foresee(stage([-1.0]), bounds(seconds_left=-1.0)) == Forecast(0.0, Status.OUT_OF_TIME)


@pytest.mark.parametrize("phase", ["time-iteration", "policy-iteration"])
def test_nothing_is_told_by_a_stage_that_leaves_the_rest_to_another(phase):
    slow = [-0.5, -0.6, -0.7]
    assert foresee(stage(slow, phase), bounds()) == Forecast(None, None)
    assert foresee(stage(slow, phase), bounds(steps_left=0)) == Forecast(0.0, Status.OUT_OF_STEPS)


def test_errors_that_are_not_defined_promise_nothing():
    assert foresee(stage([None] * 5), bounds(steps_left=10)) == Forecast(20.0, Status.OUT_OF_STEPS)
