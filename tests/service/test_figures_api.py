"""Figures over HTTP."""

import dataclasses
import hashlib
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.policy.policy import Policy
from solver.progress import Progress
from solver.solution import Provenance, Solution
from solver.status import Status

NAMES = ("policy", "euler-errors", "training", "simulation")
MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
BEGINNINGS = {"svg": b"<?xml", "png": b"\x89PNG"}
RANDOM = """
name: random
title: A walk that comes home
symbols: {states: [k], controls: [i], exogenous: [e], parameters: []}
equations: {transition: 'k[t] = 0.5*k[t-1] + e[t]', arbitrage: 'i[t] = 0.1*k[t]'}
calibration: {k: 0, i: 0}
exogenous: {e: !UNormal {sigma: 0.1}}
domain: {k: [-1, 1]}
"""


def linear_rule(model):
    calibration = calibrate(model)
    policy, provenance = Policy.of_linear_rule(model, calibration), Provenance({}, "cpu", "float64", 0.1, 0.1)
    return Solution(Status.CONVERGED, calibration, None, policy, None, (), provenance)


@pytest.fixture
def figures(api, finisher, make_solution):
    """The path of the figures of a solution that has a history."""
    solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
    history = (Progress("gauss-newton", 1, 1e-9, -4.5, 500, 0.1),)
    finisher.succeed(solution_id, dataclasses.replace(make_solution(), history=history))
    return f"/v1/solutions/{solution_id}/figures"


@pytest.mark.parametrize("form", MEDIA_TYPES)
@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_a_file_that_may_be_kept_for_good(api, figures, name, form):
    path = f"{figures}/{name}.{form}"
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPES[form]
    assert answer.content.startswith(BEGINNINGS[form])
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    again = api.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = api.head(path)
    assert (head.status_code, head.content) == (200, b"")


def test_parameters_choose_what_is_drawn(api, figures):
    asked = (
        "policy.svg",
        "policy.svg?k=4.2",
        "policy.svg?variables=y",
        "policy.svg?along=a",
        "euler-errors.svg",
        "euler-errors.svg?a=0.1",
        "simulation.svg",
        "simulation.svg?periods=20",
        "simulation.svg?k=3&a=0.1",
        "simulation.svg?variables=k,c",
    )
    answers = [api.get(f"{figures}/{one}") for one in asked]
    assert [one.status_code for one in answers] == [200] * len(asked)
    assert len({one.content for one in answers}) == len(asked)


def test_figures_that_are_asked_for_at_once_are_those_that_are_asked_for_alone(api, figures):
    assert api.app.state.services.drawing.at_once == 1  # matplotlib's settings belong to the process
    paths = [f"{figures}/{name}.svg" for name in NAMES]
    alone = [api.get(path).content for path in paths]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda path: api.get(path).content, 2 * paths))
    assert together == 2 * alone


def test_an_impulse_response_is_drawn_where_there_are_shocks(api, finisher, figures):
    answer = api.post("/v1/models", content=RANDOM, headers={"Content-Type": "application/yaml"})
    asked = {"model": answer.json()["name"], "method": {"policy": {"family": "linear"}}}
    solution_id = api.post("/v1/solutions", json=asked).json()["id"]
    finisher.succeed(solution_id, linear_rule(load_model(RANDOM)))
    path = f"/v1/solutions/{solution_id}/figures/impulse-response.png"
    drawn = [
        api.get(f"{path}?shock=e{more}") for more in ("", "&size=-2", "&periods=9", "&k=0.4", "&variables=i")
    ]
    assert [one.status_code for one in drawn] == [200] * 5
    assert len({one.content for one in drawn}) == 5
    assert api.get(path).json()["errors"][0]["pointer"] == "/shock"
    refused = api.get(f"{figures}/impulse-response.png?shock=e")
    assert refused.status_code == 422
    assert "nothing is left to chance" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ("policy.svg?x=1", "/x"),
        ("policy.svg?k=nan", "/k"),
        ("policy.svg?k=1&k=2", "/k"),
        ("policy.svg?along=x", "/along"),
        ("policy.svg?k=-1", "/k"),
        ("policy.svg?variables=%00", "/variables"),
        ("euler-errors.svg?variables=c", "/variables"),
        ("training.svg?periods=3", "/periods"),
        ("simulation.svg?periods=1", "/periods"),
        ("simulation.svg?periods=2001", "/periods"),
        ("simulation.svg?paths=1001", "/paths"),
        ("simulation.svg?seed=-1", "/seed"),
        ("simulation.svg?k=0", "/k"),
        ("impulse-response.svg?shock=e&size=1e9", "/size"),
    ],
)
def test_bad_parameters_are_named(api, figures, asked, pointer):
    answer = api.get(f"{figures}/{asked}")
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_what_there_is_not_is_not_found(api, figures):
    for path in (
        f"{figures}/policy.gif",
        f"{figures}/policy",
        f"{figures}/other.svg",
        f"{figures}/policy.svg.png",
    ):
        answer = api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    answer = api.get(f"/v1/solutions/{'0' * 32}/figures/policy.svg")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-solution")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_solved_has_no_figures(api, name):
    solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
    answer = api.get(f"/v1/solutions/{solution_id}/figures/{name}.svg")
    assert (answer.status_code, answer.json()["code"]) == (409, "unsolved")


def test_a_solution_without_a_history_is_told_so(api, solved):
    answer = api.get(f"/v1/solutions/{solved}/figures/training.svg")
    assert (answer.status_code, answer.json()["code"]) == (409, "no-history")


def test_more_figures_than_may_wait_are_turned_away(make_api, finisher, fill):
    with make_api(max_waiting_figures=1) as api:
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        finisher.succeed(solution_id)
        path = f"/v1/solutions/{solution_id}/figures/policy.svg"
        with fill(api, "drawing") as empty, ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(api.get, path) for _ in range(2)]
            (refused,), (waiting,) = wait(asked, return_when=FIRST_COMPLETED)
            assert (refused.result().status_code, refused.result().json()["code"]) == (429, "busy")
            empty()
            assert waiting.result().status_code == 200
