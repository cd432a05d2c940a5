"""What a caller may choose, what is refused and why, and how the rest is filled in."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from solver.policy.family import build_family
from solver.settings import (
    ExpectationSettings,
    PolicySettings,
    ProblemSize,
    SamplingSettings,
    SolveSettings,
    TrainingSettings,
)
from solver.settings.expectation import MOST_MONOMIAL_SHOCKS
from solver.settings.limits import (
    MAX_CASES,
)
from solver.settings.training import LEAST_SQUARES

FIRST_ORDER = ("sgd", "momentum", "nesterov", "adam", "adagrad", "adamax", "rmsprop")
BAD_RATES = (math.nan, math.inf, 0.0, -1.0, True, "0.1")

SIZES = st.builds(
    ProblemSize,
    n_states=st.integers(1, 3),
    n_controls=st.integers(1, 2),
    n_regimes=st.integers(1, 3),
    n_shocks=st.integers(0, 5),
    has_kinks=st.booleans(),
)
POLICIES = st.one_of(
    st.just({"family": "linear"}),
    st.fixed_dictionaries({"family": st.just("polynomial")}, optional={"degree": st.integers(1, 12)}),
    st.fixed_dictionaries(
        {},
        optional={
            "family": st.just("neural"),
            "hidden": st.lists(st.integers(1, 20), min_size=1, max_size=4),
            "activation": st.sampled_from(["tanh", "sigmoid", "arctan", "relu", "leaky_relu"]),
        },
    ),
)
TRAININGS = st.one_of(
    st.fixed_dictionaries(
        {"algorithm": st.sampled_from(LEAST_SQUARES)},
        optional={"steps": st.integers(1, 10_000), "seconds": st.floats(0.01, 3600)},
    ),
    st.fixed_dictionaries(
        {"algorithm": st.sampled_from(FIRST_ORDER)},
        optional={
            "steps": st.integers(1, 1_000_000),
            "batch_size": st.integers(1, 65_536) | st.just("full"),
            "learning_rate": st.floats(1e-6, 10),
            "annealing": st.floats(0, 1),
        },
    ),
    st.fixed_dictionaries(
        {"algorithm": st.sampled_from(["momentum", "nesterov"])}, optional={"momentum": st.floats(0, 0.99)}
    ),
)
EXPECTATIONS = st.one_of(
    st.just({"rule": "monomial"}),
    # Four to the power of five shocks in three regimes are still within the limit.
    st.fixed_dictionaries({"rule": st.just("gauss_hermite")}, optional={"nodes": st.integers(1, 4)}),
    st.fixed_dictionaries(
        {"rule": st.just("quasi_monte_carlo")}, optional={"nodes": st.sampled_from([16, 64, 256])}
    ),
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "method": st.fixed_dictionaries(
            {},
            optional={
                "policy": POLICIES,
                "training": TRAININGS,
                "expectation": EXPECTATIONS,
                "sampling": st.fixed_dictionaries(
                    {},
                    optional={
                        "states": st.integers(16, 3_000),
                        "region": st.sampled_from(["box", "ergodic", "adaptive"]),
                    },
                ),
            },
        ),
        "target": st.floats(1e-12, 0.1),
        "seed": st.integers(0, 2**31 - 1),
    },
)


def belongs(name, training):
    """Whether a field of training says something about its algorithm."""
    if name == "momentum":
        return training.algorithm in ("momentum", "nesterov")
    return name in ("algorithm", "steps", "seconds", "dtype") or training.algorithm in FIRST_ORDER


@given(document=DOCUMENTS, size=SIZES)
@settings(derandomize=True)
def test_resolving_fills_in_every_field_keeps_what_was_chosen_and_is_done_once(document, size):
    resolved = SolveSettings.model_validate(document).resolve(size)
    assert resolved.resolve(size) == resolved
    assert SolveSettings.model_validate_json(resolved.model_dump_json(exclude_none=True)) == resolved
    training, policy = resolved.method.training, resolved.method.policy
    assert {name for name, value in training if value is not None} == {
        name for name, _ in training if belongs(name, training)
    }
    names = {"linear": set(), "polynomial": {"degree"}, "neural": {"hidden", "activation"}}[policy.family]
    assert {name for name, value in policy if value is not None} == {"family", *names}
    expectation = resolved.method.expectation
    assert (expectation.rule == "monomial") == (expectation.nodes is None)
    assert resolved.method.sampling.states is not None
    chosen = SolveSettings.model_validate(document).model_dump(exclude_none=True, exclude_unset=True)
    kept = resolved.model_dump()
    for part, fields in chosen.pop("method", {}).items():
        assert kept["method"][part] | fields == kept["method"][part]
    assert kept | chosen == kept


FLOAT32 = {"training": {"dtype": "float32"}}


@pytest.mark.parametrize(
    "size, target", [(ProblemSize(2, 1), 1e-4), (ProblemSize(2, 1, has_kinks=True), 1e-4)]
)
def test_float32_is_kept_and_has_a_target_that_it_reaches(size, target):
    resolved = SolveSettings.model_validate({"method": FLOAT32}).resolve(size)
    assert (resolved.method.training.dtype, resolved.target) == ("float32", target)
    assert resolved.model_dump()["method"]["training"]["dtype"] == "float32"
    chosen = SolveSettings.model_validate({"method": FLOAT32, "target": 1e-6}).resolve(size)
    assert chosen.target == 1e-6


def test_float64_is_not_written_so_that_what_was_solved_without_a_choice_is_the_same_job():
    asked, left_out = (
        SolveSettings.model_validate({"method": method}).resolve(ProblemSize(2, 1))
        for method in ({"training": {"dtype": "float64"}}, {})
    )
    assert asked == left_out
    assert asked.method.training.dtype == "float64"
    assert "dtype" not in asked.model_dump_json()


@pytest.mark.parametrize(
    "document, reason",
    [
        (
            {"method": FLOAT32, "target": 1e-9},
            r"target = 1e-09 is below 1e-07, the rounding of .*'float32'; raise it, or take float64",
        ),
        (
            {"method": FLOAT32 | {"policy": {"family": "linear"}}},
            "'float32' is that of training's graphs, and the linear family is not trained; leave it out",
        ),
        ({"method": {"training": {"dtype": "float16"}}}, "'float64' or 'float32'"),
    ],
)
def test_what_float32_cannot_do_is_refused(document, reason):
    with pytest.raises(ValidationError, match=reason):
        SolveSettings.model_validate(document)


@given(document=POLICIES, size=SIZES)
@settings(derandomize=True)
def test_weights_are_counted_as_the_family_has_them(document, size):
    policy = PolicySettings.model_validate(document).resolve(size)
    shapes = build_family(policy, size.n_states, size.n_controls * size.n_regimes).shapes
    sizes = [math.prod(shape) for shape in shapes]
    assert policy.n_weights(size) == sum(sizes)
    assert policy.n_output_weights(size) == sizes[-1]
    assert policy.n_features(size) == shapes[-1][0]


@given(size=SIZES)
@settings(derandomize=True)
def test_the_default_rule_for_expectations_follows_the_shocks_and_the_kinks(size):
    resolved = ExpectationSettings().resolve(size)
    if size.n_shocks > 3:
        assert resolved == ExpectationSettings(rule="monomial")
    elif size.has_kinks and size.n_shocks in (1, 2):
        nodes = 13 if size.n_shocks == 2 else 61 if size.n_states == 1 else 21
        assert resolved == ExpectationSettings(rule="equidistant", nodes=nodes)
    else:
        nodes = {0: 1, 1: 7, 2: 5, 3: 3}[size.n_shocks]
        assert resolved == ExpectationSettings(rule="gauss_hermite", nodes=nodes)


def test_quasi_monte_carlo_comes_where_the_judge_of_the_monomial_rule_has_too_many_nodes():
    assert 2 * MOST_MONOMIAL_SHOCKS**2 + 1 <= MAX_CASES < 2 * (MOST_MONOMIAL_SHOCKS + 1) ** 2 + 1
    for shocks, nodes in ((46, 128), (64, 128), (65, 256)):
        expected = ExpectationSettings(rule="quasi_monte_carlo", nodes=nodes)
        assert ExpectationSettings().resolve(ProblemSize(4, 1, n_shocks=shocks)) == expected
    assert ExpectationSettings().resolve(ProblemSize(4, 1, n_shocks=45)).rule == "monomial"


@pytest.mark.parametrize(
    "nodes, size, reason",
    [
        (4, ProblemSize(2, 1, n_shocks=3), r"nodes = 4 is too few for 3 shock\(s\) .* use at least 8"),
        (
            2048,
            ProblemSize(2, 1, n_shocks=3, n_regimes=3),
            r"2048 nodes in 3 regime\(s\) are more than 4096 cases",
        ),
        (None, ProblemSize(2, 1, n_regimes=33), r"128 nodes in 33 regime\(s\) are more than 4096 cases"),
    ],
)
def test_points_that_are_too_few_or_too_many_are_refused(nodes, size, reason):
    with pytest.raises(ValueError, match=reason):
        ExpectationSettings(rule="quasi_monte_carlo", nodes=nodes).resolve(size)


ALL_IN_ONE = {"expectation": {"rule": "all_in_one"}, "training": {"algorithm": "adam"}}


def test_all_in_one_is_two_draws_and_judged_by_the_default_rule():
    size = ProblemSize(2, 1, n_shocks=2, has_kinks=True)
    expectation = SolveSettings.model_validate({"method": ALL_IN_ONE}).resolve(size).method.expectation
    assert expectation == ExpectationSettings(rule="all_in_one", nodes=2)
    assert expectation.judging(size) == ExpectationSettings(rule="equidistant", nodes=13)
    monomial = ExpectationSettings(rule="monomial")
    assert monomial.judging(size) == monomial


def test_every_draw_is_an_evaluation_of_today_and_tomorrow():
    method = ALL_IN_ONE | {"policy": {"hidden": [99]}, "expectation": {"rule": "all_in_one", "nodes": 20}}
    method["training"] = {"algorithm": "adam", "batch_size": 20_000}
    with pytest.raises(ValueError, match=r"batch_size = 20000 is above 10000, .* 20 case\(s\)"):
        SolveSettings.model_validate({"method": method}).resolve(ProblemSize(2, 1, n_shocks=1, n_regimes=1))


@pytest.mark.parametrize(
    "method, size, reason",
    [
        (
            {"expectation": {"rule": "all_in_one"}},
            ProblemSize(2, 1, n_shocks=1),
            "staged is least squares, which needs the residuals .* such as adam, or another rule",
        ),
        (
            {"expectation": {"rule": "all_in_one"}, "policy": {"family": "linear"}},
            ProblemSize(2, 1, n_shocks=1),
            "staged is least squares",
        ),
        (
            ALL_IN_ONE,
            ProblemSize(2, 1, is_random=False),
            "draws shocks, and this model has none; leave it out",
        ),
        (ALL_IN_ONE, ProblemSize(2, 1, n_regimes=64, n_shocks=2, has_kinks=True), "13 nodes .* 64 regime"),
        (
            {"sampling": {"region": "ergodic"}},
            ProblemSize(2, 1, is_random=False),
            "'ergodic' needs shocks, and this model has none: .* take 'box'",
        ),
    ],
)
def test_what_chance_has_no_use_for_is_refused(method, size, reason):
    with pytest.raises(ValueError, match=reason):
        SolveSettings.model_validate({"method": method}).resolve(size)


def test_adaptive_states_are_bounded_by_their_candidates():
    size = ProblemSize(2, 1, n_shocks=1)

    def resolved(region, states=None, **training):
        method = {"training": training, "sampling": {"region": region, "states": states}}
        return SolveSettings.model_validate({"method": method}).resolve(size).method

    most = resolved("box", algorithm="adam").most_states(size)
    with pytest.raises(
        ValueError, match=rf"sampling.states = {most} is above {most // 4}, the most at which adam"
    ):
        resolved("adaptive", most, algorithm="adam")
    assert resolved("box", most, algorithm="adam", batch_size=16).sampling.states == most
    # States that batches are drawn from are drawn anew at every report, so that they do not grow with the policy.
    assert resolved("adaptive", algorithm="adam", batch_size=128).sampling.states == 1024
    assert resolved("adaptive", algorithm="adam", batch_size=1).sampling.states == 256
    assert resolved("adaptive").sampling.states == resolved("box").sampling.states


def test_too_many_cases_are_refused_with_their_remedy():
    size = ProblemSize(2, 1, n_regimes=3, n_shocks=4)
    with pytest.raises(ValueError, match=r"7 nodes for each of 4 shocks in 3 regime.* more than 4096 cases"):
        ExpectationSettings(rule="gauss_hermite", nodes=7).resolve(size)
    assert ExpectationSettings(rule="gauss_hermite", nodes=6).resolve(size).nodes == 6


def test_default_cases_that_are_too_many_are_refused_with_their_remedy():
    size = ProblemSize(2, 1, n_regimes=64, n_shocks=2, has_kinks=True)
    with pytest.raises(ValueError, match=r"13 nodes .* the monomial rule"):
        ExpectationSettings().resolve(size)
    assert ExpectationSettings(rule="monomial").resolve(size).rule == "monomial"


def test_heaviside_is_refused_with_its_reason():
    with pytest.raises(ValidationError, match="heaviside has a zero gradient everywhere"):
        PolicySettings.model_validate({"activation": "heaviside"})


@pytest.mark.parametrize(
    "settings, document, reason",
    [
        (PolicySettings, {"degree": 3}, "degree = 3 belongs to the polynomial and hinged families"),
        (PolicySettings, {"family": "polynomial", "hidden": [3]}, "hidden = .* belongs to the neural family"),
        (
            PolicySettings,
            {"family": "polynomial", "activation": "tanh"},
            "activation = 'tanh' belongs to the neural",
        ),
        (TrainingSettings, {"learning_rate": 0.1}, "learning_rate = 0.1 belongs to first-order methods"),
        (
            TrainingSettings,
            {"algorithm": "gauss_newton", "batch_size": 3},
            "batch_size = 3 belongs to first-order",
        ),
        (
            TrainingSettings,
            {"algorithm": "levenberg_marquardt", "annealing": 0.0},
            "annealing = 0.0 belongs to first",
        ),
        (
            TrainingSettings,
            {"algorithm": "adam", "momentum": 0.5},
            "momentum = 0.5 belongs to momentum and nesterov",
        ),
        (TrainingSettings, {"steps": 10_001}, "steps = 10001 is above 10000"),
        (PolicySettings, {"family": "linear", "hidden": [3]}, "hidden = .* belongs to the neural family"),
        (
            PolicySettings,
            {"family": "linear", "degree": 3},
            "degree = 3 belongs to the polynomial and hinged families",
        ),
        (
            ExpectationSettings,
            {"rule": "monomial", "nodes": 3},
            "nodes = 3 belongs to the other rules",
        ),
        (
            ExpectationSettings,
            {"rule": "quasi_monte_carlo", "nodes": 100},
            "nodes = 100 is no power of two, .* use 64 or 128",
        ),
        (ExpectationSettings, {"rule": "all_in_one", "nodes": 1}, "nodes = 1 is too few .* use at least 2"),
        (ExpectationSettings, {"rule": "all_in_one", "nodes": 202}, "nodes = 202 is above 201, the most"),
    ],
)
def test_a_field_of_another_choice_is_refused_with_its_reason(settings, document, reason):
    with pytest.raises(ValidationError, match=reason):
        settings.model_validate(document)


@pytest.mark.parametrize(
    "settings, document",
    [
        (PolicySettings, {"hidden": []}),
        (PolicySettings, {"hidden": [0]}),
        (PolicySettings, {"hidden": [2001]}),
        (PolicySettings, {"hidden": [4] * 9}),
        (PolicySettings, {"family": "polynomial", "degree": 0}),
        (PolicySettings, {"family": "polynomial", "degree": 41}),
        (PolicySettings, {"family": "polynomial", "degree": True}),
        (PolicySettings, {"activation": "softplus"}),
        (TrainingSettings, {"steps": 0}),
        (TrainingSettings, {"steps": 1.5}),
        (TrainingSettings, {"seconds": 0}),
        (TrainingSettings, {"seconds": 3601}),
        (TrainingSettings, {"seconds": math.nan}),
        (TrainingSettings, {"algorithm": "adam", "batch_size": 0}),
        (TrainingSettings, {"algorithm": "adam", "batch_size": "half"}),
        *((TrainingSettings, {"algorithm": "adam", "learning_rate": rate}) for rate in BAD_RATES),
        (TrainingSettings, {"algorithm": "momentum", "momentum": 1.0}),
        (SamplingSettings, {"states": 15}),
        (SamplingSettings, {"region": "ball"}),
        (SolveSettings, {"target": 1e-13}),
        (SolveSettings, {"target": "1e-6"}),
        (SolveSettings, {"seed": -1}),
        (SolveSettings, {"sed": 1}),
        (SolveSettings, {"method": {"objective": "profit"}}),
        (SolveSettings, {"method": {"expectation": {"nodes": 0}}}),
        (SolveSettings, {"method": {"expectation": {"nodes": 202}}}),
        (SolveSettings, {"method": {"expectation": {"nodes": 7.0}}}),
        (SolveSettings, {"method": {"expectation": {"rule": "monte_carlo"}}}),
    ],
    ids=str,
)
def test_values_outside_their_limits_are_refused(settings, document):
    with pytest.raises(ValidationError):
        settings.model_validate(document)
