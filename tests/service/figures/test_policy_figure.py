"""Policy functions as they are drawn: the rule itself, where it is said to be, with its bounds and its kinks."""

import numpy as np
import pytest

from service.errors import RequestError
from service.figures.plane import POINTS
from service.figures.policy import collect_policy
from service.schemas.figures import PolicyFigureQuery
from solver.errors import StateError


def collect(evaluator, given=None, **asked):
    return collect_policy(evaluator, PolicyFigureQuery(**asked), given or {})


def rule(z, k):
    return np.clip(k + 0.25 * z, -0.5, 0.75)


def test_slices_are_the_policy_along_one_state_for_values_of_another(evaluator_of, drawn):
    picture = collect(evaluator_of("kinked"))
    k = np.linspace(-2, 2, POINTS)
    for values, z in zip(picture.along["i"], (-1, -0.5, 0, 0.5, 1), strict=True):
        np.testing.assert_allclose(values, rule(z, k), atol=1e-12)
    axes = drawn(picture).axes[0]
    by_label = {line.get_label(): line.get_xydata() for line in axes.lines}
    np.testing.assert_allclose(by_label["z = 0.5"], np.column_stack([k, rule(0.5, k)]), atol=1e-12)
    assert "z = 0 (steady state)" in by_label


def test_a_map_has_the_states_where_its_axes_say(evaluator_of, drawn):
    picture = collect(evaluator_of("kinked"))
    side = len(picture.maps["i"])
    z, k = ((np.arange(side) + 0.5) / side * width - width / 2 for width in (2, 4))
    truth = rule(*np.meshgrid(z, k, indexing="ij"))
    np.testing.assert_allclose(picture.maps["i"], truth, atol=1e-12)
    is_clear = np.abs(np.add.outer(0.25 * z, k) - np.array([[[-0.5]], [[0.75]]])).min(axis=0) > 1e-9
    np.testing.assert_array_equal(
        picture.binding["i"][is_clear], ((truth <= -0.5) | (truth >= 0.75))[is_clear]
    )
    axes = drawn(picture).axes[1]
    assert list(axes.images[0].get_extent()) == [-2, 2, -1, 1]
    assert axes.images[0].origin == "lower"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("k", "z")


def test_domain_steady_state_and_bounds_are_marked(evaluator_of, drawn):
    axes = drawn(collect(evaluator_of("kinked"))).axes[0]
    low, high = axes.get_xlim()
    assert low < -2 and high > 2
    shaded = sorted((patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches)
    np.testing.assert_allclose(shaded, [(low, -2), (2, high)])
    dots = [line.get_xydata() for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots, [[[0, 0]]], atol=1e-12)
    dashes = [line.get_ydata() for line in axes.lines if line.get_linestyle() == "--"]
    assert [np.unique(one).tolist() for one in dashes] == [[-0.5], [0.75]]


def test_axes_are_named_by_symbol_and_description(evaluator_of, drawn):
    axes = drawn(collect(evaluator_of("irreversible_investment"))).axes
    assert axes[0].get_xlabel() == "k: capital"
    assert axes[0].get_ylabel() == "i: investment"
    assert axes[1].get_ylabel() == "a: log productivity"
    assert axes[2].get_ylabel().startswith("μ: multiplier")


def test_given_states_are_held_and_leave_a_slice(evaluator_of):
    picture = collect(evaluator_of("kinked"), {"z": 0.4})
    assert picture.maps is None
    np.testing.assert_allclose(picture.along["i"], [rule(0.4, np.linspace(-2, 2, POINTS))], atol=1e-12)
    assert picture.notes[0] == "held: z = 0.4"
    other = collect(evaluator_of("kinked"), {"k": 0.1})
    np.testing.assert_allclose(other.along["i"], [rule(np.linspace(-1, 1, POINTS), 0.1)], atol=1e-12)


def test_axes_may_be_chosen(evaluator_of):
    plane = collect(evaluator_of("multi_country"), along="a1", across="k2").plane
    assert (plane.along, plane.across) == ("a1", "k2")
    assert collect(evaluator_of("multi_country"), across="k2").plane.along == "k1"
    assert collect(evaluator_of("multi_country"), {"k2": 1.1}).plane.along == "k1"


def test_each_regime_has_a_line(evaluator_of, drawn):
    picture = collect(evaluator_of("chain"))
    k = np.linspace(-50, 50, POINTS)
    np.testing.assert_allclose(picture.along["i"], [0.1 * k - 1, 0.1 * k + 2], atol=1e-9)
    labels = [line.get_label() for line in drawn(picture).axes[0].lines]
    assert {"regime 0", "regime 1"} <= set(labels)
    np.testing.assert_allclose(
        collect(evaluator_of("chain"), {"regime": 1.0}).along["i"], [0.1 * k + 2], atol=1e-9
    )


def test_variables_are_those_that_are_asked_for(evaluator_of):
    evaluator = evaluator_of("neoclassical")
    assert collect(evaluator).names == ["i", "c"]
    picture = collect(evaluator, {"a": 0.1}, variables="y")
    k = np.linspace(*evaluator.domain["k"], POINTS)
    np.testing.assert_allclose(picture.along["y"], [np.exp(0.1) * k**0.36], rtol=1e-12)


def test_multipliers_that_are_no_variables_may_be_asked_for(evaluator_of):
    picture = collect(evaluator_of("kinked"), variables="multiplier_i")
    low, high = picture.along["multiplier_i"][2][[0, -1]]
    assert low > 0 > high or high > 0 > low
    assert picture.along["multiplier_i"][2][POINTS // 2] == 0


@pytest.mark.parametrize(
    ("given", "asked", "pointer", "message"),
    [
        ({}, {"along": "x"}, "along", "none of the states"),
        ({"k": 4.0}, {"along": "k"}, "k", "leave out one of the two"),
        ({}, {"along": "k", "across": "k"}, "across", "choose another"),
        ({"a": 0.0}, {"across": "k"}, "across", "give it as along"),
        ({"a": 0.0, "k": 4.0}, {}, None, "leave out one of them"),
        ({}, {"variables": "x"}, "variables", "choose among: i, y, c"),
        ({}, {"variables": "c,i,c"}, "variables", "c stands more than once"),
        ({}, {"variables": ""}, "variables", "no variable"),
        ({}, {"variables": ",".join("abcdefg")}, "variables", "7 variables are above 6"),
    ],
)
def test_what_cannot_be_drawn_is_refused(evaluator_of, given, asked, pointer, message):
    with pytest.raises(RequestError) as refusal:
        collect(evaluator_of("neoclassical"), given, **asked)
    (fault,) = refusal.value.faults
    assert fault.pointer == (() if pointer is None else (pointer,))
    assert message in fault.message


@pytest.mark.parametrize(("model", "given"), [("neoclassical", {"k": -1.0}), ("chain", {"regime": 0.5})])
def test_held_states_at_which_nothing_is_defined_are_refused(evaluator_of, model, given):
    with pytest.raises(StateError) as refusal:
        collect(evaluator_of(model), given)
    assert refusal.value.faults[0].pointer == tuple(given)


def test_states_are_held_beyond_the_domain_where_the_economy_is_defined(evaluator_of):
    assert np.isfinite(collect(evaluator_of("neoclassical"), {"k": 12.0}).along["i"]).all()
