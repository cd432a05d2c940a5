"""The exception tree of the solver.

::

    SolverError
    ├── InputError              the caller's mistake; carries every fault found, not only the first
    │   ├── ModelError          the model file: syntax, symbols, timing, structure
    │   ├── CalibrationError    parameter values: unknown, out of bounds, no steady state
    │   ├── MethodError         a method that makes no sense for this model
    │   ├── StartError          a solution that this one cannot start from
    │   ├── StateError          states at which a policy was asked: missing, unknown, undefined
    │   └── UnknownModelError   no model of that name
    ├── SolveFailedError        raised by ``Solution.raise_for_status`` for an outcome without a policy
    └── ArtifactError           a stored policy that cannot be read back (a broken invariant)

Numerical outcomes (stalled, out of time, …) are values of :class:`solver.status.Status`, not exceptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One mistake in an input.

    Attributes:
        pointer: where it stands, as a path of keys and indices from the root of that input, e.g. ``("beta",)``
            for a calibration or ``("equations", "transition", 0)`` for a model file.
        message: names the value, the bound and the remedy.
        equation: the equation as written, where there is one.
        symbol: the symbol at fault, where there is one.
        line: line in the file, from 1, where known.
        column: column in the file, from 1, where known.
    """

    pointer: tuple[str | int, ...]
    message: str
    equation: str | None = None
    symbol: str | None = None
    line: int | None = None
    column: int | None = None


class SolverError(Exception):
    """Base of every exception that the solver raises on purpose."""


class InputError(SolverError):
    """The caller's mistake. ``faults`` lists everything that is wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.message for fault in self.faults))


class ModelError(InputError):
    """A model file that cannot be read."""


class CalibrationError(InputError):
    """Parameter values that the model cannot take."""


class MethodError(InputError):
    """A method that makes no sense for the model."""


class StartError(InputError):
    """A policy that this solve cannot start from."""


class StateError(InputError):
    """States at which a policy cannot be evaluated."""


class UnknownModelError(InputError):
    """No model of that name."""


class SolveFailedError(SolverError):
    """A solve that ended without a policy."""


class ArtifactError(SolverError):
    """A stored policy that cannot be read back."""
