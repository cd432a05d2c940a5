"""How far a solve is, and how that is shown while one waits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeAlias

from saddlepath.errors import MissingExtraError


@dataclass(frozen=True)
class Progress:
    """How far training is.

    Attributes:
        phase: stage of training, e.g. ``gauss-newton``.
        step: steps so far, over all stages.
        loss: what training minimises; None where it is not defined.
        euler_error_max_log10: log10 of the largest Euler error at held-out states; None while it is not defined.
        elapsed_s: seconds since the solve began.
        eta_s: seconds until training is forecast to end; None while nothing tells.
        forecast: as what it is forecast to end, e.g. ``converged``; None while nothing tells.
    """

    phase: str
    step: int
    loss: float | None = None
    euler_error_max_log10: float | None = None
    elapsed_s: float = 0.0
    eta_s: float | None = None
    forecast: str | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Progress:
        """What an event tells; members that this release does not know are left out."""
        return cls(**{name: told[name] for name in cls.__dataclass_fields__ if name in told})

    def __str__(self) -> str:
        error = self.euler_error_max_log10
        parts = [f"{self.phase} {self.step}"]
        if error is not None:
            parts.append(f"Euler error 10^{error:.1f}")
        if self.eta_s is not None:
            parts.append(f"{self.eta_s:.1f} s left")
        return ", ".join(parts)


Show: TypeAlias = Callable[[Progress], None]
ProgressOption: TypeAlias = bool | Show | None
"""True and False show a bar or none; None shows one at a terminal where tqdm is installed; a function is told itself."""


@contextmanager
def showing(option: ProgressOption, name: str, target: float) -> Iterator[Show]:
    """What to tell of progress, for as long as a solve lasts.

    The bar's length is the digits between the first Euler error that is told and the target.

    Args:
        option: what the caller asked for.
        name: of the model.
        target: the Euler error that training aims at.

    Raises:
        MissingExtraError: a bar is asked for, and tqdm is not installed.
    """
    if callable(option):
        yield option
        return
    if option is False or not _has_bars(option):
        yield lambda _: None
        return
    bar = _Bar(name, math.log10(target), is_forced=option is True)
    try:
        yield bar.show
    finally:
        bar.close()


@contextmanager
def counting(option: bool | None, name: str, total: int) -> Iterator[Callable[[], None]]:
    """The same for many solves: a bar that counts them.

    Raises:
        MissingExtraError: a bar is asked for, and tqdm is not installed.
    """
    if option is False or not _has_bars(option):
        yield lambda: None
        return
    from tqdm import tqdm

    with tqdm(total=total, desc=name, unit="solve", disable=None if option is None else False) as bar:

        def count() -> None:
            bar.update()

        yield count


class _Bar:
    """A bar that appears with the first progress."""

    def __init__(self, name: str, target_log10: float, *, is_forced: bool) -> None:
        self._name = name
        self._target_log10 = target_log10
        self._disable = False if is_forced else None
        self._bar: Any = None
        self._first_log10 = 0.0

    def show(self, progress: Progress) -> None:
        from tqdm import tqdm

        error = progress.euler_error_max_log10
        if self._bar is None:
            self._first_log10 = 0.0 if error is None else max(error, self._target_log10 + 0.1)
            digits = round(self._first_log10 - self._target_log10, 1)
            layout = "{desc} |{bar}| {elapsed}{postfix}"
            self._bar = tqdm(total=digits, desc=self._name, bar_format=layout, disable=self._disable)
        if error is not None:
            self._bar.n = min(max(self._first_log10 - error, 0.0), self._bar.total or 0.0)
        if not self._bar.disable:
            self._bar.set_postfix_str(str(progress))

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _has_bars(option: bool | None) -> bool:
    has_them = find_spec("tqdm") is not None
    if option and not has_them:
        raise MissingExtraError("progress", "progress=True")
    return has_them
