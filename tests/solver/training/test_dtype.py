"""Training in float32: its graphs hold nothing else, it finds the same policies, and repeats itself to the byte."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.settings import PolicySettings, SolveSettings
from solver.solve import solve
from solver.status import Status
from solver.training.compiled import CompiledObjective, compiled_objective
from solver.training.compiled_bellman import CompiledBellman
from solver.training.descent import compiled_descent
from tests.oracles.growth import Growth

SMALL = PolicySettings(hidden=(5, 4), activation="tanh")
#: A free condition; regimes; a multiplier among the controls, and a lifetime.
MODELS = ["new_keynesian_zlb", "olg_krueger_kubler", "consumption_savings"]
REPEATED = """
import hashlib

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.settings import SolveSettings
from solver.solve import solve

model = load_zoo("rbc")
for dtype in ("float64", "float32"):
    for algorithm, steps in (("staged", 200), ("adam", 50)):
        method = {"training": {"algorithm": algorithm, "steps": steps, "dtype": dtype}}
        arrays = solve(model, calibrate(model), SolveSettings.model_validate({"method": method})).policy.to_arrays()
        print(hashlib.sha256(b"".join(array.tobytes() for array in arrays.values())).hexdigest())
"""


def types_of(graph):
    """The floating-point types of all tensors of a graph, those of its loops and branches included."""
    definition = str(graph.get_concrete_function().graph.as_graph_def())
    return set(re.findall(r"DT_(?:DOUBLE|FLOAT|HALF|BFLOAT16)\b", definition))


@pytest.mark.parametrize("model", MODELS)
def test_every_tensor_of_every_graph_is_float32(model):
    model = load_zoo(model)
    compiled = CompiledObjective(model, SMALL, "float32")
    graphs = [compiled.full_jacobian, compiled.today_jacobian, compiled_descent(compiled, "adam", False)]
    graphs.append(compiled_descent(compiled, "adamax", True, is_sampled=True, n_draws=2))
    if problem_size(model).discount is not None:
        graphs.append(compiled_descent(compiled, "sgd", False, "lifetime_reward"))
        bellman = CompiledBellman(model, SMALL, "float32")
        graphs += [bellman.full_jacobian, bellman.policy_jacobian, bellman.value_jacobian]
    assert [types_of(graph) for graph in graphs] == [{"DT_FLOAT"}] * len(graphs)


def test_float64_is_the_default():
    assert "DT_DOUBLE" in types_of(CompiledObjective(load_zoo("rbc"), SMALL).full_jacobian)


def test_graphs_are_kept_by_type():
    model = load_zoo("rbc")
    assert compiled_objective(model, SMALL, "float32") is compiled_objective(model, SMALL, "float32")
    assert compiled_objective(model, SMALL, "float32") is not compiled_objective(model, SMALL, "float64")


@pytest.mark.parametrize("family", ["neural", "polynomial"])
def test_float32_finds_the_closed_form_to_its_target(family):
    model = load_zoo("brock_mirman")
    method = {"policy": {"family": family}, "training": {"dtype": "float32"}}
    solution = solve(model, calibrate(model), SolveSettings.model_validate({"method": method}))
    assert solution.status is Status.CONVERGED
    assert solution.settings.target == 1e-4
    assert solution.provenance.dtype == "float32"
    assert solution.certificate.verdict == "pass"
    assert {array.dtype for array in solution.policy.to_arrays().values()} == {np.dtype("float64")}
    growth = Growth(**{**solution.calibration.parameters, "delta": 1.0, "gamma": 1.0})
    lower, upper = solution.calibration.lower(), solution.calibration.upper()
    states = np.random.default_rng(0).uniform(lower, upper, size=(300, 2))
    found, expected = solution.policy.evaluate(states)[:, 0], growth.closed_form(*states.T)
    np.testing.assert_allclose(found, expected, rtol=2e-4)


@pytest.mark.parametrize("algorithm", ["adam", "levenberg_marquardt"])
def test_a_few_steps_in_float32_lead_where_those_in_float64_do(algorithm):
    model = load_zoo("rbc")
    calibration = calibrate(model)
    states = np.random.default_rng(0).uniform(calibration.lower(), calibration.upper(), size=(300, 2))
    found = []
    for dtype in ("float64", "float32"):
        training = {"algorithm": algorithm, "steps": 20, "dtype": dtype} | (
            # A batch drawn by numbers of another type would be another one.
            {"batch_size": "full"} if algorithm == "adam" else {}
        )
        method = {"policy": {"hidden": [8]}, "training": training}
        solution = solve(model, calibration, SolveSettings.model_validate({"method": method, "target": 1e-6}))
        found.append(solution.policy.evaluate(states))
    in_double, in_single = found
    np.testing.assert_allclose(in_single, in_double, rtol=1e-4)
    assert np.any(in_single != in_double)


def test_the_same_seed_gives_the_same_bytes_in_another_process():
    def run():
        command = [sys.executable, "-c", REPEATED]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=dict(os.environ))
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    first, second = run(), run()
    assert first == second
    assert len(set(first)) == 4
