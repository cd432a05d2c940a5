"""Euler errors as they are drawn: those of the certificate's judge, where they are said to be."""

import numpy as np
import pytest

from service.errors import RequestError
from service.figures.euler_errors import collect_errors
from service.schemas.figures import ErrorsFigureQuery


def collect(evaluator, given=None, **asked):
    return collect_errors(evaluator, ErrorsFigureQuery(**asked), given or {})


def judged(evaluator, *columns):
    states = np.column_stack(np.broadcast_arrays(*columns))
    return evaluator.judge.errors(evaluator.policy.evaluate, states).largest()


def test_errors_are_the_judges_at_the_states_of_the_axes(evaluator_of, drawn):
    evaluator = evaluator_of("neoclassical")
    picture = collect(evaluator)
    low, high = evaluator.domain["k"]
    for values, a in zip(picture.along, (-0.2, -0.1, 0, 0.1, 0.2), strict=True):
        np.testing.assert_allclose(10**values, judged(evaluator, a, picture.places), rtol=1e-6, atol=1e-12)
    assert (picture.places[0], picture.places[-1]) == (low, high)
    side = len(picture.map)
    a, k = -0.2 + 0.4 * (7 + 0.5) / side, low + (high - low) * (20 + 0.5) / side
    np.testing.assert_allclose(10 ** picture.map[7, 20], judged(evaluator, a, k)[0], rtol=1e-6)
    assert np.all(np.diff(picture.drawn) >= 0)
    assert picture.drawn[-1] <= picture.along.max() + 0.5
    axes = drawn(picture).axes
    levels = [line.get_ydata()[0] for line in axes[0].lines if line.get_label() == "target"]
    assert levels == [np.log10(evaluator.target)]
    assert axes[0].get_ylim()[0] < levels[0] < axes[0].get_ylim()[1]


def test_errors_of_zero_do_not_stretch_the_axes(evaluator_of, drawn):
    picture = collect(evaluator_of("consumption_savings"))
    assert (
        picture.along.min() == -17 and picture.along.max() > -3
    )  # nothing is saved by the poor, and rightly
    low, high = drawn(picture).axes[0].get_ylim()
    assert low > picture.along.max() - 7
    assert high > picture.along.max()


def test_errors_far_below_the_target_are_in_sight(evaluator_of, drawn):
    picture = collect(evaluator_of("kinked"))
    assert picture.along.max() < -12
    for low, high in (drawn(picture).axes[0].get_ylim(), drawn(picture).axes[-1].get_xlim()):
        assert low < picture.drawn[-1] < np.log10(picture.target) < high


def test_each_regime_has_a_line_and_one_state_no_map(evaluator_of):
    picture = collect(evaluator_of("chain"))
    assert picture.map is None
    assert [line.label for line in picture.lines] == ["regime 0", "regime 1"]
    assert picture.along.shape == (2, len(picture.places))


def test_costly_expectations_are_looked_at_in_fewer_places(evaluator_of):
    costly = collect(evaluator_of("rbc", expectation={"rule": "equidistant", "nodes": 200}))
    cheap = collect(evaluator_of("rbc"))
    assert len(costly.map) < len(cheap.map)
    assert costly.along.shape[1] < cheap.along.shape[1]


def test_expectations_that_are_too_costly_are_refused(evaluator_of):
    with pytest.raises(RequestError, match="too many for a figure"):
        collect(evaluator_of("multi_country", expectation={"rule": "gauss_hermite", "nodes": 60}))
