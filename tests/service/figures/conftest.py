"""Policies that are known by heart, as the figures see them."""

import pytest

from service.evaluation import Evaluator
from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from solver.policy.policy import Policy
from solver.settings import SolveSettings
from solver.solution import Provenance, Solution
from solver.status import Status
from worker.artifacts import Artifact
from worker.contract import Job

CHAIN = """
name: chain
title: Two regimes
symbols: {states: [k], controls: [i], exogenous: [w], parameters: []}
equations:
  transition: k[t] = 0.5*k[t-1] + 10*w[t]
  arbitrage: i[t] = 0.1*k[t] + w[t]
calibration: {k: 0, i: 0}
exogenous:
  w: !MarkovChain {values: [[-1], [2]], transitions: [[0.75, 0.25], [0.5, 0.5]]}
domain: {k: [-50, 50]}
"""
KINKED = """
name: kinked
title: A control between bounds
symbols: {states: [z, k], controls: [i], exogenous: [e], parameters: []}
equations:
  transition:
  - z[t] = 0.5*z[t-1] + e[t]
  - k[t] = 0.5*k[t-1]
  arbitrage: i[t] - k[t] - 0.25*z[t]  ⟂ -0.5 <= i[t] <= 0.75
calibration: {z: 0, k: 0, i: 0}
exogenous: {e: !UNormal {sigma: 0.1}}
domain: {z: [-1, 1], k: [-2, 2]}
"""


@pytest.fixture
def evaluator_of():
    """The linear rule of a model of the zoo, of a model file or of one of this file, as the API keeps it."""

    def make(text, **method):
        text = {"chain": CHAIN, "kinked": KINKED}.get(text, text)
        model = load_model(text) if "\n" in text else load_zoo(text)
        calibration = calibrate(model)
        settings = SolveSettings(method={"policy": {"family": "linear"}, **method})
        job = Job.describe(model.name, model, calibration, settings)
        policy = Policy.of_linear_rule(model, calibration)
        return Evaluator(model, job, _artifact(policy, calibration, ()))

    return make


def _artifact(policy, calibration, history):
    provenance = Provenance({}, "cpu", "float64", 0.1, 0.1)
    return Artifact.pack(
        Solution(Status.CONVERGED, calibration, SolveSettings(), policy, None, history, provenance), policy
    )


@pytest.fixture
def artifact_of():
    """An artifact with reports of training."""

    def make(history):
        calibration = calibrate(load_zoo("neoclassical"))
        policy = Policy.of_linear_rule(load_zoo("neoclassical"), calibration)
        return _artifact(policy, calibration, tuple(history))

    return make


@pytest.fixture
def drawn():
    """The axes of a picture, drawn on a figure of matplotlib, with its legends."""

    def draw(picture):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.0, picture.height_in))
        picture.draw(figure)
        return figure

    return draw
