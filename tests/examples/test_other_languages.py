"""The examples for other languages, run as they stand against a live server, give what Python is given."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx2
import numpy as np
import pytest

from tests.integration.conftest import RunningStack
from tests.oracles.dynare import HAS_DYNARE, MATLAB, stored

EXAMPLES = Path(__file__).parents[2] / "examples"
NUMBER = r"(-?\d+\.?\d*(?:e-?\d+)?)"
CAPITAL = [3.5, 4.2, 5.0]


def has(program, *check):
    """Whether a program is installed, and what it needs."""
    return (
        shutil.which(program) is not None and subprocess.run([program, *check], check=False).returncode == 0
    )


needs_curl = pytest.mark.skipif(not has("curl", "--version"), reason="needs curl")
needs_r = pytest.mark.skipif(
    not has("Rscript", "-e", "quit(status = !requireNamespace('httr2', quietly = TRUE))"),
    reason="needs R and httr2 (Debian: apt install r-cran-httr2)",
)
needs_octave = pytest.mark.skipif(
    not has("octave", "--version"), reason="needs octave (Debian: apt install octave)"
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    running = RunningStack(tmp_path_factory.mktemp("stack") / "data")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def expected(stack):
    """What Python is given: the solution's id, the policy at one state and at several, the certificate."""
    with httpx2.Client(base_url=stack.url, timeout=120.0) as api:
        asked = {"model": "neoclassical", "calibration": {"beta": 0.95, "gamma": 2}}
        solution = api.post("/v1/solutions", json=asked, headers={"Prefer": "wait=60"}).json()
        policy = solution["links"]["policy"]
        return {
            "id": solution["id"],
            "one": api.get(policy, params={"a": 0.0, "k": 4.2}).json(),
            "many": api.post(policy, json={"states": {"a": 0.0, "k": CAPITAL}}).json(),
            "certificate": api.get(solution["links"]["certificate"]).json(),
        }


def run(stack, tmp_path, *command):
    """What an example prints, run where its files are copies."""
    folder = tmp_path / "examples"
    shutil.copytree(EXAMPLES, folder)
    environment = {**os.environ, "SADDLEPATH_URL": stack.url, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_printed(printed, expected):
    """The output of the examples in R and Octave, to 14 digits."""
    assert f"solution {expected['id']} succeeded" in printed
    one = re.search(f"k = 4.2: i = {NUMBER}, c = {NUMBER}", printed)
    assert [float(one[1]), float(one[2])] == pytest.approx(
        [expected["one"]["controls"]["i"], expected["one"]["definitions"]["c"]], rel=1e-13
    )
    rows = re.findall(rf"^(?:\d )?(3\.5|4\.2|5(?:\.0)?) {NUMBER} {NUMBER}$", printed, re.MULTILINE)
    many = [CAPITAL, expected["many"]["controls"]["i"], expected["many"]["definitions"]["c"]]
    np.testing.assert_allclose(np.array(rows, dtype=float).T, many, rtol=1e-13)
    verdict = re.search(f"certificate (pass|warn|fail) {NUMBER}", printed)
    assert verdict[1] == expected["certificate"]["verdict"] == "pass"
    assert float(verdict[2]) == pytest.approx(
        expected["certificate"]["euler_errors"]["box"]["max_log10"], rel=1e-13
    )


@needs_curl
def test_curl(stack, expected, tmp_path):
    lines = run(stack, tmp_path, "./solve.sh").splitlines()
    assert lines[0] == f"solution {expected['id']}"
    assert [json.loads(line) for line in lines[1:]] == [
        expected["one"],
        expected["many"],
        expected["certificate"],
    ]


@needs_curl
def test_curl_fails_where_the_service_refuses(stack, tmp_path):
    script = (EXAMPLES / "solve.sh").read_text().replace('"gamma": 2', '"gamma": -2')
    done = subprocess.run(
        ["sh", "-c", script],
        env={**os.environ, "SADDLEPATH_URL": stack.url},
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0


@needs_r
def test_r(stack, expected, tmp_path):
    assert_printed(run(stack, tmp_path, "Rscript", "solve.R"), expected)


@needs_r
def test_r_says_why_the_service_refuses(stack, tmp_path):
    script = tmp_path / "refused.R"
    script.write_text((EXAMPLES / "solve.R").read_text().replace("gamma = 2", "gamma = -2"))
    done = subprocess.run(
        ["Rscript", script],
        env={**os.environ, "SADDLEPATH_URL": stack.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0 and "gamma = -2" in done.stderr


@needs_octave
@needs_curl
def test_octave(stack, expected, tmp_path):
    octave = ("octave", "--no-gui", "--norc", "--quiet", "--eval")
    assert_printed(run(stack, tmp_path, *octave, "solve_neoclassical"), expected)


@needs_octave
@needs_curl
@pytest.mark.skipif(not HAS_DYNARE, reason="needs dynare (Debian: apt install dynare)")
def test_a_file_of_dynare_s_beside_dynare_s_own_solution(stack, tmp_path):
    program = f"addpath {MATLAB}; dynare rbc.mod noclearall nolog nograph console; solve_dynare"
    printed = run(stack, tmp_path, "octave", "--no-gui", "--norc", "--quiet", "--eval", program)
    rows = re.findall(rf"k\(-1\) = {NUMBER} +c = {NUMBER}, to first order {NUMBER}", printed)
    capital, policy, linear = np.array(rows, dtype=float).T
    dynare = stored(EXAMPLES / "rbc.mod")
    np.testing.assert_allclose(capital, dynare.steady["k"] * np.array([0.9, 1, 1.1]), rtol=1e-5)
    slope = dynare.ghx[dynare.variables.index("c"), dynare.states.index("k")]
    np.testing.assert_allclose(linear, dynare.steady["c"] + slope * (capital - dynare.steady["k"]), rtol=1e-6)
    # The policy is concave: below its tangent at the steady state, and off by what shocks and curvature make, 0.2 %.
    assert (policy < linear).all() and np.abs(policy / linear - 1).max() < 2e-3
    assert re.search("certificate pass", printed)
