"""A model: an economy as data, read and checked.

Two models are equal when their documents are; the parsed trees follow from the document and do not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from solver.language.tree import Expression
from solver.model.exogenous import Block


@dataclass(frozen=True)
class SymbolInfo:
    """What a file says about one of its symbols.

    Attributes:
        description: in words.
        symbol: as it is displayed, e.g. β.
        bounds: of a parameter, the smallest and the largest value that it may take, both included; of a control, its
            natural domain, where one bound may be infinite.
    """

    description: str | None = None
    symbol: str | None = None
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True)
class Complementarity:
    """What stands after ⟂: the residual is zero between the bounds, at least zero at the lower, at most zero at the upper.

    Attributes:
        control: the control that is bounded.
        lower: expression of states, exogenous variables, parameters and definitions of these alone, at date t;
            None for -inf.
        upper: likewise; None for inf.
    """

    control: str
    lower: Expression | None
    upper: Expression | None


@dataclass(frozen=True)
class Trees:
    """The equations of a model as expressions.

    Attributes:
        definitions: for date t, each after those that it uses.
        transition: next state by state, in the order of the states, written for states, controls, exogenous variables
            and definitions at t - 1 and exogenous variables at t.
        arbitrage: residuals, zero at a solution, of symbols at t and t + 1.
        complementarity: of each arbitrage equation, None where it holds everywhere.
        exogenous: the laws of the exogenous variables, in their order.
        felicity: the reward of date t; None when the file gives none.
        reward: its name, by which other sections may call it.
        assignments: right sides of the sections that only some algorithms use (value, expectation, direct_response,
            half_transition, …), by section and by the name on the left, at date t; of the sections that the file has.
        calibration: undated, by name, each after those that it uses; holds the parameters, the states and the
            controls, other names that the file calibrates, the definitions, and the means of the exogenous variables that
            the file does not calibrate, unless they follow a Markov chain.
        domain: undated lower and upper bound of those states, and exogenous variables, for which the file gives one.
    """

    definitions: Mapping[str, Expression]
    transition: tuple[Expression, ...]
    arbitrage: tuple[Expression, ...]
    complementarity: tuple[Complementarity | None, ...]
    exogenous: tuple[Block, ...]
    felicity: Expression | None
    reward: str | None
    assignments: Mapping[str, Mapping[str, Expression]]
    calibration: Mapping[str, Expression]
    domain: Mapping[str, tuple[Expression, Expression]]


@dataclass(frozen=True)
class Model:
    """An economy.

    Attributes:
        name: as the file gives it.
        title: one line for people.
        source: where the equations and the calibration come from.
        states: names, in the order of the axes of state arrays.
        controls: names, in the order of the axes of control arrays.
        exogenous: names of the exogenous variables, in the order of the axes of their arrays.
        parameters: names, in the order of parameter vectors.
        definitions: names of what follows from states, controls and exogenous variables of the same date.
        symbols: about every parameter, state, control, exogenous variable and definition, and what else the file describes.
        equations: as written, by section: definitions, transition, arbitrage, felicity, and those of
            ``Trees.assignments``.
        document: the canonical file, which reads back to an equal model; JSON-able.
        hash: SHA-256 of the canonical document, in hexadecimal.
        trees: the equations parsed.
    """

    name: str = field(compare=False)
    title: str = field(compare=False)
    source: str = field(compare=False)
    states: tuple[str, ...] = field(compare=False)
    controls: tuple[str, ...] = field(compare=False)
    exogenous: tuple[str, ...] = field(compare=False)
    parameters: tuple[str, ...] = field(compare=False)
    definitions: tuple[str, ...] = field(compare=False)
    symbols: Mapping[str, SymbolInfo] = field(compare=False)
    equations: Mapping[str, tuple[str, ...]] = field(compare=False)
    document: Mapping[str, Any] = field(compare=False, repr=False)
    hash: str
    trees: Trees = field(compare=False, repr=False)
