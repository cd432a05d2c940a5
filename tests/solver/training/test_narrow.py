"""Networks without the units that wait: the same problem, in fewer weights."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.policy.kinks import size_of_problem
from solver.settings import SolveSettings
from solver.solve import _set_up
from solver.training.narrow import without_waiting
from solver.training.placement import places, spread_units


@pytest.fixture(scope="module")
def savings():
    """The problem of a saver, and weights whose first units are drawn and whose last ones wait."""
    model = load_zoo("consumption_savings")
    calibration = calibrate(model)
    size = size_of_problem(model, calibration)
    problem = _set_up(model, calibration, SolveSettings().resolve(size), size).problem
    rng = np.random.default_rng(0)
    (n_inputs, n_units), output_shape = problem.compiled.family.shapes
    hidden = spread_units(rng, n_inputs - 1, n_units)
    output = 0.01 * rng.normal(size=output_shape)
    output[places(n_units, 0).start : -1] = 0.0  # behind the units that wait
    return problem, np.concatenate([hidden.ravel(), output.ravel()])


def test_residuals_and_jacobian_are_those_of_the_whole(savings):
    problem, vector = savings
    narrow = without_waiting(problem, vector)
    assert len(narrow.vector) < len(vector)
    np.testing.assert_array_equal(narrow.widen(narrow.vector), vector)
    states = np.linspace(problem.lower, problem.upper, 50)
    whole = problem.compiled.output_jacobian(problem.tensors, vector, states)
    part = narrow.problem.compiled.output_jacobian(narrow.problem.tensors, narrow.vector, states)
    np.testing.assert_allclose(part[0], whole[0], rtol=1e-12, atol=1e-14)
    n_outputs = problem.compiled.family.shapes[-1][1]
    by_unit, found = (np.asarray(one[1]).reshape(len(one[0]), -1, n_outputs) for one in (whole, part))
    used = found.shape[1] - 1
    np.testing.assert_allclose(found, by_unit[:, [*range(used), -1]], rtol=1e-10, atol=1e-13)
    assert not np.any(by_unit[:, used:-1])  # what waits moves nothing


def test_where_none_waits_it_is_the_whole(savings):
    problem, vector = savings
    full = np.where(vector == 0.0, 1.0, vector)
    narrow = without_waiting(problem, full)
    np.testing.assert_array_equal(narrow.vector, full)
    np.testing.assert_array_equal(narrow.widen(full), full)
