"""The block ``shocks`` as the section ``exogenous`` of a model file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from solver.dynare.file import ModFile
from solver.dynare.names import EXOGENOUS, Names
from solver.language.tree import Expression, Number, Operation
from solver.model.canonical import canonical_expression
from solver.model.node import FaultList

_ZERO = Number(0.0)


@dataclass
class _Moments:
    """What the file says, by shock and by pair of shocks."""

    deviations: dict[str, Expression] = field(default_factory=dict)
    variances: dict[str, Expression] = field(default_factory=dict)
    covariances: dict[frozenset[str], Expression] = field(default_factory=dict)
    correlations: dict[frozenset[str], Expression] = field(default_factory=dict)


def read_laws(
    file: ModFile, names: Names, means: Mapping[str, Expression], faults: FaultList
) -> dict[str, Any]:
    """The laws by the names of the shocks: each its own, or one of all where two of them are correlated.

    Args:
        file: its statements.
        names: its names.
        means: of the shocks that ``initval`` gives another mean than zero.
        faults: to which every fault is added.
    """
    found = _read(file, names, faults)
    shocks = [names.written.get(name, name) for name in names.of_kind(EXOGENOUS)]
    if found.covariances or found.correlations:
        matrix = [[canonical_expression(_entry(found, row, column)) for column in shocks] for row in shocks]
        law: dict[str, Any] = {"Sigma": matrix}
        if means:
            law["mu"] = [canonical_expression(means.get(name, _ZERO)) for name in shocks]
        return {", ".join(shocks): {"Normal": law}}
    laws = {}
    for name in shocks:
        if name not in found.variances and name not in found.deviations:
            names.notes.append(f"{name} has no variance in the block shocks: it is zero, as in Dynare.")
        law = {"mu": canonical_expression(means[name])} if name in means else {}
        if name in found.variances:
            law["Sigma"] = [[canonical_expression(found.variances[name])]]
        else:
            law["sigma"] = canonical_expression(found.deviations.get(name, _ZERO))
        laws[name] = {"UNormal": law}
    return laws


def _read(file: ModFile, names: Names, faults: FaultList) -> _Moments:
    found = _Moments()
    for moment in file.moments:
        symbols = [one for one in (moment.assignment.name, moment.assignment.other) if one is not None]
        strange = next((one for one in symbols if names.kinds.get(one.name) != EXOGENOUS), None)
        if strange is not None and not names.is_whole:
            continue
        if strange is not None:
            kind = names.kinds.get(strange.name)
            hint = f"is an {kind}" if kind else "is not declared"
            message = f"{strange.name} {hint}, and only what varexo declares has a variance: name a shock"
            faults.append(moment.statement.fault(message, strange.name, strange.column))
            continue
        key = [names.written.get(one.name, one.name) for one in symbols]
        value = names.to_value(moment.assignment.value, moment.statement, faults)
        if len(key) == 1 and key[0] in (*found.deviations, *found.variances):
            names.notes.append(f"{key[0]} is given a variance more than once: that of the last line stands.")
        if moment.kind == "stderr":
            found.deviations[key[0]] = value
            found.variances.pop(key[0], None)
        elif len(key) == 1:
            found.variances[key[0]] = value
            found.deviations.pop(key[0], None)
        elif len(set(key)) == 1:
            message = f"{key[0]} stands here twice: name two shocks"
            faults.append(moment.statement.fault(message, key[0]))
        elif moment.kind == "corr":
            found.correlations[frozenset(key)] = value
        else:
            found.covariances[frozenset(key)] = value
    return found


def _entry(found: _Moments, row: str, column: str) -> Expression:
    """One covariance."""
    if row == column:
        if row in found.variances:
            return found.variances[row]
        return Operation("^", (found.deviations.get(row, _ZERO), Number(2.0)))
    pair = frozenset((row, column))
    if pair in found.correlations:
        scale = Operation("*", (_deviation(found, row), _deviation(found, column)))
        return Operation("*", (found.correlations[pair], scale))
    return found.covariances.get(pair, _ZERO)


def _deviation(found: _Moments, name: str) -> Expression:
    if name in found.variances:
        return Operation("sqrt", (found.variances[name],))
    return found.deviations.get(name, _ZERO)
