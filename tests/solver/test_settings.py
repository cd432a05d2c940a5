import pytest
from pydantic import ValidationError

from solver.settings import MAX_LEAST_SQUARES_WEIGHTS, Method, SolveSettings, TrainingSettings


def read(**method):
    return SolveSettings(method=Method.model_validate(method, strict=False))


def test_the_defaults_are_recorded_in_full():
    method = SolveSettings().resolve(2, 1).method
    assert method.model_dump(exclude_none=True) == {
        "policy": {"family": "neural", "hidden": (128,), "activation": "tanh"},
        "objective": "euler",
        "training": {"algorithm": "staged", "steps": 200, "seconds": 60.0},
        "sampling": {"region": "box", "states": 3 * 129},
    }


@pytest.mark.parametrize(
    "method",
    [
        {},
        {"policy": {"family": "polynomial"}},
        {"policy": {"hidden": [8, 8]}, "training": {"algorithm": "levenberg_marquardt"}},
        {"training": {"algorithm": "adam"}},
        {"training": {"algorithm": "nesterov", "batch_size": "full", "annealing": 0.1}},
    ],
)
def test_resolving_twice_is_once(method):
    once = read(**method).resolve(2, 1)
    assert once.resolve(2, 1) == once
    assert SolveSettings.model_validate_json(once.model_dump_json()) == once


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ({"policy": {"activation": "heaviside"}}, "zero gradient"),
        ({"policy": {"degree": 3}}, "degree = 3 belongs to the polynomial family"),
        ({"policy": {"family": "polynomial", "hidden": [8]}}, "belongs to the neural family"),
        ({"policy": {"family": "polynomial", "activation": "tanh"}}, "belongs to the neural family"),
        ({"policy": {"hidden": []}}, "at least 1 item"),
        ({"policy": {"hidden": [0]}}, "greater than or equal to 1"),
        ({"training": {"learning_rate": 0.1}}, "belongs to first-order methods"),
        ({"training": {"algorithm": "gauss_newton", "batch_size": 8}}, "belongs to first-order methods"),
        ({"training": {"algorithm": "adam", "momentum": 0.5}}, "belongs to momentum and nesterov"),
        ({"training": {"algorithm": "staged", "steps": 20_000}}, "above 10000"),
        ({"sampling": {"region": "ergodic"}}, "Input should be 'box'"),
        ({"objective": "bellman"}, "Input should be 'euler'"),
        ({"expectation": {"nodes": 7}}, "Extra inputs"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(method, message):
    with pytest.raises(ValidationError, match=message):
        read(**method)


@pytest.mark.parametrize("learning_rate", [float("nan"), float("inf"), 0.0, -1.0, True, "0.1"])
def test_a_learning_rate_is_a_positive_number(learning_rate):
    with pytest.raises(ValidationError):
        TrainingSettings(algorithm="adam", learning_rate=learning_rate)


@pytest.mark.parametrize("algorithm", ["staged", "adam"])
def test_a_network_has_a_limit(algorithm):
    settings = read(policy={"hidden": [2000, 2000]}, training={"algorithm": algorithm})
    with pytest.raises(ValueError, match="the policy has 4010001 weights, above"):
        settings.resolve(2, 1)


def test_first_order_methods_take_larger_networks_than_least_squares():
    large = {"policy": {"hidden": [64, 64]}}
    assert SolveSettings().method.policy.resolve().n_weights(2, 1) < MAX_LEAST_SQUARES_WEIGHTS
    with pytest.raises(ValueError, match=str(MAX_LEAST_SQUARES_WEIGHTS)):
        read(**large).resolve(2, 1)
    assert read(**large, training={"algorithm": "adam"}).resolve(2, 1)
