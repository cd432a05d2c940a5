"""Moments of a Gaussian economy, whose every moment is known."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.model.load import load_model
from solver.model.zoo import load_zoo
from solver.policy.policy import Policy
from solver.simulation.moments import moments
from solver.simulation.panel import ergodic_panel
from tests.oracles.log_growth import MODEL, LogGrowth
from tests.solver.diagnostics.rules import formula_policy

TRUTH = LogGrowth()
LOGS = load_model(MODEL)
POLICY = Policy.of_linear_rule(LOGS, calibrate(LOGS))
LAGS = 5


@pytest.fixture(scope="module")
def found():
    """400,000 periods, of which every twentieth counts for an independent one."""
    return moments(ergodic_panel(POLICY, np.random.default_rng(0), 400, 200, 1000), LAGS)


def test_means_are_within_their_standard_errors(found):
    assert found.n_lost == 0
    sd = np.sqrt(np.diag(TRUTH.covariance))
    truth = {"a": 0.0, "x": TRUTH.x_ss, "k": np.exp(TRUTH.x_ss + sd[1] ** 2 / 2), "e": 0.0}
    for name, mean in truth.items():
        place = found.names.index(name)
        assert abs(found.mean[place] - mean) < 4 * found.standard_error[place], name


def test_standard_errors_are_those_of_a_dependent_sample(found):
    """The mean of n periods of an AR(1) has the variance ``σ² / (n (1-φ)²)``; of white noise ``σ² / n``."""
    for name, long_run in (("a", TRUTH.sigma / (1 - TRUTH.phi)), ("e", TRUTH.sigma)):
        error = found.standard_error[found.names.index(name)]
        # The variance of 400 batch means has a standard error of 7 %.
        assert error == pytest.approx(long_run / np.sqrt(400_000), rel=0.15)


def test_deviations_and_correlations_are_the_exact_ones(found):
    covariance = TRUTH.covariance
    a, x = found.names.index("a"), found.names.index("x")
    # A standard deviation from 20,000 independent periods has a standard error of 0.5 %.
    assert found.standard_deviation[a] == pytest.approx(np.sqrt(covariance[0, 0]), rel=0.02)
    assert found.standard_deviation[x] == pytest.approx(np.sqrt(covariance[1, 1]), rel=0.02)
    truth = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert found.correlation[a, x] == pytest.approx(truth, abs=0.01)
    np.testing.assert_array_equal(found.correlation, found.correlation.T)
    np.testing.assert_array_equal(np.diag(found.correlation), 1.0)


def test_autocorrelations_are_the_exact_ones(found):
    for lag in range(1, LAGS + 1):
        truth = np.diag(TRUTH.autocovariance(lag)) / np.diag(TRUTH.covariance)
        places = [found.names.index(name) for name in ("a", "x")]
        np.testing.assert_allclose(found.autocorrelation[lag - 1, places], truth, atol=0.02)
        assert found.autocorrelation[lag - 1, found.names.index("e")] == pytest.approx(0.0, abs=0.01)


def test_one_path_is_cut_into_batches():
    found = moments(ergodic_panel(POLICY, np.random.default_rng(1), 1, 200, 20_000), 1)
    # 32 batches of 625 periods: the variance of their means has a standard error of 25 %.
    truth = TRUTH.sigma / (1 - TRUTH.phi) / np.sqrt(20_000)
    assert found.standard_error[found.names.index("a")] == pytest.approx(truth, rel=0.4)


def test_what_does_not_vary_has_no_correlation():
    model = load_zoo("neoclassical")
    policy = Policy.of_linear_rule(model, calibrate(model))
    found = moments(ergodic_panel(policy, np.random.default_rng(0), 40, 10, 50), 2)
    np.testing.assert_allclose(found.mean, [policy.calibration.steady_state[name] for name in found.names])
    np.testing.assert_allclose(found.standard_deviation, 0, atol=1e-12)
    assert np.isnan(found.correlation).all() and np.isnan(found.autocorrelation).all()


def test_lost_paths_are_left_out_and_counted():
    """Those that invest too much in good times end."""
    model = load_zoo("rbc")
    policy = formula_policy(model, calibrate(model), lambda a, k: np.where(a > 0.1, 9.0, 0.1 * k))
    panel = ergodic_panel(policy, np.random.default_rng(0), 200, 10, 50)
    found = moments(panel, 1)
    assert 0 < found.n_lost < 200 and found.n_lost == panel.n_lost
    kept = panel.states["k"][:, panel.is_defined[-1]]
    assert found.mean[found.names.index("k")] == pytest.approx(kept.mean(), rel=1e-14)


def test_without_a_path_there_is_no_moment():
    model = load_zoo("rbc")
    policy = formula_policy(model, calibrate(model), lambda a, k: 9.0 + 0 * k)
    found = moments(ergodic_panel(policy, np.random.default_rng(0), 3, 10, 50), 2)
    assert found.n_lost == 3
    assert np.isnan(found.mean).all() and found.autocorrelation.shape == (2, len(found.names))
