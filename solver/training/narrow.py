"""A network without the units that wait: while they are zero, nothing has to be computed of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from solver.settings import PolicySettings
from solver.training.compiled import compiled_objective
from solver.training.problem import TrainingProblem


class Narrow(NamedTuple):
    """What is trained, without the units that wait.

    Attributes:
        problem: of a network that is so much narrower.
        vector: (n_weights,) its weights.
        widen: from such weights to those of the whole network.
    """

    problem: TrainingProblem
    vector: np.ndarray
    widen: Callable[[np.ndarray], np.ndarray]


def without_waiting(problem: TrainingProblem, vector: np.ndarray) -> Narrow:
    """The problem and weights (n_weights,) of a network without its last units that are zero; whole where none is."""
    if not problem.places_units or problem.settings.method.objective != "euler":
        return Narrow(problem, vector, lambda weights: weights)
    (n_inputs, n_units), (_, n_outputs) = problem.compiled.family.shapes
    hidden, output = problem.compiled.unflatten(vector)
    n_used = int(np.flatnonzero(hidden.any(axis=0)).max(initial=0)) + 1

    def widen(weights: np.ndarray) -> np.ndarray:
        used, shown = np.split(weights, [n_inputs * n_used])
        whole_hidden, whole_output = np.zeros((n_inputs, n_units)), np.zeros((n_units + 1, n_outputs))
        whole_hidden[:, :n_used] = used.reshape(n_inputs, n_used)
        whole_output[[*range(n_used), -1]] = shown.reshape(n_used + 1, n_outputs)
        return np.concatenate([whole_hidden.ravel(), whole_output.ravel()])

    method = problem.settings.method
    policy = PolicySettings(family="neural", hidden=(n_used,), activation=method.policy.activation)
    compiled = compiled_objective(problem.compiled.model, policy, method.training.dtype)
    kept = np.concatenate([hidden[:, :n_used].ravel(), output[[*range(n_used), -1]].ravel()])
    return Narrow(replace(problem, compiled=compiled), kept, widen)
