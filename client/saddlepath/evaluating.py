"""Exchanges that evaluate a policy: at states, along one of them, and by parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np

from saddlepath.errors import InputError
from saddlepath.evaluation import Answer, Evaluation, Sensitivity
from saddlepath.extras import pandas
from saddlepath.layouts import Layout, NamedLayout, is_table, layout_of
from saddlepath.wire import ARROW, Exchange, Request, ask, ask_json

ARROW_FROM = 10_000
"""From so many states on they travel by Arrow, where pyarrow is installed: below, JSON is as fast."""


class Solved(Protocol):
    """What these exchanges need to know of a solution."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def steady_state(self) -> Mapping[str, float]:
        """The calibration's, of every variable."""


def policy(
    solution: Solved,
    states: Any = None,
    /,
    *,
    sensitivity: str | Sequence[str] = (),
    strict: bool = False,
    **named: Any,
) -> Exchange[Any]:
    """The policy at states: controls and definitions.

    Args:
        solution: the solution.
        states: a mapping, a DataFrame or a Dataset with a value for each state; of a table, other columns are left aside.
        sensitivity: parameters by which controls and definitions are differentiated, too.
        strict: refuse states outside the domain instead of extrapolating.
        **named: numbers or arrays by state, e.g. ``a=0.0, k=4.2``; they are broadcast against each other.

    Returns:
        Of a DataFrame a DataFrame with the same index, of a Dataset a Dataset, else an :class:`Evaluation`.

    Raises:
        InvalidError: a state is missing, unknown, or one at which the economy is not defined.
        ConflictError: the solution has no policy.
        InputError: states that are not finite, or whose shapes do not fit together.
    """
    by = (sensitivity,) if isinstance(sensitivity, str) else tuple(sensitivity)
    if is_table(states):
        if named:
            raise InputError(f"{', '.join(named)} is given beside a table; make it a column of the table")
        layout: Layout = layout_of(states, (yield from state_names(solution)))
    else:
        layout = NamedLayout({**(states or {}), **named})
    length = max(map(len, layout.columns.values()), default=0)
    is_bulk = length >= ARROW_FROM and find_spec("pyarrow") is not None
    ask_for = _by_arrow if is_bulk else _by_json
    return layout.restore(
        (yield from ask_for(f"/v1/solutions/{solution.id}/policy", layout.columns, by, strict))
    )


def sensitivity(
    solution: Solved, parameter: str, states: Mapping[str, Any] | None = None, /, **named: Any
) -> Exchange[Sensitivity]:
    """How controls and definitions change with a parameter, at given states.

    Args:
        solution: the solution.
        parameter: its name.
        states: numbers or arrays by state.
        **named: the same.

    Raises:
        InvalidError: no parameter of that name, or a state is missing or unknown.
    """
    found: Evaluation = yield from policy(solution, states, sensitivity=parameter, **named)
    return found.sensitivities[parameter]


def tabulate(
    solution: Solved, /, state: str, bounds: tuple[float, float] | None = None, n: int = 100, **others: float
) -> Exchange[Any]:
    """The policy along one state, as a DataFrame.

    Args:
        solution: the solution.
        state: the one that varies.
        bounds: from where to where; by default over the domain.
        n: number of rows.
        **others: values of other states; by default those of the steady state.

    Raises:
        InvalidError: there is no such state.
        MissingExtraError: pandas is not installed.
    """
    pd = pandas("tabulate()")
    names = yield from state_names(solution)
    fixed = {name: others.get(name, solution.steady_state.get(name, 0.0)) for name in names}
    if bounds is None:
        limits = yield from domain(solution)
        if state not in limits:
            raise InputError(f"{state!r} is not a state with a domain; there are {', '.join(limits)}")
        bounds = limits[state]
    grid = {state: np.linspace(*bounds, n)}
    found = yield from policy(solution, {**fixed, **others, **grid})
    return pd.DataFrame({**found, "in_domain": found.in_domain})


def state_names(solution: Solved) -> Exchange[tuple[str, ...]]:
    """The states that the policy is a function of, in its order."""
    found = yield from ask_json(Request("GET", f"/v2/models/{solution.id}"))
    return tuple(tensor["name"] for tensor in found["inputs"])


def domain(solution: Solved) -> Exchange[dict[str, tuple[float, float]]]:
    """The smallest and the largest value of each state but a Markov chain's regime, over which it was solved."""
    found = yield from ask_json(Request("GET", f"/v1/solutions/{solution.id}/record"))
    return {name: (low, high) for name, (low, high) in found["policy"]["manifest"]["domain"].items()}


def _by_json(path: str, columns: Mapping[str, Any], by: tuple[str, ...], strict: bool) -> Exchange[Answer]:
    body: dict[str, Any] = {"states": {name: column.tolist() for name, column in columns.items()}}
    if by:
        body["sensitivity"] = list(by)
    if strict:
        body["strict"] = True
    found = yield from ask_json(Request("POST", path, body=body))
    derivatives: Mapping[str, Any] = found.get("sensitivities") or {}
    told = {**found["states"], **found["controls"], **found["definitions"]}
    for parameter, one in derivatives.items():
        told |= {
            f"{name}.{parameter}": values for name, values in (one["controls"] | one["definitions"]).items()
        }
    misfits = {parameter: _number(one["misfit"]) for parameter, one in derivatives.items()}
    arrays = {name: np.array(values, dtype=np.float64) for name, values in told.items()}
    return Answer(arrays, np.array(found["in_domain"], dtype=np.bool_), misfits)


def _by_arrow(path: str, columns: Mapping[str, Any], by: tuple[str, ...], strict: bool) -> Exchange[Answer]:
    import pyarrow as pa

    table = pa.table(dict(columns))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    query = {"sensitivity": ",".join(by) or None, "strict": strict or None}
    headers = {"Content-Type": ARROW, "Accept": ARROW}
    answer = yield from ask(Request("POST", path, query, sink.getvalue().to_pybytes(), headers))
    found = pa.ipc.open_stream(answer.content).read_all()
    misfits = {}
    for parameter in by:
        field = next(field for field in found.schema if field.name.endswith(f".{parameter}"))
        misfits[parameter] = float((field.metadata or {}).get(b"misfit", b"nan"))
    arrays = {name: found[name].to_numpy() for name in found.column_names if name != "in_domain"}
    return Answer(arrays, found["in_domain"].to_numpy(), misfits)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
