"""Which methods go with which objective."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from solver.settings import (
    ProblemSize,
    SolveSettings,
)
from solver.settings.limits import (
    MAX_JACOBIAN_ELEMENTS,
    MAX_UNIT_VALUES,
)

LIFETIME = ProblemSize(2, 1, n_shocks=1, discount=0.96)


def resolved(method, size=LIFETIME):
    return SolveSettings.model_validate({"method": method}).resolve(size).method


def test_the_lifetime_reward_is_maximised_by_adam_unless_told_otherwise():
    assert resolved({"objective": "lifetime_reward"}).training.algorithm == "adam"
    training = {"learning_rate": 0.01, "steps": 5}
    method = resolved({"objective": "lifetime_reward", "training": training})
    assert (method.training.algorithm, method.training.learning_rate) == ("adam", 0.01)
    method = resolved({"objective": "lifetime_reward", "training": {"algorithm": "sgd"}})
    assert method.training.algorithm == "sgd"
    assert SolveSettings(method=method).resolve(LIFETIME).method == method


@pytest.mark.parametrize(
    "method, reason",
    [
        (
            {"objective": "lifetime_reward", "training": {"algorithm": "staged"}},
            "a sum of rewards, not of squares, and staged is least squares: take a first-order method",
        ),
        (
            {"objective": "lifetime_reward", "policy": {"family": "linear"}},
            "the linear family is not trained",
        ),
        (
            {
                "objective": "lifetime_reward",
                "training": {"algorithm": "adam"},
                "expectation": {"rule": "all_in_one"},
            },
            "all_in_one takes products of Euler residuals, and lifetime_reward has none",
        ),
        (
            {"objective": "bellman", "training": {"algorithm": "adam"}},
            "by stages of least squares, and training.algorithm = 'adam' has none: take staged, or the objective euler",
        ),
        (
            {"objective": "bellman", "training": {"algorithm": "levenberg_marquardt"}},
            "training.algorithm = 'levenberg_marquardt' has none",
        ),
        ({"objective": "bellman", "policy": {"family": "linear"}}, "not trained, by bellman or else"),
        (
            {"objective": "bellman", "expectation": {"rule": "all_in_one"}},
            "all_in_one takes products of Euler residuals, and bellman has none: .* leave expectation.rule out",
        ),
    ],
)
def test_an_objective_with_a_method_that_is_not_its_own_is_refused(method, reason):
    with pytest.raises(ValidationError, match=reason):
        SolveSettings.model_validate({"method": method})


@pytest.mark.parametrize(
    "discount, reason",
    [
        (None, "give, beside felicity, the section value"),
        (1.0, r"discount factor of V\[t\+1\] in the section value is 1, and must lie between 0 and 1"),
        (-0.2, "is -0.2, and must lie between 0 and 1"),
    ],
)
@pytest.mark.parametrize("objective", ["bellman", "lifetime_reward"])
def test_a_lifetime_needs_a_discount_factor(objective, discount, reason):
    with pytest.raises(ValueError, match=reason):
        resolved({"objective": objective}, replace(LIFETIME, discount=discount))


def test_a_value_is_one_more_function_to_train():
    """The bounds of a step are those of the policy's functions and the value's."""
    method = resolved({"objective": "bellman"})
    size = method.sized(LIFETIME)
    assert (LIFETIME.n_functions, size.n_functions) == (1, 2)
    assert method.training.algorithm == "staged"
    assert method.policy.n_output_weights(size) == 2 * 129
    policy = {"hidden": [1500]}
    assert resolved({"policy": policy}).policy.hidden == (1500,)
    with pytest.raises(ValueError, match="the policy has 3002 weights to train, above 2500"):
        resolved({"objective": "bellman", "policy": policy})
    # Today both, and in each of 7 cases the value and its derivative; of 2 * 129 weights 2 residuals a state.
    assert method.most_states(LIFETIME) == MAX_JACOBIAN_ELEMENTS // (2 * (3 * 128 + 2 * 129))
    cases = resolved({"objective": "bellman", "expectation": {"nodes": 101}})
    assert cases.most_states(LIFETIME) == MAX_UNIT_VALUES // ((2 + 2 * 101) * (128 + 2))


def test_no_path_bounds_the_patience_of_a_value():
    patient = replace(LIFETIME, discount=0.9999)
    assert resolved({"objective": "bellman"}, patient).objective == "bellman"


def test_a_path_has_a_thousand_periods_at_most():
    patient = replace(LIFETIME, discount=0.9999)
    with pytest.raises(ValueError, match=r"0\.9999 a lifetime has 69075 periods, above 1000"):
        resolved({"objective": "lifetime_reward"}, patient)
