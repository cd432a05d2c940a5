"""The linearised Euler equation against differences of the residual that it stands for."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.expectation.ahead import build_expectation
from solver.model.load import load_model
from solver.model.multi_country import multi_country
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.objective.certainty import linearise
from solver.objective.euler import EulerObjective
from solver.policy.frame import build_frame
from solver.policy.output_map import output_map
from solver.policy.policy import numpy_rule
from solver.policy.rule import Setting
from solver.settings import ExpectationSettings, PolicySettings

MODELS = {
    "rbc": load_zoo("rbc"),
    "rbc_labour": load_zoo("rbc_labour"),
    "multi_country_3": load_model(multi_country(3)),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_small_change_of_policy_moves_residuals_by_the_blocks(name):
    """Exact without shocks and with a policy that is the linear rule: then the blocks are the Jacobian."""
    model = MODELS[name]
    calibration = calibrate(model)
    rule = numpy_rule(model, PolicySettings(family="polynomial", degree=2))
    objective = EulerObjective(rule, as_ratio=True)
    process = calibration.process
    frame = build_frame(calibration, output_map(model))
    setting = Setting(calibration.parameter_vector(), process.mean, process.values, frame)
    expectation = build_expectation(process, ExpectationSettings().resolve(problem_size(model)))
    certain = expectation._replace(nodes=(expectation.weights @ expectation.nodes)[None], weights=np.ones(1))
    rng = np.random.default_rng(0)
    lower, upper = calibration.lower(), calibration.upper()
    states = rng.uniform(lower, upper, size=(20, len(lower)))
    weights = [np.zeros(shape) for shape in rule.family.shapes]
    linear = linearise(objective, setting, expectation, weights, states)
    direction = rng.normal(size=rule.family.shapes[0])
    moved = np.einsum("nij,nj->ni", linear.today, linear.features @ direction)
    moved += np.einsum("nij,nj->ni", linear.tomorrow, linear.next_features @ direction)

    def residuals(step):
        found = objective.residuals(setting, certain, [step * direction], states)
        return objective.with_multipliers(found)

    step = 1e-6
    difference = (residuals(step) - residuals(-step)) / (2 * step)
    assert np.abs(difference).max() > 1e-2
    # Rounding of a central difference, 1e-16 / 1e-6, and the square of its step.
    np.testing.assert_allclose(moved, difference, rtol=1e-6, atol=1e-8)
