"""Derivatives of a model at its steady state, by automatic differentiation of its TensorFlow form."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from solver.classical.perturbation import Derivatives
from solver.language.tensorflow_backend import TENSORFLOW
from solver.model.calibration import Calibration
from solver.model.economy import Economy
from solver.model.spec import Model

_VECTOR = tf.TensorSpec((None,), tf.float64)


@lru_cache(maxsize=32)
def _derivatives_graph(model: Model) -> Any:
    economy = Economy(model, TENSORFLOW)
    n_states, n_controls = len(model.states), len(model.controls)
    sizes = (n_states, n_controls)

    def derivatives(parameters: Any, today: Any, tomorrow: Any) -> tuple[Any, Any]:
        states, controls = tf.split(today[None], sizes, axis=1)
        next_states, next_controls = tf.split(tomorrow[None], sizes, axis=1)
        moves = economy.transition(parameters, states, controls)[0]
        residuals = economy.arbitrage(parameters, states, controls, next_states, next_controls)[0]
        zero = tf.UnconnectedGradients.ZERO

        def rows(values: Any, count: int, variables: list[Any]) -> Any:
            gradients = [tf.gradients(values[j], variables, unconnected_gradients=zero) for j in range(count)]
            return tf.stack([tf.concat(row, axis=0) for row in gradients])

        return rows(moves, n_states, [today]), rows(residuals, residuals.shape[0], [today, tomorrow])

    variables = tf.TensorSpec((n_states + n_controls,), tf.float64)
    return tf.function(derivatives, input_signature=(_VECTOR, variables, variables), autograph=False)


def steady_state_derivatives(model: Model, calibration: Calibration) -> Derivatives:
    """Derivatives of transition and arbitrage at the steady state of a calibration."""
    steady = np.concatenate([calibration.state_steady(), calibration.control_steady()])
    transition, arbitrage = _derivatives_graph(model)(calibration.parameter_vector(), steady, steady)
    return Derivatives(transition.numpy(), arbitrage.numpy())
