"""Solving from Python against the real stack."""

import itertools

import pytest
import saddlepath as sp

from tests.client.conftest import FAST
from tests.integration.conftest import ENDLESS

SEEDS = itertools.count(10_000)
OWN = """\
name: Brock and Mirman once more
source: Brock and Mirman (1972)
symbols: {states: [a, k], controls: [i], exogenous: [], parameters: [beta, theta]}
definitions: |
  y[t] = exp(a[t])*k[t]^theta
  c[t] = y[t] - i[t]
equations:
  transition: |
    a[t] = 0.9*a[t-1]
    k[t] = i[t-1]
  arbitrage: |
    1 - beta*c[t]/c[t+1]*theta*y[t+1]/k[t+1]
calibration: {beta: 0.96, theta: 0.36, a: 0, k: (beta*theta)^(1/(1 - theta)), i: k}
domain: {a: [-0.1, 0.1], k: [0.8*k, 1.2*k]}
"""


def test_the_same_request_is_the_same_solution(client):
    first = client.solve("neoclassical", beta=0.955, method=FAST)
    again = client.solve("neoclassical", calibration={"beta": 0.955}, method=FAST)
    assert first.id == again.id
    assert first.calibration["beta"] == 0.955
    assert first.verdict == "pass" and first.is_over
    assert first.euler_errors["box"].max_log10 < -6
    assert first.steady_state["k"] == pytest.approx((0.36 / (1 / 0.955 - 0.9)) ** (1 / 0.64))
    assert client.solution(first.id).record == first.record
    assert first.id in [solution.id for solution in client.solutions(model="neoclassical", limit=None)]


def test_a_list_is_as_long_as_it_was_asked_to_be(client):
    client.solve_many("neoclassical", [{"beta": 0.94}, {"beta": 0.945}], method=FAST)
    assert len(client.solutions(limit=1)) == 1


def test_a_solve_is_followed_until_it_is_over(client):
    method = {"training": {"algorithm": "adam", "steps": 3000, "learning_rate": 1e-3}}
    seen = []
    solution = client.submit("neoclassical", method=method, seed=next(SEEDS))
    assert not solution.is_over
    assert solution.wait(progress=seen.append) is solution
    assert solution.status == "succeeded"
    assert seen and all(isinstance(progress, sp.Progress) for progress in seen)
    assert [progress.step for progress in seen] == sorted(progress.step for progress in seen)
    assert seen[-1].step <= solution.progress.step


def test_what_takes_too_long_goes_on_and_can_be_cancelled(client):
    with pytest.raises(sp.SolveTimeoutError, match=r"not solved after 0\.5 s\. It goes on") as caught:
        client.solve("neoclassical", method=ENDLESS, seed=next(SEEDS), timeout=0.5)
    solution = client.solution(caught.value.id)
    assert not solution.is_over
    with pytest.raises(AttributeError, match="has no certificate"):
        _ = solution.verdict
    with pytest.raises(sp.ConflictError) as refused:
        solution.policy(a=0.0, k=4.0)
    assert refused.value.code == "unsolved"
    solution.cancel()
    with pytest.raises(
        sp.SolveError, match=r"was cancelled\. To put it in the queue again: .*retry"
    ) as ended:
        solution.wait()
    assert (ended.value.id, ended.value.status, ended.value.problem) == (solution.id, "cancelled", None)
    with pytest.raises(sp.SolveError):
        client.solve("neoclassical", method=ENDLESS, seed=solution.record["seed"])
    solution.delete()
    with pytest.raises(sp.NotFoundError) as gone:
        solution.refresh()
    assert (gone.value.status, gone.value.code) == (410, "gone")


def test_a_cancelled_solve_is_put_in_the_queue_again(client):
    solution = client.submit("neoclassical", method=ENDLESS, seed=next(SEEDS)).cancel()
    with pytest.raises(sp.SolveError):
        solution.wait()
    assert not solution.retry().is_over
    solution.cancel()
    with pytest.raises(sp.SolveError):
        solution.wait()


def test_a_solution_starts_from_another(client):
    first = client.solve("neoclassical", method=FAST)
    second = client.solve("neoclassical", beta=0.961, method=FAST, start=first)
    assert second.record["start"] == first.id


def test_many_calibrations_keep_their_order(client):
    betas = [0.95, 0.97, 0.93, 0.96]
    found = client.solve_many("neoclassical", ({"beta": beta} for beta in betas), method=FAST, concurrency=2)
    assert [solution.calibration["beta"] for solution in found] == betas


