"""Generous input: states as numbers, arrays, DataFrames or Datasets, and the answer in the same form."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from saddlepath.errors import InputError
from saddlepath.evaluation import Answer, Array, Evaluation


class Layout(Protocol):
    """States in one form."""

    @property
    def columns(self) -> Mapping[str, Array]:
        """By state, (n,)."""

    def restore(self, answer: Answer) -> Any:
        """The answer in the form that the states were in."""


def is_table(states: Any) -> bool:
    """Whether states are a DataFrame or a Dataset, of which those columns count that are states."""
    return _is_a(states, "pandas", "DataFrame") or _is_a(states, "xarray", "Dataset")


def layout_of(states: Any, names: Sequence[str]) -> Layout:
    """The layout of a table.

    Args:
        states: a DataFrame or a Dataset.
        names: of the policy's states.

    Raises:
        InputError: a state is not in it, or not finite.
    """
    missing = [name for name in names if name not in states]
    if missing:
        raise InputError(
            f"{', '.join(missing)} is not in the table; this policy's states are: {', '.join(names)}"
        )
    return (
        FrameLayout(states, names) if _is_a(states, "pandas", "DataFrame") else DatasetLayout(states, names)
    )


class NamedLayout:
    """Numbers and arrays by name, which are broadcast against each other."""

    def __init__(self, states: Mapping[str, Any]) -> None:
        arrays = {name: floats(name, value) for name, value in states.items()}
        try:
            broadcast = np.broadcast_arrays(*arrays.values())
        except ValueError as error:
            shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
            raise InputError(f"the shapes of the states do not fit together: {shapes}") from error
        self._shape = broadcast[0].shape if broadcast else ()
        self.columns = {name: array.ravel() for name, array in zip(arrays, broadcast, strict=True)}

    def restore(self, answer: Answer) -> Evaluation:
        """Numbers where all states were numbers, else arrays of their common shape."""
        return Evaluation(answer, self._shape)


class FrameLayout:
    """A row a state; the answer has the same index."""

    def __init__(self, frame: Any, names: Sequence[str]) -> None:
        self._index = frame.index
        self.columns = {name: floats(name, frame[name]) for name in names}

    def restore(self, answer: Answer) -> Any:
        """States, controls and definitions, ``in_domain``, and the derivatives as ``i.beta``."""
        import pandas as pd

        frame = pd.DataFrame(dict(answer.columns), index=self._index)
        frame["in_domain"] = answer.in_domain
        frame.attrs["misfits"] = dict(answer.misfits)
        return frame


class DatasetLayout:
    """Variables or coordinates, broadcast by their dimensions; the answer has the same coordinates."""

    def __init__(self, dataset: Any, names: Sequence[str]) -> None:
        import xarray as xr

        arrays = xr.broadcast(*(dataset[name] for name in names))
        self._template = arrays[0]
        self._coordinates = dataset.coords
        columns = zip(names, arrays, strict=True)
        self.columns = {
            name: floats(name, array.transpose(*arrays[0].dims)).ravel() for name, array in columns
        }

    def restore(self, answer: Answer) -> Any:
        """States that are no coordinates, controls, definitions, ``in_domain``, and the derivatives as ``i.beta``."""
        import xarray as xr

        dims, shape = self._template.dims, self._template.shape
        columns = {**answer.columns, "in_domain": answer.in_domain}
        if taken := [name for name in columns if name in self._coordinates and name not in self.columns]:
            raise InputError(
                f"{', '.join(taken)}: the policy's own variables have the names of coordinates; rename or drop these"
            )
        variables = {
            name: (dims, column.reshape(shape))
            for name, column in columns.items()
            if name not in self._coordinates
        }
        return xr.Dataset(variables, coords=self._coordinates, attrs={"misfits": dict(answer.misfits)})


def floats(name: str, values: Any) -> Array:
    """Numbers, of the state of that name, as an array.

    Raises:
        InputError: they are none, or not finite.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} = {values!r} is no number and no array of numbers") from error
    if not np.isfinite(array).all():
        place = np.argwhere(~np.isfinite(array))[0].tolist()
        at = f"{name}{place}" if place else name
        raise InputError(f"{at} = {array[tuple(place)]} is not finite; leave such states out")
    return array


def _is_a(value: Any, package: str, name: str) -> bool:
    """Whether a value is of a class of an optional package, which is not imported for it."""
    module = sys.modules.get(package)
    return module is not None and isinstance(value, getattr(module, name))
