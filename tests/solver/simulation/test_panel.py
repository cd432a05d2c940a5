"""Panels of every variable, against the recursions of their models."""

import numpy as np

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from solver.policy.policy import Policy
from solver.simulation.panel import at_rest, ergodic_panel, simulate_panel
from solver.simulation.paths import draw_shocks
from tests.oracles.log_growth import MODEL, LogGrowth
from tests.solver.diagnostics.rules import formula_policy
from tests.solver.simulation.test_paths_with_shocks import policy_of_mixed

TRUTH = LogGrowth()
LOGS = load_model(MODEL)
POLICY = Policy.of_linear_rule(LOGS, calibrate(LOGS))


def test_every_path_is_the_closed_form_of_its_shocks():
    rng = np.random.default_rng(0)
    draws = draw_shocks(POLICY.calibration.process, rng, 60, 2500)  # in three blocks
    initial = np.column_stack([rng.normal(0, 0.05, 2500), TRUTH.x_ss + rng.normal(0, 0.1, 2500)])
    panel = simulate_panel(POLICY, initial, draws)
    e = draws.innovations[..., 0]
    a, x = TRUTH.follow(*initial.T, e)
    assert panel.is_defined.all() and panel.n_lost == 0
    assert set(panel.quantities()) == {"a", "x", "n", "k", "y", "c", "e"}
    np.testing.assert_allclose(panel.states["a"], a, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(panel.states["x"], x, rtol=1e-11)
    np.testing.assert_allclose(panel.definitions["k"], np.exp(x), rtol=1e-10)
    y = np.exp(a + TRUTH.theta * x)
    np.testing.assert_allclose(panel.definitions["c"], (1 - TRUTH.beta * TRUTH.theta) * y, rtol=1e-10)
    np.testing.assert_array_equal(panel.shocks["e"][1:], e)
    assert np.isnan(panel.shocks["e"][0]).all()


def test_a_panel_can_be_cut():
    draws = draw_shocks(POLICY.calibration.process, np.random.default_rng(0), 9, 2)
    whole = simulate_panel(POLICY, at_rest(POLICY, np.random.default_rng(0), 2), draws)
    for name, values in whole.since(4).quantities().items():
        np.testing.assert_array_equal(values, whole.quantities()[name][4:])


def test_chains_and_autoregressions_stand_where_they_belong():
    policy = policy_of_mixed()
    rng = np.random.default_rng(1)
    initial = at_rest(policy, rng, 4000)
    assert initial[:, 2].mean() == np.mean(initial[:, 2] == 1)
    np.testing.assert_allclose(initial[:, 2].mean(), 1 / 3, atol=0.03)  # four standard errors of 4000 draws
    draws = draw_shocks(policy.calibration.process, rng, 5, 4000)
    panel = simulate_panel(policy, initial, draws)
    assert set(panel.states) == {"z", "k", "regime"} and set(panel.shocks) == {"e", "w"}
    assert "regime" not in panel.quantities()
    np.testing.assert_array_equal(panel.shocks["w"], np.where(panel.states["regime"] == 1, 2.0, -1.0))
    np.testing.assert_allclose(panel.shocks["e"][1:], draws.innovations[..., 1], atol=1e-15)


def test_a_path_that_leaves_the_economy_is_lost_from_there_on_and_alone():
    """More than output is invested at once: consumption is negative, capital and every equation finite."""
    model = load_zoo("rbc")
    calibration = calibrate(model)

    def rule(a, k):
        return np.where(k > 6, 3.0, 0.1 * k)

    policy = formula_policy(model, calibration, rule)
    draws = draw_shocks(calibration.process, np.random.default_rng(0), 3, 2)
    panel = simulate_panel(policy, np.array([[0.0, 7.0], [0.0, 5.0]]), draws)
    np.testing.assert_array_equal(panel.is_defined, [[False, True]] * 4)
    assert panel.n_lost == 1
    for name, values in panel.quantities().items():
        assert np.isnan(values[:, 0]).all(), name
        assert np.isfinite(values[1:, 1]).all(), name


def test_a_path_may_be_lost_later():
    """Capital falls through zero, where output is not a number, and the rule would go on."""
    model = load_zoo("rbc")
    policy = formula_policy(model, calibrate(model), lambda a, k: 0 * k - 1.5)
    draws = draw_shocks(policy.calibration.process, np.random.default_rng(0), 5, 1)
    panel = simulate_panel(policy, np.array([[0.0, 4.0]]), draws)
    # 4, 2.1, 0.39, -1.149: a return to positive capital would not make it good.
    np.testing.assert_array_equal(panel.is_defined[:, 0], [True, True, True, False, False, False])
    assert np.isfinite(panel.states["k"][:3]).all() and np.isnan(panel.states["k"][3:]).all()


def test_a_seed_decides_everything():
    one, same, other = (ergodic_panel(POLICY, np.random.default_rng(s), 7, 10, 20) for s in (0, 0, 1))
    assert one.states["a"].shape == (20, 7)
    for name, values in one.quantities().items():
        np.testing.assert_array_equal(values, same.quantities()[name])
        assert not np.isnan(values).any()
        assert not np.any(values == other.quantities()[name])


def test_without_shocks_there_are_paths_all_the_same():
    model = load_zoo("neoclassical")
    policy = Policy.of_linear_rule(model, calibrate(model))
    panel = ergodic_panel(policy, np.random.default_rng(0), 2, 5, 5)
    assert panel.shocks == {}
    np.testing.assert_allclose(panel.states["k"], policy.calibration.steady_state["k"], rtol=1e-12)
