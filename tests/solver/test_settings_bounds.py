"""How much one step of a method may hold: weights, states, cases, periods."""

import pytest

from solver.settings import (
    ProblemSize,
    SolveSettings,
)
from solver.settings.limits import (
    MAX_JACOBIAN_ELEMENTS,
    MAX_LEAST_SQUARES_WEIGHTS,
    MAX_UNIT_VALUES,
    MAX_WEIGHTS,
)
from tests.solver.test_settings_objectives import resolved


@pytest.mark.parametrize(
    "training, policy, limit",
    [
        ({"algorithm": "levenberg_marquardt"}, {"hidden": [50, 50]}, MAX_LEAST_SQUARES_WEIGHTS),
        ({"algorithm": "adam"}, {"hidden": [200, 200]}, MAX_WEIGHTS),
        ({"algorithm": "staged"}, {"hidden": [200, 200]}, MAX_WEIGHTS),
        ({"algorithm": "adam"}, {"family": "polynomial", "degree": 40}, MAX_WEIGHTS),
    ],
)
def test_a_network_beyond_the_limit_is_refused_by_name(training, policy, limit):
    settings = SolveSettings.model_validate({"method": {"policy": policy, "training": training}})
    with pytest.raises(ValueError, match=f"weights.*, above {limit}, the most"):
        settings.resolve(ProblemSize(8, 1))


@pytest.mark.parametrize(
    "method, most, reason",
    [
        ({"policy": {"hidden": [400]}}, MAX_JACOBIAN_ELEMENTS // 1601, "staged may train a policy of 1601"),
        (
            {"policy": {"hidden": [400]}, "training": {"algorithm": "gauss_newton"}},
            MAX_JACOBIAN_ELEMENTS // 401,  # its inner weights have no column
            "gauss_newton may train",
        ),
        (
            {"policy": {"family": "polynomial", "degree": 30}},
            MAX_JACOBIAN_ELEMENTS // 496,
            "staged may train a policy of 496",
        ),
        (
            {"policy": {"hidden": [750, 2]}, "training": {"algorithm": "adam", "batch_size": "full"}},
            MAX_UNIT_VALUES // (2 * 753),  # today and tomorrow
            "adam may train",
        ),
    ],
)
def test_states_times_weights_are_bounded(method, most, reason):
    def resolve(states):
        document = {"method": method | {"sampling": {"states": states}}}
        return SolveSettings.model_validate(document).resolve(ProblemSize(2, 1))

    assert resolve(most).method.sampling.states == most
    with pytest.raises(
        ValueError, match=f"sampling.states = {most + 1} is above {most}, the most .*{reason}"
    ):
        resolve(most + 1)


def test_a_batch_is_bounded_by_the_periods_of_its_paths():
    def batch(size):
        return {
            "objective": "lifetime_reward",
            "policy": {"hidden": [99]},
            "training": {"batch_size": size},
        }

    most = MAX_UNIT_VALUES // (171 * 100)  # 0.96^170 < 0.001
    assert resolved(batch(most)).training.batch_size == most
    with pytest.raises(ValueError, match=f"above {most}, .* 170 periods of a path; take fewer"):
        resolved(batch(most + 1))


def test_each_equation_is_a_residual():
    document = {"method": {"policy": {"hidden": [200]}, "sampling": {"states": 8_000}}}
    settings = SolveSettings.model_validate(document)
    assert settings.resolve(ProblemSize(2, 1)).method.sampling.states == 8_000
    with pytest.raises(ValueError, match=r"sampling\.states = 8000 is above"):
        settings.resolve(ProblemSize(2, 2))


def test_a_batch_is_bounded_by_the_units_and_the_cases_of_tomorrow():
    training = {"algorithm": "sgd", "batch_size": 20_000}
    method = {"policy": {"hidden": [99]}, "training": training, "expectation": {"nodes": 19}}
    settings = SolveSettings.model_validate({"method": method})
    assert settings.resolve(ProblemSize(2, 1, n_shocks=1)).method.training.batch_size == 20_000
    reason = r"training\.batch_size = 20000 is above 1104, .* 361 case\(s\) of the next period; take fewer"
    with pytest.raises(ValueError, match=reason):
        settings.resolve(ProblemSize(2, 1, n_shocks=2))


def test_a_step_of_least_squares_is_bounded_by_the_units_and_the_cases_of_tomorrow():
    document = {"method": {"expectation": {"rule": "gauss_hermite", "nodes": 30}}}
    settings = SolveSettings.model_validate(document)
    states = settings.resolve(ProblemSize(2, 1, n_shocks=2)).method.sampling.states
    assert 129 < states == MAX_UNIT_VALUES // (901 * 129) < 4 * 129
    with pytest.raises(
        ValueError, match=r"sampling\.states = 256 is above \d+, .* or fewer expectation\.nodes"
    ):
        settings.resolve(ProblemSize(4, 1, n_shocks=2))


@pytest.mark.parametrize("n_states, n_controls", [(2, 1), (7, 5)])
@pytest.mark.parametrize(
    "policy", [{"family": "neural"}, {"family": "polynomial", "degree": 3}, {"hidden": [32, 32]}]
)
def test_defaults_stay_within_the_bounds_of_larger_models(policy, n_states, n_controls):
    settings = SolveSettings.model_validate({"method": {"policy": policy}})
    size = ProblemSize(n_states, n_controls)
    method = settings.resolve(size).method
    columns = method.policy.n_weights(size)
    if columns > MAX_LEAST_SQUARES_WEIGHTS:  # then only the output layer is trained
        columns = method.policy.n_output_weights(size)
    residuals = method.sampling.states * n_controls
    assert 1.6 * method.policy.n_output_weights(size) <= residuals <= MAX_JACOBIAN_ELEMENTS / columns


def test_first_order_methods_take_larger_networks_than_least_squares():
    def resolve(algorithm):
        method = {"policy": {"hidden": [64, 64]}, "training": {"algorithm": algorithm}}
        return SolveSettings.model_validate({"method": method}).resolve(ProblemSize(2, 1))

    with pytest.raises(ValueError, match=str(MAX_LEAST_SQUARES_WEIGHTS)):
        resolve("levenberg_marquardt")
    # The output layer alone is small enough for the staged algorithm.
    for algorithm in ("adam", "staged"):
        assert resolve(algorithm).method.policy.hidden == (64, 64)


def test_the_states_suffice_for_the_weights_that_are_trained():
    for document in ({}, {"method": {"training": {"algorithm": "levenberg_marquardt"}}}):
        method = SolveSettings.model_validate(document).resolve(ProblemSize(2, 1)).method
        is_all = method.training.algorithm == "levenberg_marquardt"
        size = ProblemSize(2, 1)
        trained = method.policy.n_weights(size) if is_all else method.policy.n_output_weights(size)
        assert method.sampling.states >= 2 * trained
