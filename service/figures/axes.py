"""Parts that several figures are made of: an axis over the domain, a map, a scale that does not magnify rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from service.figures.labels import label_of
from service.figures.plane import Plane
from service.figures.style import COLOUR_MAP, FAINT, INK, SHADE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_MARGIN = 0.03
#: Variation of a variable, relative to its size, that is shown as none.
_ROUNDING = 1e-7
#: What is larger is not shown: the width of an axis must be a number, too.
_LARGEST = 1e300
#: Intervals of a horizontal axis, so that long numbers do not touch.
_TICKS = 6
_AXIS_WIDTH = 44
#: Characters beside an axis of the usual height.
LABEL_WIDTH = 28


def domain_axis(axes: Axes, plane: Plane, name: str) -> None:
    """Makes the horizontal axis a state's, with what is beyond its domain in grey and its steady state marked."""
    low, high = plane.domain[name]
    margin = _MARGIN * (high - low)
    axes.set_xlim(low - margin, high + margin)
    axes.axvspan(low - margin, low, color=SHADE, linewidth=0)
    axes.axvspan(high, high + margin, color=SHADE, linewidth=0)
    axes.axvline(plane.steady[name], color=FAINT, linewidth=0.6, linestyle=":")
    axes.locator_params("x", nbins=_TICKS)
    axes.set_xlabel(label_of(plane.model, name, _AXIS_WIDTH, 1))


def map_axes(axes: Axes, plane: Plane, values: np.ndarray, ends: tuple[float, float]) -> AxesImage:
    """Draws values (side, side) over the two axes of a plane by colours between two ends, grey where not defined."""
    assert plane.across is not None
    (left, right), (low, high) = plane.domain[plane.along], plane.domain[plane.across]
    axes.set_facecolor(SHADE)
    image = axes.imshow(
        values,
        origin="lower",
        extent=(left, right, low, high),
        aspect="auto",
        interpolation="nearest",
        cmap=COLOUR_MAP,
        vmin=ends[0],
        vmax=ends[1],
    )
    domain_axis(axes, plane, plane.along)
    margin = _MARGIN * (high - low)
    axes.set_ylim(low - margin, high + margin)
    axes.axhline(plane.steady[plane.across], color=FAINT, linewidth=0.6, linestyle=":")
    axes.set_ylabel(label_of(plane.model, plane.across, LABEL_WIDTH))
    if plane.is_through_steady_state:
        at = plane.steady[plane.along], plane.steady[plane.across]
        axes.plot(*at, "o", color="white", markeredgecolor=INK, markersize=4.5, markeredgewidth=0.8)
    return image


def contours(axes: Axes, plane: Plane, values: np.ndarray, levels: Sequence[float], **style: Any) -> None:
    """Draws contours of values (side, side) over a plane, as far as they have these levels."""
    assert plane.across is not None
    finite = values[np.isfinite(values)]
    inside = [one for one in levels if finite.size and finite.min() < one < finite.max()]
    if not inside:
        return
    side = len(values)
    middles = (np.arange(side) + 0.5) / side
    along, across = (
        low + (high - low) * middles for low, high in (plane.domain[plane.along], plane.domain[plane.across])
    )
    axes.contour(along, across, values, levels=inside, **style)


def plain_range(values: np.ndarray, margin: float = 0.0, size: float = 0.0) -> tuple[float, float]:
    """The ends of an axis for some values; wide enough that rounding is not seen as movement.

    Args:
        values: any number of them, those that are not finite or absurdly large left out.
        margin: beyond them, as a share of what they span.
        size: of what they are differences of.
    """
    finite = values[np.abs(values) < _LARGEST]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    size = max(abs(low), abs(high), size)
    if high - low <= _ROUNDING * size or high == low:
        room = 0.05 * size or 1.0
        return low - room, high + room
    return low - margin * (high - low), high + margin * (high - low)


def legend(figure: Figure, axes: Axes, columns: int = 4) -> None:
    """One legend below all axes, of the lines of one of them; none where they need none."""
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) > 1:
        figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def grid(figure: Figure, count: int, columns: int) -> list[Axes]:
    """As many axes as asked for, row by row."""
    rows = -(-count // columns)
    made = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for surplus in made[count:]:
        surplus.remove()
    return list(made[:count])
