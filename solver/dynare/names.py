"""What the names of a ``.mod`` file are, and what they are called in the model file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from solver.dynare.file import ModFile
from solver.dynare.parser import STEADY_STATE
from solver.dynare.statements import Statement
from solver.dynare.words import is_reserved
from solver.language.parser import suggest
from solver.language.tree import FUNCTIONS, INFINITY, Expression, Operation, Symbol, operators_in, symbols_in
from solver.model.consumption import CONSUMPTION
from solver.model.node import FaultList
from solver.model.sections import MAX_SYMBOLS

ENDOGENOUS, EXOGENOUS, PARAMETER, LOCAL, NATIVE = (
    *("endogenous variable", "exogenous variable", "parameter", "# definition", "variable of MATLAB"),
)
_GROUPS = {"var": ENDOGENOUS, "varexo": EXOGENOUS, "parameters": PARAMETER}
_WORDS = (*FUNCTIONS, INFINITY, "t")
#: What has a value of today and no steady state in ``steady_state_model``, and what to do instead.
_OF_TODAY = {
    EXOGENOUS: "write its mean",
    LOCAL: "declare it in var, and write its # definition as an equation",
}
MAX_SHIFT = 50


@dataclass
class Names:
    """The names of a file.

    Attributes:
        kinds: what each name of the file is.
        written: what each is called in the model file, where a name is a word of the model language, or would be read as
            consumption.
        predetermined: those whose value at t was decided before.
        steady: the parameter that stands for each ``STEADY_STATE(name)``.
        notes: what was renamed.
        is_whole: whether every declaration could be read.
    """

    kinds: dict[str, str]
    written: dict[str, str]
    predetermined: frozenset[str]
    steady: dict[str, str]
    notes: list[str]
    is_whole: bool

    def fresh(self, name: str) -> str:
        """A name that nothing else has, made of ``name``."""
        taken = {*self.kinds, *self.written.values(), *self.steady.values(), *_WORDS}
        while name in taken:
            name += "_"
        self.kinds[name] = NATIVE
        return name

    def of_kind(self, kind: str) -> list[str]:
        """The file's names of a kind, in their order."""
        return [name for name, one in self.kinds.items() if one == kind]

    def to_model(self, expression: Expression, statement: Statement, faults: FaultList) -> Expression:
        """An equation's side with every variable dated and called as in the model file."""
        return self._rename(expression, statement, faults, dates=True)

    def to_value(self, expression: Expression, statement: Statement, faults: FaultList) -> Expression:
        """A value, in which nothing has a date."""
        return self._rename(expression, statement, faults, dates=False)

    def _rename(
        self, expression: Expression, statement: Statement, faults: FaultList, *, dates: bool
    ) -> Expression:
        if isinstance(expression, Symbol):
            return self._symbol(expression, statement, faults, dates=dates)
        if not isinstance(expression, Operation):
            return expression
        arguments = tuple(self._rename(one, statement, faults, dates=dates) for one in expression.arguments)
        if expression.operator != STEADY_STATE:
            return Operation(expression.operator, arguments)
        name = expression.arguments[0]
        assert isinstance(name, Symbol)
        kind = self.kinds.get(name.name)
        if kind in _OF_TODAY:
            message = (
                f"STEADY_STATE is read of endogenous variables, and {name.name} is none: {_OF_TODAY[kind]}"
            )
            faults.append(statement.fault(message, name.name, name.column or 1))
        if kind != ENDOGENOUS:
            return arguments[0]
        if name.name not in self.steady:
            self.steady[name.name] = self.fresh(f"{name.name}_ss")
        return Symbol(self.steady[name.name], None, name.column)

    def _symbol(self, symbol: Symbol, statement: Statement, faults: FaultList, *, dates: bool) -> Symbol:
        name, kind = symbol.name, self.kinds.get(symbol.name)
        shift, is_variable = symbol.shift or 0, kind in (ENDOGENOUS, EXOGENOUS)
        message = None
        if kind in (None, NATIVE) and not self.is_whole:
            message = None  # it may stand in what could not be read
        elif dates and kind == NATIVE:
            message = f"{name} is not declared: declare it in parameters"
        elif kind is None:
            hint = suggest(name, (*self.kinds, *FUNCTIONS))
            message = f"{name} is not declared{hint or ': declare it in var, varexo or parameters'}"
        elif symbol.shift is not None and not (dates and is_variable):
            message = f"{name} has no date here: write {name} alone"
        elif abs(shift) > MAX_SHIFT:
            message = f"{name}({shift:+d}) is {abs(shift)} periods away, above {MAX_SHIFT}: take fewer"
        if message:
            faults.append(statement.fault(message, name, symbol.column or 1))
        written = self.written.get(name, name)
        if not (dates and is_variable):
            return Symbol(written, None, symbol.column)
        return Symbol(written, shift - (name in self.predetermined), symbol.column)


