"""A file of Dynare's through the whole service: registered, solved by a worker, evaluated, simulated."""

import httpx2
import numpy as np
import pytest

from tests.oracles.dynare import EXAMPLE, stored


@pytest.fixture(scope="module")
def api(stack):
    with httpx2.Client(base_url=stack.url, timeout=120.0) as client:
        yield client


def test_a_mod_file_is_solved_and_near_its_steady_state_is_dynare_s_rule(api):
    headers = {"Content-Type": "application/x-dynare"}
    model = api.post("/v1/models", content=EXAMPLE.read_bytes(), headers=headers).json()
    record = api.post("/v1/solutions", json={"model": model["name"]}, headers={"Prefer": "wait=60"}).json()
    assert record["status"] == "succeeded" and record["certificate"]["verdict"] == "pass"
    dynare, step = stored(EXAMPLE), 1e-3
    capital = dynare.steady["k"] * np.array([1 - step, 1, 1 + step])
    states = {"z": [0.0, 0.0, 0.0, -step, step], "k_lag": [*capital, capital[1], capital[1]]}
    answer = api.post(record["links"]["policy"], json={"states": states}).json()
    values = {**answer["controls"], **answer["definitions"]}
    place = dynare.states.index("k"), dynare.shocks.index("e")
    for name in ("c", "i", "k", "y"):
        row, path = dynare.variables.index(name), values[name]
        # Shocks of 0.7 % move the rule a little: to second order it is not the linear one.
        assert path[1] == pytest.approx(dynare.steady[name], rel=2e-3)
        by_capital = (path[2] - path[0]) / (capital[2] - capital[0])
        assert by_capital == pytest.approx(dynare.ghx[row, place[0]], rel=5e-3, abs=2e-4)
        by_productivity = (path[4] - path[3]) / (2 * step)
        assert by_productivity == pytest.approx(dynare.ghu[row, place[1]], rel=5e-3)


def test_the_file_that_get_answers_is_the_same_solution(api):
    headers = {"Content-Type": "application/x-dynare"}
    model = api.post("/v1/models", content=EXAMPLE.read_bytes(), headers=headers).json()
    file = api.get(f"/v1/models/{model['name']}", headers={"Accept": "application/yaml"})
    again = api.post("/v1/models", content=file.content, headers={"Content-Type": "application/yaml"}).json()
    assert (again["name"], again["hash"]) == (model["name"], model["hash"])