def test_one_of_many_that_cannot_be_solved_is_raised_or_returned(client):
    calibrations = [{"beta": 0.95}, {"beta": 2.0}]
    with pytest.raises(sp.InvalidError, match=r"beta = 2\.0 is outside its bounds"):
        client.solve_many("neoclassical", calibrations, method=FAST)
    solved, refused = client.solve_many("neoclassical", calibrations, method=FAST, return_exceptions=True)
    assert solved.verdict == "pass"
    assert isinstance(refused, sp.InvalidError)


def test_every_fault_of_a_request_is_told_with_its_pointer(client):
    with pytest.raises(sp.InvalidError) as caught:
        client.solve("rbc", beta=1.9, bta=0.9)
    assert {fault.pointer for fault in caught.value.errors} == {"/calibration/beta", "/calibration/bta"}
    assert caught.value.code == "invalid-calibration"
    assert "did you mean beta?" in str(caught.value)


def test_a_model_file_is_registered_and_solved(client, tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(OWN)
    assert [check["verdict"] for check in client.check(file)["checks"]].count("pass") >= 4
    solution = client.solve(file, method=FAST)
    found = solution.policy(a=0.0, k=0.2)
    assert found.i == pytest.approx(0.96 * 0.36 * found.y, rel=1e-5)  # the closed form
    model = client.model(solution.model)
    assert model.states == ("a", "k") and model.calibration["theta"] == 0.36


def test_a_document_is_solved_without_being_registered(client):
    names = {summary.name for summary in client.models()}
    document = {
        "name": "inline",
        "source": "Brock and Mirman (1972)",
        "symbols": {"states": ["k"], "controls": ["i"], "exogenous": [], "parameters": ["beta", "theta"]},
        "definitions": "y[t] = k[t]^theta\nc[t] = y[t] - i[t]",
        "equations": {
            "transition": "k[t] = i[t-1]",
            "arbitrage": "1 - beta*c[t]/c[t+1]*theta*y[t+1]/k[t+1]",
        },
        "calibration": {"beta": 0.96, "theta": 0.36, "k": "(beta*theta)^(1/(1 - theta))", "i": "k"},
        "domain": {"k": ["0.8*k", "1.2*k"]},
    }
    found = client.solve(document, method=FAST).policy(k=0.2)
    assert found.i == pytest.approx(0.96 * 0.36 * 0.2**0.36, rel=1e-5)
    assert {summary.name for summary in client.models()} == names


def test_a_faulty_file_is_refused_with_lines_and_columns(client, tmp_path):
    file = tmp_path / "faulty.yaml"
    file.write_text(OWN.replace("theta*y[t+1]", "zeta*y[t+1]"))
    for refuse in (client.check, client.register, client.solve):
        with pytest.raises(sp.InvalidError) as caught:
            refuse(file)
        (fault,) = caught.value.errors
        line = file.read_text().splitlines()[fault.line - 1]
        assert line[fault.column - 1 :].startswith("zeta")
        assert fault.symbol == "zeta" and f"line {fault.line}, column {fault.column}" in str(caught.value)


def test_a_file_of_an_unknown_kind_is_not_sent(client, tmp_path):
    with pytest.raises(
        sp.InputError, match=r"model\.txt does not tell what it is; a model file ends in \.yaml"
    ):
        client.check(tmp_path / "model.txt")


def test_an_unknown_name_lists_the_models(client):
    with pytest.raises(sp.NotFoundError, match="neoclassical"):
        client.model("nosuch")
    with pytest.raises(sp.NotFoundError) as caught:
        client.solution("0" * 32)
    assert caught.value.code == "unknown-solution"


def test_the_server_and_the_key_come_from_the_environment(server_url, monkeypatch):
    monkeypatch.setenv("SADDLEPATH_URL", server_url + "/")
    monkeypatch.setenv("SADDLEPATH_API_KEY", "sp_secret")
    client = sp.Client()
    assert (client.server.url, client.server.key) == (server_url, "sp_secret")
    assert "secret" not in repr(client) + repr(client.server)
    assert sp.Client("http://elsewhere:1", key="other").server.key == "other"
    with pytest.raises(sp.InputError, match="ftp://x"):
        sp.Client("ftp://x")
    monkeypatch.delenv("SADDLEPATH_API_KEY")
    assert sp.solve("neoclassical", method=FAST).policy(a=0.0, k=4.0).in_domain
    assert [
        found.calibration["beta"] for found in sp.solve_many("neoclassical", [{"beta": 0.95}], method=FAST)
    ]
    assert "rbc" in [summary.name for summary in sp.models()]
