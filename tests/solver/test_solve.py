"""Whole solves: against closed forms and reference tables, by every family, activation and algorithm."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.errors import SolveFailedError
from solver.model.zoo import load_zoo
from solver.settings import Method, SolveSettings
from solver.solve import solve
from solver.status import Status
from tests.oracles.growth import Growth
from tests.oracles.tables import read_tables

FIRST_ORDER = ("sgd", "momentum", "nesterov", "adam", "adagrad", "adamax", "rmsprop")


@pytest.fixture(scope="module")
def model():
    return load_zoo("neoclassical")


def chosen(target=1e-6, seed=0, **method):
    return SolveSettings(method=Method.model_validate(method, strict=False), target=target, seed=seed)


def errors_on_a_grid(solution):
    """By the formula, on 41 × 41 states over the whole domain."""
    calibration = solution.calibration
    axes = [np.linspace(*ends, 41) for ends in calibration.domain.values()]
    a, k = (axis.ravel() for axis in np.meshgrid(*axes))
    growth = Growth(**{"delta": 1.0, "gamma": 1.0, **calibration.parameters})

    def rule(a, k):
        return solution.policy.evaluate(np.column_stack([a, k]))[:, 0]

    return growth.euler_errors(a, k, rule)


@pytest.mark.parametrize("name", ["neoclassical", "brock_mirman"])
def test_the_default_method_solves_the_first_models(name):
    model = load_zoo(name)
    solution = solve(model, calibrate(model))
    assert solution.status is Status.CONVERGED
    assert solution.certificate.verdict == "pass"
    assert solution.raise_for_status() is solution
    assert errors_on_a_grid(solution).max() <= 1e-6


@pytest.mark.parametrize("table", [*read_tables("a_"), *read_tables("b_")], ids=lambda table: table.name)
def test_consumption_is_that_of_the_reference(model, table):
    solution = solve(model, calibrate(model, table.calibration))
    investment = solution.policy.evaluate(table.states)[:, 0]
    consumption = table.investment + table.consumption - investment
    np.testing.assert_allclose(consumption, table.consumption, rtol=1e-6)


def test_brock_mirman_is_its_closed_form():
    model = load_zoo("brock_mirman")
    solution = solve(model, calibrate(model, {"beta": 0.9, "theta": 0.4}))
    growth = Growth(**{**solution.calibration.parameters, "delta": 1.0, "gamma": 1.0})
    states = np.random.default_rng(0).uniform(
        solution.calibration.lower(), solution.calibration.upper(), size=(300, 2)
    )
    np.testing.assert_allclose(
        solution.policy.evaluate(states)[:, 0], growth.closed_form(*states.T), rtol=1e-6
    )


@pytest.mark.parametrize("seed", range(3))
def test_random_calibrations_meet_the_target(model, seed):
    """The benchmark takes 200 of these draws; three keep the promise from breaking unseen."""
    rng = np.random.default_rng(seed)
    drawn = {
        "beta": (0.9, 0.99),
        "delta": (0.02, 0.2),
        "theta": (0.2, 0.5),
        "gamma": (0.5, 5),
        "rho": (0.05, 0.5),
    }
    solution = solve(model, calibrate(model, {name: rng.uniform(*ends) for name, ends in drawn.items()}))
    assert solution.certificate.verdict == "pass"
    assert errors_on_a_grid(solution).max() <= 1e-6


def test_a_polynomial_of_degree_twelve_reaches_ten_to_the_minus_eight(model):
    solution = solve(model, calibrate(model), chosen(2e-8, policy={"family": "polynomial", "degree": 12}))
    assert solution.status is Status.CONVERGED
    assert errors_on_a_grid(solution).max() <= 1e-8


def test_without_loading_productivity_does_not_matter(model):
    """The source's slide to the letter: output without a."""
    solution = solve(model, calibrate(model, {"loading": 0.0}))
    assert solution.certificate.verdict == "pass"
    k = np.linspace(*solution.calibration.domain["k"], 30)
    at = [solution.policy.evaluate(np.column_stack([np.full(30, a), k])) for a in (-0.2, 0.0, 0.2)]
    np.testing.assert_allclose(at[0], at[1], atol=1e-6)
    np.testing.assert_allclose(at[2], at[1], atol=1e-6)


@pytest.mark.parametrize("activation", ["sigmoid", "arctan"])
def test_smooth_activations_meet_the_target(model, activation):
    assert (
        solve(model, calibrate(model), chosen(policy={"activation": activation})).status is Status.CONVERGED
    )


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_kinked_activations_do_what_they_can_and_say_so(model, activation):
    solution = solve(model, calibrate(model), chosen(policy={"hidden": [40], "activation": activation}))
    assert solution.status in (Status.STALLED, Status.OUT_OF_STEPS)
    assert {report.phase for report in solution.history} == {"gauss-newton", "levenberg-marquardt"}
    assert solution.certificate.verdict in ("warn", "fail")
    assert 1e-6 < errors_on_a_grid(solution).max() < 1e-1


