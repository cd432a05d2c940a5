"""Exchanges that take something away: the policy as a file, and figures."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from saddlepath.errors import InputError
from saddlepath.evaluating import Solved
from saddlepath.wire import Exchange, Pause, Request, ask, named

Format = Literal["npz", "onnx", "savedmodel"]
FigureName = Literal["policy", "euler-errors", "training", "simulation", "impulse-response"]
_SUFFIXES: dict[str, Format] = {".npz": "npz", ".onnx": "onnx", ".zip": "savedmodel"}
_ACCEPTED = 202
_ASK_AGAIN_S = 1.0


@dataclass(frozen=True, repr=False)
class Figure:
    """A figure that the service has drawn; a notebook shows it.

    Attributes:
        name: what it shows.
        svg: as it is written.
    """

    name: str
    svg: str

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes it to a file, as SVG."""
        file = Path(path)
        file.write_text(self.svg, encoding="utf-8")
        return file

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"Figure of {self.name}, {len(self.svg)} characters of SVG; save(path) writes it"


def plot(solution: Solved, name: FigureName = "policy", /, **options: Any) -> Exchange[Figure]:
    """A figure of the solution, drawn by the service.

    Args:
        solution: the solution.
        name: ``policy``, ``euler-errors``, ``training``, ``simulation`` or ``impulse-response``.
        **options: what of it, e.g. ``variables=["i", "c"], along="k"``, ``periods=40``, ``shock="e"``, or values of states.

    Raises:
        InvalidError: an option that the figure has not.
    """
    query = {
        key: ",".join(value) if isinstance(value, list | tuple) else value for key, value in options.items()
    }
    answer = yield from ask(Request("GET", f"/v1/solutions/{solution.id}/figures/{named(name)}.svg", query))
    return Figure(name, answer.text)


def save(solution: Solved, /, path: str | PathLike[str], format: Format | None = None) -> Exchange[Path]:
    """Writes the policy to a file, to be used without this service.

    Args:
        solution: the solution.
        path: of the file.
        format: ``npz`` for NumPy, ``onnx`` for onnxruntime, ``savedmodel`` for TensorFlow (a zip file). By default as
            the file's name has it: .npz, .onnx, .zip.

    Raises:
        InputError: the file's name does not tell the format.
    """
    file = Path(path)
    form = format or _SUFFIXES.get(file.suffix)
    if form is None:
        raise InputError(
            f"{file.name} does not tell the format; end it in .npz, .onnx or .zip, or give format="
        )
    request = Request("GET", f"/v1/solutions/{solution.id}/artifact", {"format": form})
    answer = yield from ask(request)
    while answer.status_code == _ACCEPTED:  # a worker writes it first
        yield Pause(float(answer.headers.get("Retry-After", _ASK_AGAIN_S)))
        answer = yield from ask(request)
    file.write_bytes(answer.content)
    return file
