"""Solves that start from a policy: fewer steps to the same verdict, and never a worse one."""

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.errors import StartError
from solver.model.load import load_model, model_from_document
from solver.model.zoo import load_zoo
from solver.policy.policy import Policy, numpy_rule
from solver.policy.warm_start import weights_from
from solver.settings import PolicySettings, SolveSettings
from solver.solution import StartUse
from solver.solve import solve
from solver.status import Status
from tests.oracles.growth import Growth

DEGREE_8 = {"policy": {"family": "polynomial", "degree": 8}}
GROWTH = load_zoo("neoclassical")
WITH_REGIMES = Path(__file__).parents[1] / "data/dolo/newer/rbc_mc.yaml"


def chosen(target=None, **method):
    return SolveSettings.model_validate({"method": method, "target": target})


def find(name):
    """A model of the zoo, or dolo's with a chain of two regimes."""
    return load_model(WITH_REGIMES.read_text(encoding="utf-8")) if name == "rbc_mc" else load_zoo(name)


def variant(name, **sections):
    """A model with other sections: another document, and so another model."""
    document = copy.deepcopy(dict(find(name).document))
    for section, changes in sections.items():
        if isinstance(changes, dict):
            document[section].update(changes)
        else:
            document[section] = changes
    return model_from_document(document)


def weights(solution):
    return [array.tobytes() for array in solution.policy.to_arrays().values()]


def phases(solution):
    return [report.phase for report in solution.history]


def steps(solution):
    return solution.history[-1].step


@pytest.fixture(scope="module")
def growth():
    """The growth model at its own calibration, by the default method."""
    return solve(GROWTH, calibrate(GROWTH))


@pytest.mark.parametrize(
    ("name", "settings", "nearby"),
    [
        ("neoclassical", chosen(), {"beta": 0.9605, "gamma": 2.02}),
        ("neoclassical", chosen(**DEGREE_8, target=1e-5), {"beta": 0.9605, "gamma": 2.02}),
        ("rbc", chosen(), {"phi": 0.905}),
        ("consumption_savings", chosen(), {"beta": 0.902}),
        ("rbc_mc", chosen(1e-4, policy={"hidden": [40]}), {"beta": 0.9902}),
    ],
    ids=["neural", "polynomial", "shocks", "kinks", "regimes"],
)
def test_a_nearby_start_saves_steps_and_keeps_the_verdict(name, settings, nearby):
    model = find(name)
    start = solve(model, calibrate(model), settings).policy
    calibration = calibrate(model, nearby)
    cold, warm = (solve(model, calibration, settings, start=policy) for policy in (None, start))
    assert (cold.provenance.start, warm.provenance.start) == (None, StartUse.TAKEN)
    assert steps(warm) < steps(cold)
    assert warm.history[-1].states_visited < cold.history[-1].states_visited
    assert warm.status is cold.status is Status.CONVERGED
    assert warm.certificate.verdict == cold.certificate.verdict == "pass"
    assert phases(warm)[0] == "start" and "start" not in phases(cold)


def test_the_same_start_gives_the_same_bytes_and_another_start_others(growth):
    calibration = calibrate(GROWTH, {"beta": 0.95})
    other = solve(GROWTH, calibrate(GROWTH, {"gamma": 1.5}))
    once, twice, from_other = (
        weights(solve(GROWTH, calibration, start=start.policy)) for start in (growth, growth, other)
    )
    assert once == twice
    assert once != from_other


@pytest.mark.parametrize("method", [DEGREE_8, {"policy": {"hidden": [60]}}])
def test_another_family_of_the_same_calibration_is_only_fitted(growth, method):
    solution = solve(GROWTH, growth.calibration, chosen(1e-4, **method), start=growth.policy)
    assert solution.provenance.start is StartUse.TAKEN
    assert solution.status is Status.CONVERGED
    assert (
        steps(solution) <= 1
    )  # least squares on the start's values leave an error near the target, or below it
    assert solution.certificate.verdict == "pass"


def test_a_start_with_other_hinges_is_fitted():
    def kinked(consumption):
        document = copy.deepcopy(dict(load_zoo("rbc").document))
        document["definitions"] = [
            line.replace("y[t] - i[t]", consumption) for line in document["definitions"]
        ]
        return model_from_document(document)

    settings = SolveSettings.model_validate({"method": {"policy": {"family": "hinged", "degree": 2}}})
    one = kinked("y[t] - i[t] - 0.02*max(i[t] - delta*k[t], 0)")
    two = kinked("y[t] - i[t] - 0.02*max(i[t] - delta*k[t], 0) - 0.01*max(i[t] - 0.5, 0)")
    start = solve(one, calibrate(one), settings).policy
    assert solve(two, calibrate(two), settings, start=start).provenance.start is not None


