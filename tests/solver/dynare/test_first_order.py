"""The linear rule of a converted file against Dynare's own first-order solution, stored and run."""

import numpy as np
import pytest

from solver.calibrate import calibrate
from solver.classical.perturbation import steady_state_derivatives
from solver.dynare.convert import convert
from solver.language.numpy_backend import NUMPY
from solver.model.economy import Date, Economy
from solver.model.state_space import state_space
from solver.model.steady_state import find_steady_state
from tests.oracles.dynare import FILES, HAS_DYNARE, DynareSolution, run_dynare, stored

#: What conversion calls otherwise.
RENAMED = {"hansen": {"c": "log_c"}}


class LinearEconomy:
    """A converted model to first order: variables by name along paths of shocks."""

    def __init__(self, model):
        self.model, self.rule = model, calibrate(model).rule
        self.steady = find_steady_state(model)
        self.economy = Economy(model, NUMPY)
        self.parameters = np.array(list(self.steady.parameters.values()))
        self.kept = list(state_space(model).exogenous)
        self.transition = steady_state_derivatives(model, self.steady).transition

    def _values(self, names):
        return np.array([self.steady.values[name] for name in names])

    def _definitions(self, point):
        sizes = np.cumsum([len(self.model.exogenous), len(self.model.states)])
        return self.economy.definitions(self.parameters, Date(*np.split(point, sizes)))

    def gradients(self):
        """Of each definition, by exogenous variables, states and controls: central differences."""
        point = self._values((*self.model.exogenous, *self.model.states, *self.model.controls))
        step = 1e-5
        ends = [
            (self._definitions(point + step * unit), self._definitions(point - step * unit))
            for unit in np.eye(len(point))
        ]
        return {
            name: np.array([(up[name] - down[name]) / (2 * step) for up, down in ends])
            for name in self.model.definitions
        }

    def paths(self, shocks):
        """Deviations of every variable that follow shocks (n_periods, n_shocks) from rest."""
        n_states, n_shocks = len(self.model.states), len(self.model.exogenous)
        gradients = self.gradients()
        before = np.zeros(n_shocks + n_states + len(self.model.controls))
        found = {name: [] for name in (*self.model.states, *self.model.controls, *gradients)}
        for shock in shocks:
            states = self.transition @ np.concatenate([before, shock])
            controls = self.rule.slope @ np.concatenate([shock[self.kept], states])
            before = np.concatenate([shock, states, controls])
            names = (*self.model.states, *self.model.controls)
            for name, value in zip(names, before[n_shocks:], strict=True):
                found[name].append(value)
            for name, gradient in gradients.items():
                found[name].append(gradient @ before)
        return {name: np.array(path) for name, path in found.items()}


def assert_same(path, dynare):
    """The same steady state, law of the shocks and, to first order, the same path of every variable."""
    model = convert(path.read_bytes()).model
    ours = LinearEconomy(model)
    assert ours.rule.verdict == "unique"
    assert list(model.exogenous) == dynare.shocks
    np.testing.assert_allclose(ours.steady.process.innovation_covariance, dynare.covariance, rtol=1e-12)
    renamed = RENAMED.get(path.stem, {})
    own = [name for name in dynare.variables if not name.startswith("AUX_")]
    for name in own:
        expected = dynare.steady[name]
        assert ours.steady.values[renamed.get(name, name)] == pytest.approx(expected, rel=1e-7, abs=1e-8)
    # Every direction that shocks can move the states in, for longer than there are states.
    scale = np.sqrt(np.diag(dynare.covariance))
    shocks = np.random.default_rng(0).normal(size=(40, len(scale))) * scale
    paths, expected = ours.paths(shocks), dynare.paths(shocks)
    for name in own:
        column = expected[:, dynare.variables.index(name)]
        # Central differences of the definitions, and steady states solved to 1e-8.
        np.testing.assert_allclose(
            paths[renamed.get(name, name)], column, rtol=0, atol=3e-7 * np.abs(column).max() + 1e-10
        )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_converted_file_has_the_first_order_solution_that_dynare_gave(path):
    assert_same(path, stored(path))


@pytest.mark.skipif(not HAS_DYNARE, reason="needs octave and dynare (Debian: apt install dynare)")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_converted_file_has_the_first_order_solution_that_dynare_gives(path):
    assert_same(path, DynareSolution(run_dynare(path)))
