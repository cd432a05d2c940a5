"""The Euler errors of the zoo's models by the formulas of the oracles: an independent judge of any decision rule.

``decide(states)`` is a policy as it is served: the states of the model file, autocorrelated exogenous variables before them
and the regime of a chain after them, give the controls in the file's order.
"""

import numpy as np

from tests.oracles.irreversible_investment import Irreversible
from tests.oracles.multi_country import Countries
from tests.oracles.new_keynesian_zlb import NewKeynesian
from tests.oracles.olg_krueger_kubler import SHOCKS, Generations
from tests.oracles.rbc import RBC
from tests.oracles.rbc_labour import Labour
from tests.oracles.saving import Saving


def euler_errors(name, parameters, states, decide):
    """The worst of a model's conditions at each state (n, n_columns), of Euler equations relative to consumption, (n,)."""
    return _JUDGES[name](parameters, states, decide)


def box_states(lower, upper, seed, n_regimes=1):
    """States all over a box, its edges and corners included: a grid of one or two states, random ones of more."""
    n = len(lower)
    if n <= 2:
        axes = np.meshgrid(
            *(np.linspace(*ends, 41 if n == 2 else 1001) for ends in zip(lower, upper, strict=True))
        )
        states = np.column_stack([axis.ravel() for axis in axes])
    else:
        corners = np.stack(np.meshgrid(*([0.0, 1.0] for _ in range(n))), axis=-1).reshape(-1, n)
        places = np.concatenate([corners, np.random.default_rng(seed).uniform(size=(2000, n))])
        states = lower + (upper - lower) * places
    if n_regimes == 1:
        return states
    regimes = np.repeat(np.arange(n_regimes), len(states))
    return np.column_stack([np.tile(states, (n_regimes, 1)), regimes])


def _rbc(parameters, states, decide):
    return RBC(**parameters).euler_errors(*states.T, lambda a, k: decide(np.column_stack([a, k]))[:, 0])


def stochastic_growth(parameters):
    """The economy of ``rbc.py`` that the model in levels is."""
    p = dict(parameters)
    scale = (1 / p["beta"] - 1 + p["delta"]) / p["alpha"]
    return RBC(p["beta"], p["delta"], p["alpha"], p["gamma"], p["rho"], p["sigma"], scale)


def _stochastic_growth(parameters, states, decide):
    economy = stochastic_growth(parameters)

    def investment(a, k):
        return economy.output(a, k) - decide(np.column_stack([np.exp(a), k]))[:, 0]

    return economy.euler_errors(np.log(states[:, 0]), states[:, 1], investment)


def _by_class(economy):
    return lambda parameters, states, decide: economy(**parameters).errors(states, decide).max(axis=1)


def _consumption_savings(parameters, states, decide):
    saving = Saving(**parameters)
    w = states[:, 0]
    return saving.euler_errors(np.zeros(len(w)), w, lambda y, w: decide(w[:, None])[:, 0])


def _consumption_savings_ar1(parameters, states, decide):
    return Saving(**parameters).euler_errors(*states.T, lambda y, w: decide(np.column_stack([y, w]))[:, 0])


def _generations(parameters, states, decide):
    def shares(z, d, k):
        regimes = np.argmin(np.abs(np.column_stack([z, d])[:, None] - SHOCKS).sum(axis=-1), axis=1)
        return decide(np.column_stack([k, regimes]))

    shocks = SHOCKS[states[:, -1].astype(int)].T
    return Generations(**parameters).euler_errors(*shocks, states[:, :-1], shares).max(axis=1)


def _new_keynesian(parameters, states, decide):
    own = {name: value for name, value in parameters.items() if name in NewKeynesian.__dataclass_fields__}
    return NewKeynesian(**own).errors(states, decide).max(axis=1)


_JUDGES = {
    "rbc": _rbc,
    "rbc_labour": _by_class(Labour),
    "stochastic_growth": _stochastic_growth,
    "irreversible_investment": _by_class(Irreversible),
    "consumption_savings": _consumption_savings,
    "consumption_savings_ar1": _consumption_savings_ar1,
    "olg_krueger_kubler": _generations,
    "multi_country": _by_class(Countries),
    "new_keynesian_zlb": _new_keynesian,
}
