"""What the reading of a model has shown, check by check.

Whatever makes a model unusable refuses it, with every fault; so each check here has passed, or is worth a word of
warning: the file's steady state was only near one, or its linear rule is not the only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from service.schemas.models import ModelCheck
from solver.calibrate import Calibration, calibrate
from solver.errors import CalibrationError, ModelError
from solver.model.spec import Model
from solver.model.steady_state import STEADY_STATE_TOLERANCE, find_steady_state


def check_model(model: Model) -> tuple[Calibration, list[ModelCheck]]:
    """The default calibration of a model that was read, and what that shows.

    Raises:
        ModelError: a state has no domain, and none follows from the linear rule.
    """
    steady_notes = find_steady_state(model).notes
    try:
        calibration = calibrate(model)
    except CalibrationError as error:  # the rest was checked when the file was read
        raise ModelError([replace(fault, pointer=("domain",)) for fault in error.faults]) from error
    domain_notes = calibration.notes[len(steady_notes) :]
    rule = calibration.rule
    return calibration, [
        _check("equations", _equations(model)),
        _check(
            "calibration", f"{_count(len(model.parameters), 'parameter')}, each finite and within its bounds."
        ),
        _check("steady-state", *(steady_notes or [_steady()]), is_sound=not steady_notes),
        _check("domain", *(domain_notes or ["Each state has a domain, which holds the steady state."])),
        _check("saddle-path", f"To first order: {rule.sentence}.", is_sound=rule.verdict == "unique"),
    ]


def conversion_check(remarks: Sequence[str]) -> ModelCheck:
    """What the conversion of a ``.mod`` file has shown."""
    return _check("conversion", *(remarks or ["The whole file was read."]))


def _check(name: str, *sentences: str, is_sound: bool = True) -> ModelCheck:
    return ModelCheck(name=name, verdict="pass" if is_sound else "warn", message=" ".join(sentences))


def _equations(model: Model) -> str:
    counts = (
        _count(len(model.trees.transition), "transition"),
        _count(len(model.trees.arbitrage), "arbitrage equation"),
        _count(len(model.definitions), "definition"),
    )
    return f"{', '.join(counts)}; every symbol is declared and dated as its section wants."


def _steady() -> str:
    return (
        "At the calibrated values no state moves and every arbitrage equation holds, within "
        f"{STEADY_STATE_TOLERANCE:g}."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