def read_names(file: ModFile, faults: FaultList) -> Names:
    """The names that a file declares or assigns."""
    kinds: dict[str, str] = {}
    for word, kind in _GROUPS.items():
        for statement, declaration in file.declared[word]:
            if declaration.name in kinds:
                message = f"{declaration.name} is declared twice: keep one"
                faults.append(statement.fault(message, declaration.name, declaration.column))
            if is_reserved(declaration.name):
                message = f"{declaration.name} is a word of Dynare's own: choose another name"
                faults.append(statement.fault(message, declaration.name, declaration.column))
            kinds.setdefault(declaration.name, kind)
    for assigned in file.local:
        name = assigned.assignment.name.name
        if name in kinds:
            faults.append(
                assigned.statement.fault(f"{name} is the {kinds[name]} already: choose another name", name)
            )
        kinds.setdefault(name, LOCAL)
    for assigned in (*file.values, *file.steady):
        kinds.setdefault(assigned.assignment.name.name, NATIVE)
    if len(kinds) > MAX_SYMBOLS:
        message = f"the file has {len(kinds)} names, above {MAX_SYMBOLS}: it is too large"
        place = next(statement for pairs in file.declared.values() for statement, _ in pairs)
        faults.append(place.fault(message))
    names = Names(kinds, {}, frozenset(_predetermined(file, kinds, faults)), {}, [], file.is_declared)
    for name, new, reason in _renamed(file, kinds):
        names.written[name] = names.fresh(new)
        names.notes.append(f"{name} is called {names.written[name]} here: {reason}.")
    return names


def _predetermined(file: ModFile, kinds: dict[str, str], faults: FaultList) -> Iterator[str]:
    for statement, declaration in file.declared["predetermined_variables"]:
        if kinds.get(declaration.name) == ENDOGENOUS:
            yield declaration.name
        else:
            message = f"{declaration.name} is not declared in var: declare it there first"
            faults.append(statement.fault(message, declaration.name, declaration.column))


def _renamed(file: ModFile, kinds: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Names that mean something else in a model file: the name, a new one, and the reason."""
    for name in list(kinds):
        if name in _WORDS:
            yield name, f"{name}_", "it is a word of the model language"
    if kinds.get(CONSUMPTION) == ENDOGENOUS:
        if file.is_linear:
            yield CONSUMPTION, "c_hat", "c is consumption in levels, and this model is linear"
        elif _has_exponential(file):
            yield CONSUMPTION, "log_c", "c is consumption in levels, and this model has exp(c)"


def _has_exponential(file: ModFile) -> bool:
    """Whether ``exp(c)`` stands in an equation, at any date."""
    sides = [side for one in file.equations for side in (one.equation.left, one.equation.right) if side]
    pending = [side for side in sides if "exp" in operators_in(side)]
    while pending:
        node = pending.pop()
        if isinstance(node, Operation):
            argument = node.arguments[0]
            if node.operator == "exp" and isinstance(argument, Symbol) and argument.name == CONSUMPTION:
                return True
            pending += [one for one in node.arguments if any(symbols_in(one))]
    return False
