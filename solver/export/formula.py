"""The formula that an exported policy is: what a service answers of a state, on any backend."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from solver.language.compiler import Backend
from solver.model.economy import Economy
from solver.policy.policy import Policy

Array = Any


def apply(policy: Policy, backend: Backend, xp: Any, states: Array) -> tuple[Array, Array | None]:
    """Controls (n, n_controls) and definitions (n, n_definitions) at states (n, n_columns).

    Args:
        policy: the policy.
        backend: the language on the arrays of ``xp``.
        xp: the array namespace.
        states: an array of that namespace.

    Returns:
        The two arrays; None for the definitions of a model that has none.
    """
    rule = replace(policy.structure, economy=Economy(policy.model, backend), xp=xp)
    today = rule.decide(policy.setting, policy.weights, states).date
    definitions = rule.economy.definitions(policy.setting.parameters, today)
    return today.controls, backend.stack(list(definitions.values())) if definitions else None