def test_deep_networks_are_trained_as_a_whole_where_their_output_layer_does_not_do(model):
    solution = solve(model, calibrate(model), chosen(1e-4, policy={"hidden": [12, 12]}))
    assert solution.status is Status.CONVERGED
    first = [report for report in solution.history if report.phase == "gauss-newton"]
    assert first[-1].euler_error_max_log10 > -4  # what follows is the work of all weights
    assert errors_on_a_grid(solution).max() <= 1e-4


@pytest.mark.parametrize("algorithm", ["gauss_newton", "levenberg_marquardt"])
def test_least_squares_stages_on_their_own(model, algorithm):
    settings = chosen(1e-4, policy={"hidden": [48]}, training={"algorithm": algorithm})
    solution = solve(model, calibrate(model), settings)
    assert solution.status is Status.CONVERGED
    assert {report.phase for report in solution.history} == {algorithm.replace("_", "-")}


@pytest.mark.parametrize("algorithm", FIRST_ORDER)
def test_first_order_methods_lower_the_loss_and_end_honestly(model, algorithm):
    training = {"algorithm": algorithm, "steps": 600, "batch_size": 64}
    solution = solve(model, calibrate(model), chosen(policy={"hidden": [8, 8]}, training=training))
    assert solution.status is Status.OUT_OF_STEPS
    assert solution.history[-1].step == 600
    assert solution.history[-1].states_visited == 600 * 64
    assert solution.history[-1].loss < 5e-3  # of the linear rule: 7e-3 on average over the box
    assert solution.certificate.verdict in ("warn", "fail")


def test_annealing_changes_the_path(model):
    ends = [
        solve(
            model,
            calibrate(model),
            chosen(
                policy={"hidden": [8]}, training={"algorithm": "adam", "steps": 50, "annealing": annealing}
            ),
        )
        .history[-1]
        .loss
        for annealing in (0.0, 1.0)
    ]
    assert ends[0] != ends[1]


@pytest.mark.parametrize(
    "method", [{}, {"policy": {"hidden": [8]}, "training": {"algorithm": "adam", "steps": 300}}]
)
def test_the_same_request_gives_the_same_bytes(model, method):
    def weights(seed):
        solution = solve(model, calibrate(model), chosen(seed=seed, **method))
        return [array.tobytes() for array in solution.policy.to_arrays().values()]

    assert weights(0) == weights(0)
    assert weights(0) != weights(1)


def test_an_unreachable_target_stalls_with_a_policy_and_a_warning(model):
    solution = solve(model, calibrate(model), chosen(1e-12, policy={"family": "polynomial", "degree": 4}))
    assert solution.status is Status.STALLED
    checks = {check.name: check.verdict for check in solution.certificate.checks}
    assert checks["target"] == "warn"


def test_a_cancelled_solve_stops_at_the_next_step_and_keeps_nothing(model):
    reports = []
    solution = solve(
        model,
        calibrate(model),
        chosen(1e-12),
        on_progress=reports.append,
        should_stop=lambda: len(reports) >= 2,
    )
    assert solution.status is Status.CANCELLED
    assert len(reports) == 2
    assert solution.policy is None and solution.certificate is None
    with pytest.raises(SolveFailedError, match="cancelled"):
        solution.raise_for_status()


def test_a_solve_that_diverges_at_once_has_no_policy(model):
    training = {"algorithm": "adam", "steps": 500, "learning_rate": 10.0}
    solution = solve(model, calibrate(model), chosen(policy={"hidden": [16]}, training=training))
    assert solution.status is Status.DIVERGED
    assert solution.policy is None and solution.certificate is None
    with pytest.raises(SolveFailedError, match="learning_rate"):
        solution.raise_for_status()


def test_a_network_too_large_is_refused(model):
    with pytest.raises(ValueError, match="weights"):
        solve(model, calibrate(model), chosen(policy={"hidden": [2000, 2000]}))


def test_the_history_and_the_provenance_are_kept(model):
    solution = solve(model, calibrate(model))
    assert [report.step for report in solution.history] == list(range(len(solution.history)))
    assert solution.history[-1].euler_error_max_log10 <= -6
    assert all(
        a.elapsed_s <= b.elapsed_s for a, b in zip(solution.history, solution.history[1:], strict=False)
    )
    assert solution.provenance.device == "cpu"
    assert {"python", "tensorflow", "numpy", "scipy", "numerics"} <= set(solution.provenance.versions)
    assert 0 < solution.provenance.training_s <= solution.provenance.solve_s
