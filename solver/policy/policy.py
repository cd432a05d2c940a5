"""A trained decision rule, in NumPy: what is stored, served, simulated and judged.

Policies are served by NumPy because one state through a small network costs 10 µs there, against half a millisecond
for a compiled TensorFlow call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from solver.calibrate import Calibration
from solver.errors import ArtifactError
from solver.language.numpy_backend import NUMPY
from solver.model.economy import Date, Economy
from solver.model.kinked_functions import kinks_of
from solver.model.spec import Model
from solver.model.state_space import StateSpace, problem_size, state_space
from solver.policy.family import build_family
from solver.policy.frame import Frame, build_frame
from solver.policy.output_map import output_map
from solver.policy.rule import DecisionRule, Setting
from solver.settings import PolicySettings

#: Values × states of one evaluation, of the widest layer: 1.6 MB, which a processor's cache holds. Of very wide ones 8 MB,
#: which come from memory that the process has already: fewer states would not be worth the calls of the model's equations.
_LARGEST_BATCH, _LARGEST_OF_WIDE = 200_000, 1_000_000
_WIDE = 400
#: A decision rule as a function: states (n, n_columns) to controls (n, n_controls).
Decide = Callable[[np.ndarray], np.ndarray]


@lru_cache(maxsize=64)
def numpy_economy(model: Model) -> Economy:
    """The model compiled to NumPy, once."""
    return Economy(model, NUMPY)


@lru_cache(maxsize=64)
def numpy_rule(model: Model, settings: PolicySettings) -> DecisionRule:
    """The structure of a policy of a model, in NumPy."""
    space = state_space(model)
    outputs = output_map(model)
    family = build_family(
        settings, space.n_continuous, outputs.n_notional * space.n_regimes, len(kinks_of(model))
    )
    return DecisionRule(numpy_economy(model), space, family, outputs, np)


@dataclass(frozen=True)
class Policy:
    """A decision rule ``x(s)``.

    Attributes:
        model: the economy whose decisions these are.
        calibration: the parameters and the process that it was solved for.
        settings: the family, resolved.
        frame: the linear rule and the scaling that the family corrects.
        weights: the family's weights, one array a layer.
    """

    model: Model
    calibration: Calibration
    settings: PolicySettings
    frame: Frame
    weights: tuple[np.ndarray, ...]

    @classmethod
    def of_linear_rule(cls, model: Model, calibration: Calibration, frame: Frame | None = None) -> Policy:
        """The linear rule of a frame, held within the bounds; that of first-order perturbation where none is given."""
        settings = PolicySettings(family="linear")
        weights = tuple(np.zeros(shape) for shape in numpy_rule(model, settings).family.shapes)
        frame = build_frame(calibration, output_map(model)) if frame is None else frame
        return cls(model, calibration, settings, frame, weights)

    @property
    def space(self) -> StateSpace:
        """The columns of a state array."""
        return self.structure.space

    @property
    def economy(self) -> Economy:
        """The model's equations, in NumPy."""
        return self.structure.economy

    @cached_property
    def structure(self) -> DecisionRule:
        """The formula that its numbers are put into."""
        return numpy_rule(self.model, self.settings)

    @cached_property
    def setting(self) -> Setting:
        """What the formula takes from the calibration."""
        process = self.calibration.process
        return Setting(self.calibration.parameter_vector(), process.mean, process.values, self.frame)

    def evaluate(self, states: np.ndarray) -> np.ndarray:
        """Controls at given states.

        Args:
            states: (n, n_columns), in the model's units.

        Returns:
            (n, n_controls) controls, in the model's units; extrapolated outside the domain.
        """
        return np.asarray(self.decide(states).controls)

    def decide(self, states: np.ndarray) -> Date:
        """Exogenous variables, the model's own states and controls, (n, ...) each, at states (n, n_columns)."""
        width = max(1, *(len(weight) for weight in self.weights))
        most = _LARGEST_BATCH if width <= _WIDE else _LARGEST_OF_WIDE
        rows = max(1, most // width)
        if len(states) <= rows:
            return self.structure.decide(self.setting, self.weights, states).date
        parts = [
            self.structure.decide(self.setting, self.weights, states[start : start + rows]).date
            for start in range(0, len(states), rows)
        ]
        return Date(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def kinks(self, states: np.ndarray) -> np.ndarray:
        """The differences whose zeros are the kinks of the model's functions, (n, n_kinks), at states (n, n_columns)."""
        with np.errstate(all="ignore"):
            found = self.economy.kinks(self.setting.parameters, self.decide(states))
        return np.stack(found, axis=-1) if found else np.zeros((len(states), 0))

    def slack(self, states: np.ndarray) -> np.ndarray:
        """How far the wanted controls are from the nearest bound, in units of their scales, (n,); infinite without bounds.

        Args:
            states: (n, n_columns).
        """
        exogenous, endogenous, _ = self.decide(states)
        lowers, uppers = self.economy.bounds(self.setting.parameters, exogenous, endogenous)
        wanted, nearest = self.notional(states), np.full(len(states), np.inf)
        for condition, low, high in zip(self.structure.outputs.conditions, lowers, uppers, strict=True):
            control = wanted[:, condition.control]
            distance = np.minimum(np.abs(control - low), np.abs(high - control))
            nearest = np.minimum(nearest, distance / self.frame.scale[condition.control])
        return nearest

    def notional(self, states: np.ndarray) -> np.ndarray:
        """The notional controls (n, n_notional), see :mod:`solver.policy.output_map`, at states (n, n_columns)."""
        return np.asarray(self.structure.notional(self.setting, self.weights, states)[0])

    def metadata(self) -> dict[str, Any]:
        """What is needed beside :meth:`to_arrays` to build the policy again, as JSON values."""
        return {
            "state_names": list(self.space.names),
            "control_names": list(self.model.controls),
            "settings": self.settings.model_dump(mode="json", exclude_none=True),
        }

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Every number of the policy, by name."""
        frame = {f"frame_{name}": array for name, array in self.frame._asdict().items()}
        return frame | {f"weights_{index}": weight for index, weight in enumerate(self.weights)}

    @classmethod
    def from_arrays(
        cls,
        model: Model,
        calibration: Calibration,
        metadata: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
    ) -> Policy:
        """The policy that :meth:`metadata` and :meth:`to_arrays` were taken from.

        Raises:
            ArtifactError: the metadata cannot be read or are of another model, or an array is missing or has another shape.
        """
        try:
            settings = PolicySettings.model_validate(metadata["settings"]).resolve(problem_size(model))
            names = (tuple(metadata["state_names"]), tuple(metadata["control_names"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the stored policy's metadata cannot be read: {error!r}") from error
        rule = numpy_rule(model, settings)
        if names != (rule.space.names, model.controls):
            raise ArtifactError(f"the stored policy has states and controls {names}, and {model.name} others")
        d, n_notional = rule.space.n_continuous, rule.outputs.n_notional
        layers = rule.family.shapes
        shapes: dict[str, tuple[int, ...]] = {
            "frame_center": (d,),
            "frame_half_width": (d,),
            "frame_base": (rule.space.n_regimes, n_notional),
            "frame_slope": (d, n_notional),
            "frame_scale": (n_notional,),
            "frame_lowest": (d,),
            "frame_highest": (d,),
            **{f"weights_{index}": shape for index, shape in enumerate(layers)},
        }
        for name, shape in shapes.items():
            if name not in arrays:
                raise ArtifactError(f"the stored policy lacks the array {name}")
            if arrays[name].shape != shape:
                raise ArtifactError(f"{name} has shape {arrays[name].shape} where the policy has {shape}")
        frame = Frame(**{name: arrays[f"frame_{name}"] for name in Frame._fields})
        weights = tuple(arrays[f"weights_{index}"] for index in range(len(layers)))
        return cls(model, calibration, settings, frame, weights)
