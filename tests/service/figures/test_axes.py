"""Ends of axes, and the states that may be drawn whatever a model makes of them."""

import numpy as np
import pytest

from service.figures.axes import plain_range
from service.figures.canvas import Form, render
from service.figures.euler_errors import collect_errors
from service.figures.policy import collect_policy
from service.figures.simulation import collect_simulation
from service.schemas.figures import ErrorsFigureQuery, PolicyFigureQuery, SimulationFigureQuery

EXTREME = """
name: extreme
title: As far as numbers go
symbols: {states: [z, k], controls: [i], exogenous: [], parameters: []}
equations:
  transition: ['z[t] = 0.5*z[t-1]', 'k[t] = %GROWTH%*k[t-1]']
  arbitrage: 'i[t] = %SIZE%*k[t]'
calibration: {z: 0, k: 0, i: 0}
domain: {z: [-1, 1], k: [-%WIDTH%, %WIDTH%]}
"""


def test_an_axis_holds_its_values_and_a_margin():
    assert plain_range(np.array([1.0, 3.0])) == (1, 3)
    assert plain_range(np.array([1.0, 3.0]), 0.1) == (0.8, 3.2)


@pytest.mark.parametrize("values", [[5.0, 5.0], [5.0, 5 + 1e-12], [5.0, np.nan, np.inf]])
def test_rounding_does_not_fill_an_axis(values):
    assert plain_range(np.array(values)) == pytest.approx((4.75, 5.25))


def test_differences_that_are_rounding_do_not_fill_an_axis():
    assert plain_range(np.array([0.0, 1e-16]), size=2.0) == pytest.approx((-0.1, 0.1))
    assert plain_range(np.array([0.0, 1e-3]), size=2.0) == (0, 1e-3)


@pytest.mark.parametrize("values", [[], [np.nan], [1e308, -1e308]])
def test_an_axis_without_values_has_ends(values):
    assert plain_range(np.array(values)) == (0, 1)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize(("growth", "size", "width"), [("0.5", "1.7e307", "10"), ("3", "1", "1")])
def test_figures_are_drawn_as_far_as_numbers_go(evaluator_of, growth, size, width):
    text = EXTREME.replace("%GROWTH%", growth).replace("%SIZE%", size).replace("%WIDTH%", width)
    evaluator = evaluator_of(text)
    for picture in (
        collect_policy(evaluator, PolicyFigureQuery(), {}),
        collect_errors(evaluator, ErrorsFigureQuery(), {}),
        collect_simulation(evaluator, SimulationFigureQuery(periods=700), {"k": float(width)}),
    ):
        assert render(picture, Form.SVG)
