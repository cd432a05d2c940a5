"""Simulated paths, the first drawn as a line, many of them as a band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.errors import RequestError
from service.evaluation import Evaluator
from service.figures.axes import legend, plain_range
from service.figures.labels import values_of
from service.figures.paths import height_of, panels
from service.figures.style import FAINT, INK, ramp
from service.figures.variables import choose_variables, path_variables
from service.schemas.figures import MAX_PATH_VARIABLES, SimulationFigureQuery
from service.simulation import check_departures, check_work
from solver.errors import Fault
from solver.model.spec import Model
from solver.model.state_space import REGIME
from solver.numerics.sampling import corners
from solver.simulation.experiment import Experiment, generator, simulate_experiment
from solver.simulation.panel import Panel, simulate_panel
from solver.simulation.paths import draw_shocks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEW = 6
_BAND_FROM = 20
_LINES = 5
_MARGIN = 0.06


@dataclass(frozen=True)
class SimulationPicture:
    """Paths of some variables.

    Attributes:
        model: whose variables they are.
        notes: how to read it.
        first: number of the first period.
        values: by variable, (periods, n_drawn) of the paths that are drawn as lines; NaN from where one is lost.
        bands: by variable, the 5th and the 95th percentile over all paths, (periods,) each; none of few paths, or a regime.
        bounds: by variable, the lower and the upper bound along the first path, (periods,) each.
        domain: by state, its lower and its upper end.
        steady: by variable, its steady state; none of a regime.
    """

    model: Model
    notes: tuple[str, ...]
    first: int
    values: Mapping[str, np.ndarray]
    bands: Mapping[str, tuple[np.ndarray, np.ndarray]]
    bounds: Mapping[str, tuple[np.ndarray, np.ndarray]]
    domain: Mapping[str, tuple[float, float]]
    steady: Mapping[str, float]

    @property
    def title(self) -> str:
        """What is seen."""
        return f"{self.model.title}: simulated paths"

    @property
    def height_in(self) -> float:
        """Of the figure."""
        return height_of(len(self.values))

    def draw(self, figure: Figure) -> None:
        """An axis for each variable."""
        axes = panels(figure, self.model, list(self.values))
        for one, name in zip(axes, self.values, strict=True):
            self._draw_one(one, name)
        legend(figure, axes[0], 3)

    def _draw_one(self, axes: Axes, name: str) -> None:
        values = self.values[name]
        periods = self.first + np.arange(len(values))
        style = "steps-post" if name == REGIME else "default"
        drawn = [values]
        if name in self.bands:
            low, high = self.bands[name]
            axes.fill_between(
                periods, low, high, color=FAINT, alpha=0.35, linewidth=0, label="5 to 95 % of paths"
            )
            drawn += [low[:, None], high[:, None]]
        for path, colour in enumerate(ramp(values.shape[1])):
            label = f"path {path}"
            axes.plot(periods, values[:, path], color=colour, linewidth=1.0, drawstyle=style, label=label)
        axes.set_ylim(*plain_range(np.hstack(drawn), _MARGIN))
        axes.set_xlim(periods[0], periods[-1])
        if name in self.steady:
            axes.axhline(self.steady[name], color=INK, linewidth=0.6, linestyle=":", label="steady state")
        for end in self.domain.get(name, ()):
            axes.axhline(end, color=FAINT, linewidth=0.8, linestyle="-.")
        for bound in self.bounds.get(name, ()):
            axes.plot(periods, bound, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)


def collect_simulation(
    evaluator: Evaluator, asked: SimulationFigureQuery, given: Mapping[str, float]
) -> SimulationPicture:
    """The numbers of the figure.

    Where nothing is left to chance, paths from the steady state would stay there: they begin at the corners of the
    domain, unless a state is given.

    Raises:
        RequestError: variables that there are not, or more than one request may simulate.
        StateError: given states at which the economy is not defined.
    """
    policy = evaluator.policy
    model, calibration = policy.model, policy.calibration
    known, preferred = path_variables(model, evaluator.state_names)
    names = choose_variables(asked.variables, known, preferred, MAX_PATH_VARIABLES, _FEW)
    if not calibration.process.is_random and "paths" in asked.model_fields_set:
        message = f"paths = {asked.paths} would all be the same, as nothing is left to chance in this model; leave it out"
        raise RequestError([Fault(("paths",), message)])
    check_work(policy, asked.burn_in + asked.periods, asked.paths)
    if calibration.process.is_random or given:
        paths = asked.paths if calibration.process.is_random else 1
        check_departures(evaluator, given, paths)
        panel = simulate_experiment(
            policy, Experiment(asked.periods, paths, asked.burn_in, asked.seed, given)
        )
        start = values_of(model, given) if given else "the steady state"
    else:
        ends = corners(calibration.lower(), calibration.upper())[:: _every(calibration.lower().size)]
        periods = asked.burn_in + asked.periods
        draws = draw_shocks(calibration.process, generator(asked.seed), periods - 1, len(ends))
        panel = simulate_panel(policy, ends, draws).since(asked.burn_in)
        start = "corners of the domain"
    groups = {**panel.states, **panel.controls, **panel.definitions, **panel.shocks}
    bounds = _bounds_along(evaluator, panel, names)
    is_many = panel.is_defined.shape[1] >= _BAND_FROM
    return SimulationPicture(
        model,
        _notes(panel, start, asked.burn_in, has_bounds=bool(bounds)),
        asked.burn_in,
        {name: groups[name][:, : 1 if is_many else _LINES] for name in names},
        {name: _quantiles(groups[name]) for name in names if is_many and name != REGIME},
        bounds,
        {name: evaluator.domain[name] for name in names if name in evaluator.domain and name != REGIME},
        {name: calibration.steady_state[name] for name in names if name != REGIME},
    )


def _every(n_states: int) -> int:
    """Of how many corners one is drawn, so that no more are than lines can be told apart."""
    return max(1, 2**n_states // 4) if n_states <= 8 else 1


def _notes(panel: Panel, start: str, burn_in: int, *, has_bounds: bool) -> tuple[str, ...]:
    since = f", {burn_in} periods before the first that is drawn" if burn_in else ""
    lost = f"; {panel.n_lost} paths leave the states at which the economy is defined" if panel.n_lost else ""
    count = panel.is_defined.shape[1]
    marks = "dotted: steady state; dash-dotted, where in sight: ends of the domain"
    return (
        f"{count} path{'' if count == 1 else 's'} from {start}{since}{lost}",
        marks + ("; thin dashes: a bound, along the first path" if has_bounds else ""),
    )


def _bounds_along(
    evaluator: Evaluator, panel: Panel, names: list[str]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    states = np.stack([panel.states[name][:, 0] for name in evaluator.state_names], axis=-1)
    return {name: pair for name, pair in evaluator.bounds(states).items() if name in names}


def _quantiles(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(periods,) the 5th and the 95th percentile over the paths that are left; NaN where none is."""
    found = np.full((2, len(values)), np.nan)
    is_left = np.isfinite(values).any(axis=1)
    found[:, is_left] = np.nanpercentile(values[is_left], (5, 95), axis=1)
    return found[0], found[1]