def test_a_start_of_many_features_is_fitted_as_well_as_a_small_one(growth):
    start = growth.policy
    states = np.random.default_rng(0).uniform(start.calibration.lower(), start.calibration.upper(), (4000, 2))
    errors = []
    for degree in (30, 38):  # 496 and 780 features: by singular values, and by normal equations
        settings = PolicySettings(family="polynomial", degree=degree)
        shapes = numpy_rule(start.model, settings).family.shapes
        blank = dataclasses.replace(start, settings=settings, weights=tuple(map(np.zeros, shapes)))
        policy = dataclasses.replace(blank, weights=weights_from(start, blank, states))
        errors.append(np.abs(policy.evaluate(states) / start.evaluate(states) - 1).max())
    assert max(errors) < 1e-6


def test_another_domain_is_another_model_and_starts_from_the_same_decisions(growth):
    narrower = variant("neoclassical", domain={"k": ["0.7*k", "1.3*k"]})
    cold, warm = (solve(narrower, calibrate(narrower), start=start) for start in (None, growth.policy))
    assert warm.provenance.start is StartUse.TAKEN
    assert steps(warm) < steps(cold)
    # It begins where the start ends, whose errors over the wider domain are below 1e-6.
    assert warm.history[0].euler_error_max_log10 < -6
    assert warm.certificate.verdict == "pass"


def test_another_model_with_the_same_symbols_is_met_with_its_own_truth():
    """Growth at δ = γ = 1 starts the model that is written for it, whose solution is known."""
    brock_mirman = load_zoo("brock_mirman")
    start = solve(GROWTH, calibrate(GROWTH, {"delta": 1.0, "gamma": 1.0})).policy
    solution = solve(brock_mirman, calibrate(brock_mirman), start=start)
    assert (solution.provenance.start, steps(solution)) == (StartUse.TAKEN, 0)
    lower, upper = solution.calibration.lower(), solution.calibration.upper()
    states = np.random.default_rng(0).uniform(lower, upper, size=(300, 2))
    truth = Growth(delta=1.0, gamma=1.0).closed_form(*states.T)
    np.testing.assert_allclose(solution.policy.evaluate(states)[:, 0], truth, rtol=1e-6)


@pytest.mark.parametrize(
    "bounds", ["0 <= i[t] <= inf", "0.2 <= i[t] <= inf"], ids=["that never binds", "that binds"]
)
def test_a_start_without_a_bound_starts_the_model_with_it(growth, bounds):
    (equation,) = GROWTH.document["equations"]["arbitrage"]
    bounded = variant("neoclassical", equations={"arbitrage": [f"{equation} ⟂ {bounds}"]})
    settings = chosen(1e-3, policy={"hidden": [100]})
    cold, warm = (
        solve(bounded, calibrate(bounded), settings, start=start) for start in (None, growth.policy)
    )
    assert warm.provenance.start is StartUse.TAKEN
    assert steps(warm) <= steps(cold)
    assert warm.certificate.verdict == cold.certificate.verdict


def wild(policy, factor):
    """The policy with its correction, and all that it was good for, blown up."""
    return dataclasses.replace(policy, weights=(*policy.weights[:-1], factor * policy.weights[-1]))


def test_a_start_that_is_not_feasible_is_refused_and_changes_nothing(growth):
    start = wild(growth.policy, 1e4)
    cold, warm = (solve(GROWTH, growth.calibration, start=policy) for policy in (None, start))
    assert warm.provenance.start is StartUse.UNDEFINED
    assert phases(warm)[0] == "start" and warm.history[0].euler_error_max_log10 is None
    assert weights(warm) == weights(cold)


def test_a_start_that_is_worse_than_the_linear_rule_is_refused_and_changes_nothing(growth):
    start = wild(growth.policy, 3.0)
    cold, warm = (solve(GROWTH, growth.calibration, start=policy) for policy in (None, start))
    assert warm.provenance.start is StartUse.NOT_BETTER
    assert weights(warm) == weights(cold)
    assert steps(warm) == steps(cold)


@pytest.mark.parametrize(
    "far",
    [{"beta": 0.99, "gamma": 5.0, "delta": 0.02}, {"beta": 0.9, "gamma": 0.5, "delta": 0.2, "theta": 0.5}],
    ids=["patient", "impatient"],
)
def test_a_start_from_far_away_ends_with_the_verdict_of_none(growth, far):
    start = solve(GROWTH, calibrate(GROWTH, far)).policy
    for calibration in (growth.calibration, calibrate(GROWTH, {"loading": 0.0})):
        cold, warm = (solve(GROWTH, calibration, start=policy) for policy in (None, start))
        assert warm.status is cold.status
        assert warm.certificate.verdict == cold.certificate.verdict == "pass"


