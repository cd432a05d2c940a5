"""Which symbol of a model is consumption: by the field's convention, the definition or control named ``c``."""

from __future__ import annotations

from typing import Any

from solver.model.economy import Date, Economy

CONSUMPTION = "c"


def consumption(economy: Economy, parameters: Any, today: Date) -> Any | None:
    """Consumption at given states and controls, or None for a model without it.

    Args:
        economy: the model compiled to NumPy or to TensorFlow.
        parameters: (n_parameters,).
        today: the variables of one date.

    Returns:
        (...,) consumption, an array or a tensor as the economy's.
    """
    model = economy.model
    if CONSUMPTION in model.definitions:
        return economy.definitions(parameters, today)[CONSUMPTION]
    if CONSUMPTION in model.controls:
        return today.controls[..., model.controls.index(CONSUMPTION)]
    return None
