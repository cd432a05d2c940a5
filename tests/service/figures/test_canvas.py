"""Bytes of figures: the same for the same picture, whatever a model is called and whatever the process has set."""

import re
import warnings
import xml.etree.ElementTree as ElementTree

import matplotlib
import pytest

from service.figures.canvas import Form, render
from service.figures.policy import collect_policy
from service.schemas.figures import PolicyFigureQuery

MODEL = """
name: hostile
title: '%TITLE%'
symbols: {states: [k], controls: [i], exogenous: [], parameters: []}
equations: {transition: 'k[t] = 0.5*k[t-1]', arbitrage: 'i[t] = 0.1*k[t]'}
calibration: {k: 0, i: 0}
domain: {k: [-1, 1]}
variables:
  k: {description: '%TITLE%', symbol: '%TITLE%'}
"""


@pytest.fixture
def picture_of(evaluator_of):
    return lambda text: collect_policy(evaluator_of(text), PolicyFigureQuery(), {})


@pytest.mark.parametrize("form", Form)
def test_the_same_picture_is_the_same_bytes_whatever_the_process_has_set(picture_of, form):
    picture = picture_of("kinked")
    content = render(picture, form)
    with matplotlib.rc_context({"font.size": 20, "axes.grid": True, "lines.linewidth": 9}):
        before = dict(matplotlib.rcParams)
        assert render(picture, form) == content
        assert dict(matplotlib.rcParams) == before


def test_a_png_is_as_wide_as_a_page_at_200_dots_an_inch(picture_of):
    content = render(picture_of("kinked"), Form.PNG)
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(content[16:20], "big") == 1400
    assert b"Matplotlib" not in content


@pytest.mark.parametrize(
    "title",
    [
        "$\\frac{",
        "$\\frac{$",
        "a_b^c $x$ %",
        "消费 и ∂",
        "<script>alert(1)</script>&--><!--",
        "x" * 3000,
        "a  b",
        "–" * 40,
    ],
)
def test_any_text_of_a_model_can_be_drawn(picture_of, title):
    picture = picture_of(MODEL.replace("%TITLE%", title))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        content = render(picture, Form.SVG)
        render(picture, Form.PNG)
    ElementTree.fromstring(content)
    assert not re.search(rb"<script|<dc:date|href=\"(?!#|data:image/png;base64)", content)
