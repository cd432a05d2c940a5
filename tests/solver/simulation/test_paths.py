import numpy as np

from solver.language.numpy_backend import NUMPY
from solver.model.economy import Economy
from solver.simulation.paths import simulate
from tests.oracles.growth import Growth
from tests.solver.diagnostics.rules import formula_policy, growth_case


def test_paths_follow_the_log_linear_law_of_brock_and_mirman():
    growth = Growth(delta=1.0, gamma=1.0)
    model, calibration = growth_case(delta=1.0, gamma=1.0)
    policy = formula_policy(calibration, growth.closed_form)
    initial = np.array([[0.2, 0.1], [-0.1, 0.25], [0.0, growth.k_ss]])
    paths = simulate(Economy(model, NUMPY), calibration.parameter_vector(), policy, initial, periods=40)
    assert paths.states.shape == (41, 3, 2) and paths.controls.shape == (41, 3, 1)
    a, log_k = initial[:, 0], np.log(initial[:, 1])
    for period in range(41):
        np.testing.assert_allclose(paths.states[period], np.column_stack([a, np.exp(log_k)]), rtol=1e-12)
        np.testing.assert_allclose(
            paths.controls[period, :, 0], growth.closed_form(a, np.exp(log_k)), rtol=1e-12
        )
        a, log_k = (1 - growth.rho) * a, np.log(growth.beta * growth.theta) + a + growth.theta * log_k


def test_a_path_that_leaves_the_economy_is_nan_from_there_on_and_leaves_the_others_alone():
    model, calibration = growth_case()
    policy = formula_policy(calibration, lambda a, k: np.where(k > 3, 0.43, -5.0 * k**0.5))
    initial = np.array([[0.0, 2.5], [0.0, 4.29]])
    paths = simulate(Economy(model, NUMPY), calibration.parameter_vector(), policy, initial, periods=5)
    assert np.all(np.isnan(paths.controls[1:, 0]))
    assert np.all(np.isfinite(paths.states[:, 1]))
