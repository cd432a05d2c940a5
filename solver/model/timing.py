"""Which symbols may stand in which section of the equations, and at which dates.

Source: dolo's recipes; expectations may use today's variables besides, as its generalised ones do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solver.language.parser import suggest
from solver.language.printer import to_text
from solver.language.tree import FUNCTIONS, INFINITY, Symbol

_NOW = dict.fromkeys(("state", "control", "exogenous variable", "definition"), (0,))
_NOW_AND_NEXT = dict.fromkeys(_NOW, (0, 1))


@dataclass(frozen=True)
class Rule:
    """What the equations of a section are.

    Attributes:
        target: the kind of symbol that each defines, at date t, by its left side; None where they are residuals.
        dates: the dates at which symbols may stand in them, by kind.
        is_new: whether a left side may be a name that is declared nowhere.
    """

    target: str | None
    dates: Mapping[str, tuple[int, ...]]
    is_new: bool = False


RULES = {
    "definitions": Rule("definition", _NOW, is_new=True),
    "transition": Rule(
        "state", {"state": (-1,), "control": (-1,), "definition": (-1,), "exogenous variable": (-1, 0)}
    ),
    "arbitrage": Rule(None, _NOW_AND_NEXT),
    "felicity": Rule("reward", {**_NOW, "reward": (0,)}, is_new=True),
    "value": Rule("value", {**_NOW_AND_NEXT, "reward": (0,), "value": (0, 1)}),
    "expectation": Rule("expectation", _NOW_AND_NEXT),
    "direct_response": Rule(
        "control", {"exogenous variable": (0,), "state": (0,), "expectation": (0,), "control": (0,)}
    ),
    "direct_response_egm": Rule(
        "control",
        {"exogenous variable": (0,), "post-decision state": (0,), "expectation": (0,), "control": (0,)},
    ),
    "half_transition": Rule("state", {"exogenous variable": (-1, 0), "post-decision state": (-1,)}),
    "reverse_state": Rule(
        "state", {"exogenous variable": (0,), "post-decision state": (0,), "control": (0,)}
    ),
}
#: The sections that every document of a model has, and those that only dolo's algorithms use.
SECTIONS = ("transition", "arbitrage", "felicity")
OPTIONAL_SECTIONS = tuple(section for section in RULES if section not in ("definitions", *SECTIONS))
#: Other names of sections in dolo's files.
SECTION_ALIASES = {"equilibrium": "arbitrage", "optimality": "arbitrage", "utility": "felicity"}
#: Definitions in dolo's older files, of the names declared as auxiliaries.
OLDER_DEFINITIONS = "auxiliary"


def symbol_message(section: str, symbol: Symbol, kinds: Mapping[str, str]) -> str | None:
    """What is wrong with a symbol in an equation, if anything.

    Args:
        section: of the equation.
        symbol: dated.
        kinds: what each symbol is.
    """
    kind, name = kinds.get(symbol.name), symbol.name
    if name == INFINITY:
        return f"{name} may stand only alone, as a bound of a control"
    if kind is None:
        return f"{name} is not declared{suggest(name, (*kinds, *FUNCTIONS)) or ': declare it or define it'}"
    if kind == "parameter":
        return None if symbol.shift is None else f"{name} is a parameter and has no date: write {name}"
    if kind == "auxiliary":
        return f"{name} is declared as an auxiliary, and nothing defines it: add {name}[t] = … to the definitions"
    dates = RULES[section].dates.get(kind)
    if dates is None:
        return f"the {kind} {name} cannot stand here ({section})"
    if symbol.shift in dates:
        return None
    allowed = " or ".join(_dated_name(name, date) for date in dates)
    return f"write {allowed} for the {kind} {name} here ({section}), not {_dated_name(name, symbol.shift)}"


def _dated_name(name: str, shift: int | None) -> str:
    """The name with its date, as a file of the newer dialect writes it."""
    return to_text(Symbol(name, shift))
