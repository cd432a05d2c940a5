"""npz files, read by the program on the page that describes them, which knows NumPy alone."""

import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest

from solver.export.npz import to_npz
from tests.solver.export.page import PAGE, program, run
from tests.solver.export.policies import (
    EVERYTHING,
    FAMILIES,
    MODELS,
    answers,
    assert_same,
    random_policy,
    states_around,
)

PROGRAM = program("policy.npz")
FUNCTIONS = PROGRAM[: PROGRAM.index('\nwith np.load("policy.npz"')]


@pytest.fixture(scope="module")
def evaluate():
    """The page's function."""
    return run(FUNCTIONS)["evaluate"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("model", MODELS)
def test_the_pages_program_gives_what_the_service_gives(model, family, evaluate, tmp_path):
    policy = random_policy(MODELS[model], family)
    path = tmp_path / "policy.npz"
    path.write_bytes(to_npz(policy, {}))
    states = states_around(policy)
    with np.errstate(all="ignore"):
        found = evaluate(path, states)
    assert list(found) == [*policy.model.controls, *policy.model.definitions]
    assert_same(np.column_stack(list(found.values())), answers(policy, states))


def test_the_pages_program_runs_where_nothing_but_numpy_is_imported(tmp_path):
    (tmp_path / "policy.npz").write_bytes(to_npz(random_policy(EVERYTHING, "tanh"), {}))
    check = "\nimport sys\nassert 'solver' not in sys.modules\nprint(*answer)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM + check],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [*EVERYTHING.controls, *EVERYTHING.definitions]


def test_an_array_that_the_page_does_not_describe_is_not_there():
    told = set(re.findall(r"`(\w+)`", PAGE))
    for family in FAMILIES:
        with np.load(io.BytesIO(to_npz(random_policy(EVERYTHING, family), {})), allow_pickle=False) as file:
            assert {name for name in file if not re.fullmatch(r"weights_\d", name)} <= told


def test_the_metadata_say_whose_policy_it_is():
    policy = random_policy(EVERYTHING, "tanh")
    with np.load(io.BytesIO(to_npz(policy, {"solution": "5f0c"})), allow_pickle=False) as file:
        found = json.loads(str(file["metadata"]))
    assert found["model"]["hash"] == EVERYTHING.hash
    assert found["calibration"] == {"delta": 0.1, "gamma": 2.0}
    assert found["states"] == ["z", "k", "regime"]
    assert found["domain"] == {"z": [-0.5, 0.5], "k": [1.0, 3.0], "regime": [0.0, 1.0]}
    assert found["policy"] == {"family": "neural", "hidden": [7, 5], "activation": "tanh"}
    assert found["origin"] == {"solution": "5f0c"}
    assert "0.9*c[t]" in found["equations"]["arbitrage"][1]
    assert {key for key in found if f"`{key}`" not in PAGE} == set()


def test_the_same_policy_gives_the_same_bytes():
    assert len({to_npz(random_policy(EVERYTHING, "arctan"), {}) for _ in range(2)}) == 1
