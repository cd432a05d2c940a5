"""Solutions that are linear rules, whose every path, moment and response is known."""

import dataclasses

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from solver.policy.policy import Policy
from solver.solution import Provenance, Solution
from solver.status import Status
from tests.oracles.log_growth import MODEL

MIXED = """
name: mixed
symbols: {states: [k], controls: [i], exogenous: [z, v, w], parameters: []}
equations:
  transition: k[t] = 0.5*k[t-1] + z[t] + 10*w[t]
  arbitrage: i[t] = 0.1*k[t]
calibration: {k: 0, i: 0}
exogenous:
  z, v: !VAR1 {rho: [[0.9, 0], [0, 0.5]], Sigma: [[0.04, 0.03], [0.03, 0.09]]}
  w: !MarkovChain {values: [[-1], [2]], transitions: [[0.75, 0.25], [0.5, 0.5]]}
domain: {k: [-50, 50], z: [-2, 2], v: [-2, 2]}
"""


def linear_rule(model, **parameters):
    calibration = calibrate(model, parameters)
    return Solution(
        status=Status.CONVERGED,
        calibration=calibration,
        settings=None,
        policy=Policy.of_linear_rule(model, calibration),
        certificate=None,
        history=(),
        provenance=Provenance({}, "cpu", "float64", 0.1, 0.1),
    )


@pytest.fixture
def solve(api, finisher):
    """The path of a solution that is a linear rule: ``solve(model, beta=…)``, of the zoo or a model file."""

    def finish(model, **parameters):
        document = dict(load_model(model).document) if "\n" in model else model
        asked = {"model": document, "calibration": parameters, "method": {"policy": {"family": "linear"}}}
        answer = api.post("/v1/solutions", json=asked)
        assert answer.status_code == 202, answer.text
        read = load_model(model) if "\n" in model else load_zoo(model)
        finisher.succeed(answer.json()["id"], linear_rule(read, **parameters))
        return answer.json()["links"]["self"]

    return finish


@pytest.fixture
def consumed(api, finisher):
    """The path of a solution of rbc whose rule sells 1.5 of capital in every period, until there is none."""
    answer = api.post("/v1/solutions", json={"model": "rbc", "method": {"policy": {"family": "linear"}}})
    solution = linear_rule(load_zoo("rbc"))
    frame = solution.policy.frame._replace(base=np.array([[-1.5]]), slope=np.zeros((2, 1)))
    policy = dataclasses.replace(solution.policy, frame=frame)
    finisher.succeed(answer.json()["id"], dataclasses.replace(solution, policy=policy))
    return answer.json()["links"]["self"]


@pytest.fixture
def logs(solve):
    """The path of the solution of growth in logs, which its linear rule is."""
    return solve(MODEL)


@pytest.fixture
def mixed(solve):
    """The path of a solution with two correlated shocks and a chain."""
    return solve(MIXED)
