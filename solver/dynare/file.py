"""What a ``.mod`` file says, statement by statement and block by block, before any of it is understood as a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from solver.dynare.parser import (
    Assignment,
    Bound,
    Declaration,
    TaggedEquation,
    parse_assignment,
    parse_bound,
    parse_declarations,
    parse_equation,
    parse_value,
)
from solver.dynare.statements import Source, Statement
from solver.dynare.words import (
    BLOCKS,
    COMPUTATIONS,
    DECLARATIONS,
    IGNORED_BLOCKS,
    IGNORED_COMMANDS,
    IGNORED_PREFIXES,
    OTHER_DECLARATIONS,
    REFUSED,
)
from solver.errors import ModelError
from solver.language.tree import Symbol
from solver.model.node import FaultList
from solver.model.sections import MAX_EQUATIONS

_MAX_NOTES = 100


@dataclass(frozen=True)
class ModEquation:
    """An equation of the model block, its bounds, and where it stands."""

    statement: Statement
    equation: TaggedEquation
    bounds: tuple[Bound, ...]

    @property
    def name(self) -> str:
        """What its tag ``name`` says; empty without one."""
        return dict(self.equation.tags).get("name", "")


@dataclass(frozen=True)
class Assigned:
    """``name = value`` and where it stands."""

    statement: Statement
    assignment: Assignment


@dataclass(frozen=True)
class Moment:
    """``var e; stderr s``, ``var e = v``, ``var e, u = cov`` or ``corr e, u = r``, by ``kind``."""

    statement: Statement
    kind: str
    assignment: Assignment


@dataclass
class ModFile:
    """The statements of a file, sorted.

    Attributes:
        declared: by what they declare: ``var``, ``varexo``, ``parameters``, ``predetermined_variables``.
        equations: of the model block.
        local: its ``#`` definitions.
        values: assignments outside blocks.
        initial: those of ``initval``.
        steady: those of ``steady_state_model``.
        moments: of the shocks.
        model: the statement that opens the model block.
        is_linear: whether that is ``model(linear)``.
        notes: what was not read, and where.
        unread: the first words of the statements with faults: what these would have said is not missed.
    """

    declared: dict[str, list[tuple[Statement, Declaration]]] = field(
        default_factory=lambda: {word: [] for word in DECLARATIONS}
    )
    equations: list[ModEquation] = field(default_factory=list)
    local: list[Assigned] = field(default_factory=list)
    values: list[Assigned] = field(default_factory=list)
    initial: list[Assigned] = field(default_factory=list)
    steady: list[Assigned] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    model: Statement | None = None
    is_linear: bool = False
    notes: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    @property
    def is_declared(self) -> bool:
        """Whether every declaration could be read."""
        return self.unread.isdisjoint((*DECLARATIONS, *OTHER_DECLARATIONS))


def read_file(text: str | bytes, faults: FaultList) -> ModFile:
    """The statements of a ``.mod`` file.

    Args:
        text: the file.
        faults: to which every fault is added, but those that end the reading.

    Raises:
        ModelError: the file cannot be cut into statements.
    """
    reader = _Reader(faults)
    for statement in Source(text).statements():
        try:
            reader.take(statement)
        except ModelError as error:
            reader.file.unread.add(statement.word)
            faults.extend(error.faults)
    reader.end()
    return reader.file


class _Reader:
    """Takes the statements in turn; ``_block`` is the one that opened the block in which the next stands."""

    def __init__(self, faults: FaultList) -> None:
        self.file = ModFile()
        self._faults = faults
        self._block: Statement | None = None
        self._shock: Statement | None = None
        self._has_computed = False
        self._readers: dict[str, Callable[[Statement], None]] = {
            "model": self._take_equation,
            "initval": lambda statement: self._take_assignment(statement, self.file.initial),
            "steady_state_model": lambda statement: self._take_assignment(statement, self.file.steady),
            "shocks": self._take_moment,
        }

    def take(self, statement: Statement) -> None:
        """One statement.

        Raises:
            ModelError: its fault.
        """
        if not statement.is_ended and not (self._has_computed and self._block is None):
            raise ModelError([statement.fault("this statement does not end: put a semicolon behind it")])
        if self._block is not None:
            self._take_within(self._block, statement)
        elif statement.word in DECLARATIONS:
            self._declare(statement)
        elif statement.word in REFUSED:
            if statement.word in BLOCKS:
                self._block = statement
            raise ModelError(
                [statement.fault(f"{statement.word}: {REFUSED[statement.word]}", statement.word)]
            )
        elif statement.word in BLOCKS:
            self._open(statement)
        else:
            self._take_command(statement)

    def end(self) -> None:
        """The end of the file: a block that is still open is a fault."""
        if self._block is not None:
            message = f"the block {self._block.word} does not end: close it with end;"
            self._faults.append(self._block.fault(message))

    def _take_within(self, block: Statement, statement: Statement) -> None:
        if statement.text == "end":
            self._block = self._shock = None
        elif statement.text in BLOCKS:
            self._block = None
            self.take(statement)
            message = f"the block {block.word} of line {block.line} is still open: close it with end;"
            raise ModelError([statement.fault(message)])
        elif block.word in self._readers:
            self._readers[block.word](statement)

    def _open(self, statement: Statement) -> None:
        self._block, word = statement, statement.word
        options = statement.after(len(word)).text
        if word in IGNORED_BLOCKS:
            self._note(statement)
        elif word == "model":
            if self.file.model is not None:
                raise ModelError([statement.fault("a second model block: put all equations into one")])
            self.file.model, self.file.is_linear = statement, "linear" in options
        elif options:
            message = f"the block {word} has options, which are not read: leave out {options[:40]}"
            raise ModelError([statement.fault(message)])

    def _declare(self, statement: Statement) -> None:
        rest = statement.after(len(statement.word))
        if rest.text.startswith("("):
            message = f"{statement.word} with options is not read: declare {statement.word} without"
            raise ModelError([rest.fault(message)])
        if rest.text:
            found = parse_declarations(rest)
            self.file.declared[statement.word] += [(rest, declaration) for declaration in found]

    def _take_equation(self, statement: Statement) -> None:
        if statement.text.startswith("#"):
            self.file.local.append(Assigned(statement, parse_assignment(statement, "local")))
            return
        if len(self.file.equations) == MAX_EQUATIONS:
            message = f"the model has more than {MAX_EQUATIONS} equations: take fewer"
            raise ModelError([statement.fault(message)])
        equation = parse_equation(statement)
        tags = [name for name, _ in equation.tags]
        if "static" in tags:
            message = "equations tagged static are not read: leave them out, those tagged dynamic will do"
            raise ModelError([statement.fault(message)])
        bounds = tuple(parse_bound(statement, text) for name, text in equation.tags if name == "mcp")
        if len({bound.name for bound in bounds}) > 1 or len({bound.is_lower for bound in bounds}) < len(
            bounds
        ):
            message = "an equation's tags mcp are one lower and one upper bound of one variable: leave out the others"
            raise ModelError([statement.fault(message)])
        self.file.equations.append(ModEquation(statement, equation, bounds))

    def _take_assignment(self, statement: Statement, found: list[Assigned]) -> None:
        if statement.text.startswith("["):
            message = "functions of other files are not read: write out the formula of each variable"
            raise ModelError([statement.fault(message)])
        found.append(Assigned(statement, parse_assignment(statement)))

    def _take_moment(self, statement: Statement) -> None:
        word, rest = statement.word, statement.after(len(statement.word))
        if word == "var" and "=" not in rest.text:
            self._shock = rest
        elif word in ("var", "corr"):
            self.file.moments.append(Moment(rest, word, parse_assignment(rest, "variance")))
        elif word == "stderr" and self._shock is not None:
            value = parse_value(rest)
            for shock in parse_declarations(self._shock):
                name = Symbol(shock.name, None, shock.column)
                self.file.moments.append(Moment(self._shock, word, Assignment(name, value)))
            self._shock = None
        elif word in ("periods", "values"):
            message = f"{word}: a path of shocks that is known in advance is no law; give var e; stderr …;"
            raise ModelError([statement.fault(message)])
        else:
            message = (
                "in shocks is written var e; stderr s; or var e = v; or var e, u = cov; or corr e, u = r;"
            )
            raise ModelError([statement.fault(message)])

    def _take_command(self, statement: Statement) -> None:
        word = statement.word
        self._has_computed |= word in COMPUTATIONS
        if word in COMPUTATIONS:
            self._note(statement)
        elif word in IGNORED_COMMANDS or word.startswith(IGNORED_PREFIXES):
            if (
                statement.n_lines > 1 and not self._has_computed
            ):  # to MATLAB, the next line is another statement
                raise ModelError([statement.fault(f"{word} does not end on its line: put a semicolon there")])
            self._note(statement)
        elif statement.after(len(word)).text.startswith("=") and not self._has_computed:
            self._take_assignment(statement, self.file.values)
        elif self._has_computed and not self._assigns_parameter(statement):
            self._note(statement)
        else:
            hint = "leave it out, or work it into the model" if word else "a statement begins with a word"
            raise ModelError(
                [statement.fault(f"{statement.shown[:40]} is not read here: {hint}", word or None)]
            )

    def _assigns_parameter(self, statement: Statement) -> bool:
        names = {declaration.name for _, declaration in self.file.declared["parameters"]}
        return statement.word in names

    def _note(self, statement: Statement) -> None:
        if len(self.file.notes) < _MAX_NOTES:
            what = statement.word or statement.shown[:40]
            self.file.notes.append(
                f"Line {statement.line}: {what} is not part of the model, and was not read."
            )
