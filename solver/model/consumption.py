"""Which symbol of a model is consumption: by the field's convention, the definition or control named ``c``."""

from __future__ import annotations

from typing import Any

from solver.model.economy import Economy

CONSUMPTION = "c"


def consumption(economy: Economy, parameters: Any, states: Any, controls: Any) -> Any | None:
    """Consumption at given states and controls, or None for a model without it.

    Args:
        economy: the model compiled to NumPy or to TensorFlow.
        parameters: (n_parameters,).
        states: (..., n_states).
        controls: (..., n_controls).

    Returns:
        (...,) consumption, an array or a tensor as the economy's.
    """
    model = economy.model
    if CONSUMPTION in model.definitions:
        return economy.definitions(parameters, states, controls)[CONSUMPTION]
    if CONSUMPTION in model.controls:
        return controls[..., model.controls.index(CONSUMPTION)]
    return None
