"""The pictures of the documents, drawn from ``benchmarks/results`` like the tables beside them, or by the solver itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.result import read_result
from service.figures.canvas import Form, Picture, render
from service.figures.style import INK
from solver.calibrate import calibrate
from solver.model.zoo import load_zoo

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"


@dataclass(frozen=True)
class Growth:
    """Time, memory and Euler errors as the number of countries grows.

    Attributes:
        rows: of the benchmark ``dimension``, by the number of countries.
    """

    rows: dict[int, dict[str, Any]]
    title: str = "multi_country: time, memory and Euler errors by the number of countries (two states each)"
    notes: tuple[str, ...] = ()
    height_in: float = 3.2

    def draw(self, figure: Figure) -> None:
        """Three panels, by the logarithm of the number of countries."""
        seconds, errors, memory = figure.subplots(1, 3)
        counts = list(self.rows)
        whole = [row["solve_s"] for row in self.rows.values()]
        seconds.plot(counts, whole, "o-", label="solve and certificate")
        seconds.plot(counts, [row["training_s"] for row in self.rows.values()], "s--", label="training alone")
        seconds.plot(
            counts, [whole[-1] * (count / counts[-1]) ** 3 for count in counts], ":", label="as N³ would"
        )
        for place, (region, mark) in enumerate((("box", "o-"), ("ergodic", "s--"))):
            words = ("over the domain", "along paths")[place]
            for what, name in (("max", "largest"), ("mean", "mean")):
                values = [10 ** row[region][f"{what}_log10"] for row in self.rows.values()]
                errors.plot(counts, values, mark, label=f"{name}, {words}")
        memory.plot(counts, [row["memory_gib"] for row in self.rows.values()], "o-")
        for axes, label in ((seconds, "seconds"), (errors, "Euler error"), (memory, "memory, GiB")):
            _scale(axes, counts)
            axes.set_title(label)
        seconds.set_ylim(bottom=min(whole) / 20)
        errors.set_ylim(bottom=1e-11)
        memory.set_yscale("linear")
        memory.set_ylim(bottom=0)
        seconds.legend(loc="lower right")
        errors.legend(loc="lower right")


@dataclass(frozen=True)
class Correction:
    """What is left to train: the known policy of ``brock_mirman`` against the linear rule that training begins at.

    Attributes:
        capital: (n,) states; productivity is at its steady state.
        policy: (n,) investment by the closed form.
        linear: (n,) investment by first-order perturbation.
    """

    capital: np.ndarray
    policy: np.ndarray
    linear: np.ndarray
    title: str = "brock_mirman: the policy, known in closed form, and the linear rule of perturbation"
    notes: tuple[str, ...] = ()
    height_in: float = 2.6

    @classmethod
    def of_brock_mirman(cls) -> Correction:
        """At its default calibration, over its domain."""
        calibration = calibrate(load_zoo("brock_mirman"))
        assert calibration.rule.slope is not None
        place = list(calibration.domain).index("k")
        capital = np.linspace(calibration.lower()[place], calibration.upper()[place], 101)
        beta, theta = (calibration.parameters[name] for name in ("beta", "theta"))
        slope, steady = calibration.rule.slope[0, place], calibration.steady_state
        return cls(capital, beta * theta * capital**theta, steady["i"] + slope * (capital - steady["k"]))

    def draw(self, figure: Figure) -> None:
        """The two policies, and their difference."""
        both, rest = figure.subplots(1, 2)
        both.plot(self.capital, self.policy, label="policy")
        both.plot(self.capital, self.linear, "--", label="linear rule")
        both.set_ylabel("investment")
        both.legend(loc="lower right")
        rest.plot(self.capital, self.policy - self.linear)
        rest.set_ylabel("what the family adds")
        for axes in (both, rest):
            axes.set_xlabel("capital")


@dataclass(frozen=True)
class Descent:
    """The Euler error at held-out states as training goes on, by two methods.

    Attributes:
        histories: by what the method is called, the reports of its training.
    """

    histories: dict[str, list[dict[str, Any]]]
    title: str = "neoclassical: largest Euler error at held-out states, by seconds of training"
    notes: tuple[str, ...] = ()
    height_in: float = 2.8

    def draw(self, figure: Figure) -> None:
        """One panel, both axes by their logarithm."""
        axes = figure.subplots()
        for mark, (name, reports) in zip(("o-", "-"), self.histories.items(), strict=True):
            seconds = [report["elapsed_s"] for report in reports]
            errors = [10 ** report["euler_error_max_log10"] for report in reports]
            axes.plot(seconds, errors, mark, markersize=4, label=name)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.minorticks_off()
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter("{x:g}")
        axes.set_xlabel("seconds")
        axes.set_ylabel("Euler error")
        axes.legend(loc="upper right")


@dataclass(frozen=True)
class Calibrations:
    """Error and time of one model at many calibrations.

    Attributes:
        solves: of the benchmark ``calibrations``.
    """

    solves: list[dict[str, Any]]
    title: str = "neoclassical at random calibrations: largest Euler error over the domain, and time"
    notes: tuple[str, ...] = ()
    height_in: float = 2.8

    def draw(self, figure: Figure) -> None:
        """A dot for each calibration."""
        axes = figure.subplots()
        axes.scatter(
            [solve["solve_s"] for solve in self.solves], [solve["error"] for solve in self.solves], s=9
        )
        axes.axhline(1e-6, color=INK, linewidth=0.8, linestyle=":")
        axes.text(0.995, 1.2e-6, "target", ha="right", va="bottom", transform=axes.get_yaxis_transform())
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
        axes.set_ylim(top=1e-5)
        axes.set_xlabel("seconds, certificate included")
        axes.set_ylabel("Euler error")


def _scale(axes: Axes, counts: list[int]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    for line in axes.get_lines():
        line.set_markersize(4)
    axes.set_xlabel("countries N")


def pictures() -> dict[Path, bytes]:
    """Every picture, by its place."""
    rows = read_result("dimension").figures
    growth = Growth({int(count): row for count, row in rows.items()})
    figures = read_result("first_order").figures
    descent = Descent(
        {"default: Gauss-Newton, 128 units": figures["default"], "Adam, 2 × 32 units": figures["adam"]}
    )
    drawn: dict[str, Picture] = {
        "dimension": growth,
        "correction": Correction.of_brock_mirman(),
        "first-order": descent,
        "calibrations": Calibrations(read_result("calibrations").figures["solves"]),
    }
    return {PICTURES / f"{name}.svg": render(picture, Form.SVG) for name, picture in drawn.items()}


def write_pictures() -> None:
    """Draw every picture."""
    PICTURES.mkdir(exist_ok=True)
    for path, content in pictures().items():
        path.write_bytes(content)
