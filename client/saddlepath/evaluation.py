"""What a policy answers: decisions at states, and their derivatives by parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepath.display import number, table_of

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """A policy at n states, as it comes over the wire.

    Attributes:
        columns: by name, (n,): states, controls and definitions; ``i.beta`` is the derivative of ``i`` by ``beta``.
        in_domain: (n,) of booleans.
        misfits: by parameter.
    """

    columns: Mapping[str, Array]
    in_domain: npt.NDArray[np.bool_]
    misfits: Mapping[str, float]


class NamedValues(Mapping[str, Any]):
    """Values by name, as items and as attributes: numbers, or arrays of one shape."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        values = vars(self).get("_values", {})  # empty while it is being copied or unpickled
        if name not in values:
            raise AttributeError(f"there is no {name!r} here; there are {', '.join(values)}")
        return values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    def __repr__(self) -> str:
        return table_of(type(self).__name__, [(name, _shown(value)) for name, value in self.items()])


class Sensitivity(NamedValues):
    """The derivatives of controls and definitions by one parameter.

    Attributes:
        misfit: about their relative error; NaN where it is not defined.
    """

    def __init__(self, values: Mapping[str, Any], misfit: float) -> None:
        super().__init__(values)
        self.misfit = misfit


class Evaluation(NamedValues):
    """States with the controls and definitions that the policy has there.

    Attributes:
        in_domain: whether the domain that was solved holds the state; elsewhere the policy is extrapolated.
        sensitivities: the derivatives by parameter, where they were asked for.
    """

    def __init__(self, answer: Answer, shape: tuple[int, ...]) -> None:
        def shaped(column: npt.NDArray[Any]) -> Any:
            return column.reshape(shape) if shape else column[0].item()

        names = [name for name in answer.columns if "." not in name]
        super().__init__({name: shaped(answer.columns[name]) for name in names})
        self.in_domain = shaped(answer.in_domain)
        self.sensitivities = {
            parameter: Sensitivity(
                {
                    name: shaped(answer.columns[f"{name}.{parameter}"])
                    for name in names
                    if f"{name}.{parameter}" in answer.columns
                },
                misfit,
            )
            for parameter, misfit in answer.misfits.items()
        }


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return number(value)
    return np.array2string(np.asarray(value), precision=4, threshold=8, edgeitems=3)
