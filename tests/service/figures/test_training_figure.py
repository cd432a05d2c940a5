"""Training as it is drawn: every report that was kept, against both measures of effort."""

import numpy as np
import pytest

from service.errors import NoHistoryError
from service.figures.training import collect_training
from solver.progress import Progress

REPORTS = (
    Progress("gauss-newton", 1, 1e-3, -1.5, 500, 0.5),
    Progress("gauss-newton", 2, 1e-6, None, 1000, 1.0),
    Progress("adam", 50, 1e-9, -4.5, 9000, 3.0),
)


@pytest.fixture
def collect(evaluator_of, artifact_of):
    return lambda reports: collect_training(evaluator_of("neoclassical"), artifact_of(reports))


def by_label(axes):
    return {line.get_label(): line.get_xydata() for line in axes.lines}


def test_error_and_loss_stand_against_seconds_and_states(collect, drawn):
    axes = drawn(collect(REPORTS)).axes
    seconds, states = [0.5, 1.0, 3.0], [500, 1000, 9000]
    errors, losses = [-1.5, np.nan, -4.5], [-3, -6, -9]
    pairs = [(seconds, errors), (states, errors), (seconds, losses), (states, losses)]
    for one, (x, y) in zip(axes, pairs, strict=True):
        np.testing.assert_allclose(by_label(one)["gauss-newton"][:2], np.column_stack([x, y])[:2])
        np.testing.assert_allclose(by_label(one)["adam"][2], (x[2], y[2]))
    assert [one.get_xlabel() for one in axes[2:]] == ["seconds", "states visited"]
    np.testing.assert_allclose(by_label(axes[0])["target"][:, 1], np.log10(1e-6))


def test_a_loss_that_may_be_negative_is_drawn_as_it_is(collect, drawn):
    reports = [Progress("adam", step, loss, -1.0, step, step / 9) for step, loss in enumerate((2.0, -5.0), 1)]
    axes = drawn(collect(reports)).axes[2]
    assert axes.get_ylabel() == "loss"
    np.testing.assert_allclose(by_label(axes)["adam"][:, 1], [2.0, -5.0])


@pytest.mark.parametrize("undefined", [float("nan"), float("inf")])
def test_what_was_not_finite_is_left_out(collect, drawn, undefined):
    reports = [Progress("adam", step, undefined, None, step, step / 9) for step in (1, 2)]
    figure = drawn(collect(reports))
    assert np.isnan(by_label(figure.axes[2])["adam"][:, 1]).all()


def test_a_single_report_is_enough(collect, drawn):
    assert by_label(drawn(collect(REPORTS[:1])).axes[0])["gauss-newton"].shape == (1, 2)


def test_reports_that_mostly_came_early_are_spread(collect, drawn):
    reports = [Progress("adam", n, 1.0, -1.0, n, n / 9) for n in (*range(1, 10), 1000)]
    assert [one.get_xscale() for one in drawn(collect(reports)).axes[2:]] == ["log", "log"]
    assert [one.get_xscale() for one in drawn(collect(REPORTS)).axes[2:]] == ["linear", "linear"]


def test_a_solution_without_reports_is_told_so(collect):
    with pytest.raises(NoHistoryError, match="solve it again"):
        collect(())
