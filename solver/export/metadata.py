"""What every artifact says of itself, as JSON: whose policy it is, the names of its axes, where it holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from solver.model.state_space import REGIME
from solver.policy.policy import Policy

FORMAT = "saddlepath-policy/1"
"""Raised whenever a reader of the older layout would read a newer one wrongly."""


def describe(policy: Policy, origin: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of a policy, JSON values all of them.

    Args:
        policy: the policy.
        origin: where it comes from, in the words of whoever exports it; stands under ``origin``.
    """
    model, calibration, space = policy.model, policy.calibration, policy.space
    regimes = {REGIME: [0.0, space.n_regimes - 1.0]}
    domain = {name: list(map(float, ends)) for name, ends in calibration.domain.items()} | regimes
    return {
        "format": FORMAT,
        "model": {"name": model.name, "title": model.title, "hash": model.hash},
        "states": list(space.names),
        "controls": list(model.controls),
        "definitions": list(model.definitions),
        "domain": {name: domain[name] for name in space.names},
        "calibration": dict(calibration.parameters),
        "steady_state": dict(calibration.steady_state),
        "policy": policy.settings.model_dump(mode="json", exclude_none=True),
        "equations": {section: list(lines) for section, lines in model.equations.items()},
        "origin": dict(origin),
    }


def as_text(metadata: Mapping[str, Any]) -> str:
    """Metadata as JSON text in ASCII, which every format holds, numbers in full.

    Raises:
        ValueError: a number is not finite.
    """
    return json.dumps(metadata, allow_nan=False)