def test_a_start_on_an_explosive_solution_does_not_lead_there():
    """Trained around the unstable root it meets its target, and its certificate fails."""
    economy = Growth()
    domain = {"a": (-0.01, 0.01), "k": (0.98 * economy.k_ss, 1.02 * economy.k_ss)}
    calibration = dataclasses.replace(calibrate(GROWTH), domain=domain)
    slope = np.array([economy.linear_rule(root=economy.roots()[1])])
    wrong = dataclasses.replace(calibration, rule=dataclasses.replace(calibration.rule, slope=slope))
    settings = chosen(1e-5, policy={"family": "polynomial", "degree": 6})
    start = solve(GROWTH, wrong, settings)
    assert start.status is Status.CONVERGED and start.certificate.verdict == "fail"
    # Of the same model the correction is handed over, of another one the decisions.
    for model in (GROWTH, variant("neoclassical", title="Growth by another name")):
        cold, warm = (solve(model, calibration, settings, start=policy) for policy in (None, start.policy))
        assert warm.certificate.verdict == cold.certificate.verdict == "pass"


def test_what_meets_a_loose_target_and_not_the_certificate_is_trained_again(growth):
    calibration, settings = calibrate(GROWTH, {"beta": 0.95}), chosen(5e-3)
    cold, warm = (solve(GROWTH, calibration, settings, start=policy) for policy in (None, growth.policy))
    # The start is within half the target, where training stops, and above the 1e-4 of a certificate.
    assert -4 < warm.history[0].euler_error_max_log10 < np.log10(5e-3 / 2)
    assert phases(warm)[:2] == ["start", "gauss-newton"] and warm.history[1].step == 0
    assert warm.provenance.start is StartUse.MISSED
    assert warm.certificate.verdict == cold.certificate.verdict


def test_an_unreachable_target_costs_the_start_and_ends_with_the_better_policy(growth):
    settings = chosen(1e-12, policy={"family": "polynomial", "degree": 4})
    calibration = calibrate(GROWTH, {"beta": 0.9605})
    cold, warm = (solve(GROWTH, calibration, settings, start=policy) for policy in (None, growth.policy))
    assert warm.provenance.start is StartUse.MISSED
    assert warm.status is cold.status is Status.STALLED
    assert warm.certificate.verdict == cold.certificate.verdict
    errors = [solution.certificate.euler_errors.box.max_log10 for solution in (warm, cold)]
    assert errors[0] <= errors[1] + 0.1


def test_a_first_order_method_goes_on_from_its_start(growth):
    settings = chosen(policy={"hidden": [8]}, training={"algorithm": "adam", "steps": 300})
    first = solve(GROWTH, growth.calibration, settings)
    second = solve(GROWTH, growth.calibration, settings, start=first.policy)
    assert second.provenance.start is StartUse.TAKEN
    assert (second.status, steps(second)) == (Status.OUT_OF_STEPS, 300)
    assert phases(second).count("start") == 1 and set(phases(second)) == {"start", "adam"}
    best = [min(report.euler_error_max_log10 for report in one.history) for one in (first, second)]
    assert second.history[0].euler_error_max_log10 == best[0]  # same weights, same states
    assert best[1] < best[0]


def test_both_trainings_share_the_budget_of_steps(growth):
    settings = chosen(1e-12, policy={"family": "polynomial", "degree": 4}, training={"steps": 4})
    solution = solve(GROWTH, calibrate(GROWTH, {"beta": 0.95}), settings, start=growth.policy)
    assert steps(solution) == 4
    # Which of the two is better by the last digits, and with it the status, is not for this test to say.
    assert solution.provenance.start is StartUse.MISSED


@pytest.mark.parametrize("n_reports", [1, 2, 8])
def test_a_cancellation_is_heard_in_either_training(growth, n_reports):
    reports = []
    solution = solve(
        GROWTH,
        calibrate(GROWTH, {"beta": 0.95}),
        chosen(1e-12, policy={"family": "polynomial", "degree": 4}),
        start=growth.policy,
        on_progress=reports.append,
        should_stop=lambda: len(reports) >= n_reports,
    )
    assert solution.status is Status.CANCELLED
    assert len(reports) == n_reports
    assert solution.policy is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rbc_labour", r"states a, k, and .* z, k"),
        ("stochastic_growth", "states"),
        ("consumption_savings", "controls i, and .* c;"),
    ],
)
def test_other_symbols_are_refused_by_name(growth, name, message):
    with pytest.raises(StartError, match=message):
        solve(load_zoo(name), calibrate(load_zoo(name)), start=growth.policy)


def test_the_linear_family_starts_from_nothing(growth):
    with pytest.raises(StartError, match="linear"):
        solve(GROWTH, growth.calibration, chosen(policy={"family": "linear"}), start=growth.policy)


def test_another_number_of_regimes_is_refused():
    model = find("rbc_mc")
    chain = {"values": [[-0.01, 0.1], [0.0, 0.1], [0.01, 0.1]], "transitions": [[0.8, 0.1, 0.1]] * 3}
    larger = variant("rbc_mc", exogenous={"z, p": {"MarkovChain": chain}})
    start = Policy.of_linear_rule(model, calibrate(model))
    with pytest.raises(StartError, match="2 values of regime, and this model has 3"):
        solve(larger, calibrate(larger), start=start)
