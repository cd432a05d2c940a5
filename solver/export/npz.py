"""A policy as npz, to be evaluated by NumPy alone: every array that its formula takes, and the rest as JSON in one string.

Nothing in it is pickled. ``docs/artifacts.md`` shows the formula.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from solver.export.metadata import as_text, describe
from solver.export.steps import steps_of
from solver.language.tree import Symbol
from solver.policy.family import HingedFamily, PolynomialFamily
from solver.policy.policy import Policy


def to_npz(policy: Policy, origin: Mapping[str, Any]) -> bytes:
    """The file; the same policy and origin give the same bytes.

    Args:
        policy: the policy.
        origin: see :func:`~solver.export.metadata.describe`.
    """
    model, rule, setting = policy.model, policy.structure, policy.setting
    conditions = [one for one in model.trees.complementarity if one is not None]
    metadata = describe(policy, origin) | {
        "parameters": list(model.parameters),
        "exogenous": list(model.exogenous),
        "bounds": steps_of(model, [bound for one in conditions for bound in (one.lower, one.upper)]),
        "values": steps_of(model, [Symbol(name, 0) for name in model.definitions]),
    }
    open_ended = (-math.inf, math.inf)
    arrays = policy.to_arrays() | {
        "parameters": setting.parameters,
        "exogenous_mean": setting.mean,
        "exogenous_values": setting.values,
        "exogenous_states": np.array(rule.space.exogenous, dtype=np.int64),
        "natural_domain": np.array([interval or open_ended for interval in rule.outputs.intervals]),
        "conditions": np.array(
            [
                (one.control, -1 if one.multiplier is None else one.multiplier)
                for one in rule.outputs.conditions
            ],
            dtype=np.int64,
        ).reshape(-1, 2),
        "metadata": np.array(as_text(metadata)),
    }
    if isinstance(rule.family, PolynomialFamily | HingedFamily):
        arrays["exponents"] = rule.family.exponents
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
