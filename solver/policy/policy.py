"""A trained decision rule, in NumPy: what is stored, served, simulated and judged.

Policies are served by NumPy because one state through a small network costs 10 µs there, against half a millisecond
for a compiled TensorFlow call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from solver.errors import ArtifactError
from solver.policy.family import Family, build_family
from solver.policy.frame import Frame
from solver.settings import PolicySettings

#: A decision rule as a function: states (n, n_states) to controls (n, n_controls).
Decide = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Policy:
    """A decision rule ``x(s)``.

    Attributes:
        state_names: names of the states, in the order of the columns.
        control_names: names of the controls, in the order of the columns.
        settings: the family, resolved.
        frame: the linear rule and the scaling that the family corrects.
        weights: the family's weights, one array a layer.
    """

    state_names: tuple[str, ...]
    control_names: tuple[str, ...]
    settings: PolicySettings
    frame: Frame
    weights: tuple[np.ndarray, ...]

    @cached_property
    def family(self) -> Family:
        """The parameterised function."""
        return build_family(self.settings, len(self.state_names), len(self.control_names))

    def evaluate(self, states: np.ndarray) -> np.ndarray:
        """Controls at given states.

        Args:
            states: (n, n_states), in the model's units.

        Returns:
            (n, n_controls) controls, in the model's units; extrapolated outside the domain.
        """
        u = self.frame.scaled(states)
        correction = self.family.layers(np, self.weights, u)[-1][1]
        controls: np.ndarray = self.frame.controls(np, u, correction)
        return controls

    def metadata(self) -> dict[str, Any]:
        """What is needed beside :meth:`to_arrays` to build the policy again, as JSON values."""
        return {
            "state_names": list(self.state_names),
            "control_names": list(self.control_names),
            "settings": self.settings.model_dump(mode="json", exclude_none=True),
        }

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Every number of the policy, by name."""
        frame = {f"frame_{name}": getattr(self.frame, name) for name in Frame.__dataclass_fields__}
        return frame | {f"weights_{index}": weight for index, weight in enumerate(self.weights)}

    @classmethod
    def from_arrays(cls, metadata: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Policy:
        """The policy that :meth:`metadata` and :meth:`to_arrays` were taken from.

        Raises:
            ArtifactError: the metadata cannot be read, or an array is missing or has another shape than the policy's.
        """
        try:
            settings = PolicySettings.model_validate(metadata["settings"]).resolve()
            state_names, control_names = tuple(metadata["state_names"]), tuple(metadata["control_names"])
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the stored policy's metadata cannot be read: {error!r}") from error
        n_states, n_controls = len(state_names), len(control_names)
        layers = build_family(settings, n_states, n_controls).shapes
        shapes: dict[str, tuple[int, ...]] = {
            "frame_center": (n_states,),
            "frame_half_width": (n_states,),
            "frame_base": (n_controls,),
            "frame_slope": (n_states, n_controls),
            "frame_scale": (n_controls,),
            **{f"weights_{index}": shape for index, shape in enumerate(layers)},
        }
        for name, shape in shapes.items():
            if name not in arrays:
                raise ArtifactError(f"the stored policy lacks the array {name}")
            if arrays[name].shape != shape:
                raise ArtifactError(f"{name} has shape {arrays[name].shape} where the policy has {shape}")
        frame = Frame(**{name: arrays[f"frame_{name}"] for name in Frame.__dataclass_fields__})
        weights = tuple(arrays[f"weights_{index}"] for index in range(len(layers)))
        return cls(state_names, control_names, settings, frame, weights)
