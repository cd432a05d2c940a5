"""Simulations that are too large for one request, and jobs of the service's therefore."""

import numpy as np
import pandas as pd
import pytest
import saddlepath as sp
from saddlepath import large_simulations

from tests.client.conftest import Misbehaving

SIMULATION = {"id": "sim-1", "solution": "f" * 32, "problem": {"detail": "out of memory"}}


def test_a_large_simulation_is_waited_for_and_put_together(rbc, monkeypatch):
    periods, paths = 1, 70_000  # more rows than a page has
    large = rbc.simulate(periods, paths, burn_in=100, seed=5)
    assert len(large) == periods * paths and large.index.is_unique
    assert list(large.index[[0, -1]]) == [(0, 0), (paths - 1, 0)]
    small = rbc.simulate(periods, 1000, burn_in=100, seed=5)  # as many paths as one block of draws
    pd.testing.assert_frame_equal(large.iloc[:1000], small, rtol=1e-9)
    phi, sigma = rbc.calibration["phi"], rbc.calibration["sigma"]
    # Seven standard errors of the standard deviation of so many independent draws.
    assert np.std(large["a"]) == pytest.approx(sigma / np.sqrt(1 - phi**2), rel=0.02)
    # Where pyarrow is not installed it comes page by page, as JSON.
    monkeypatch.setattr(large_simulations, "find_spec", lambda _: None)
    pd.testing.assert_frame_equal(large, rbc.simulate(periods, paths, burn_in=100, seed=5))


def test_a_variable_may_be_called_as_the_index_is(client):
    z = "path[t] = 0.9*path[t-1] + e[t]"
    model = {
        "symbols": {"states": ["path", "k"], "controls": ["i"], "exogenous": ["e"], "parameters": ["beta"]},
        "definitions": ["y[t] = exp(path[t])*k[t]^0.3", "c[t] = y[t] - i[t]"],
        "equations": {
            "transition": [z, "k[t] = i[t-1]"],
            "arbitrage": ["1/c[t] = beta*0.3*y[t+1]/k[t+1]/c[t+1]"],
        },
        "calibration": {"beta": 0.9, "path": 0, "k": "(0.3*beta)^(1/0.7)", "i": "k"},
        "exogenous": {"e": {"UNormal": {"sigma": 0.01}}},
    }
    solution = client.solve(model, target=1e-3)
    large = solution.simulate(1, 70_000, burn_in=100)
    assert list(large.index.names) == ["path", "t"] and large.index[-1] == (69_999, 0)
    assert abs(large["path"].to_numpy()).max() < 0.2  # the variable: its standard deviation is 0.02


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_one_that_ends_without_a_result_says_so(misbehaving: Misbehaving, status):
    misbehaving.script = [
        (200, {}, {"id": "f" * 32}),
        (202, {"Location": "/v1/solutions/f/simulations/sim-1"}, {**SIMULATION, "status": "queued"}),
        (200, {}, {**SIMULATION, "status": "running"}),
        (200, {}, {**SIMULATION, "status": status}),
    ]
    with (
        sp.Client(misbehaving.url) as client,
        pytest.raises(sp.SimulationError, match=f"was {status}: out of memory"),
    ):
        client.solution("f" * 32).simulate(1000, 10_000)
    assert [path.rpartition("/")[2] for _, path, _, _ in misbehaving.seen][1:] == [
        "simulate",
        "sim-1?wait=20",
        "sim-1?wait=20",
    ]
