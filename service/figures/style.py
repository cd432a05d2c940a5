"""How every figure looks: two columns of a printed page wide, readable there in shades of grey and by the colour-blind."""

from __future__ import annotations

from typing import Any

WIDTH_IN = 7.0
DPI = 200

INK = "#1a1a1a"
FAINT = "#8c8c8c"
#: Beyond the domain, and where the economy is not defined.
SHADE = "#e6e6e6"
MAIN = "#31688e"
COLOUR_MAP = "viridis"
#: Of that map, from dark to light: ordered for the eye in print, too.
_RAMP = ("#440154", "#443983", "#31688e", "#21918c", "#35b779", "#6ece58", "#b5de2b")

#: Complete with matplotlib's own defaults, so that nothing of a user's configuration shows.
STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "figure.titlesize": 9.0,
    "figure.dpi": DPI,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 5),
    "lines.linewidth": 1.3,
    "legend.frameon": False,
    "text.color": INK,
    # A model's descriptions are the user's: a dollar is a dollar.
    "text.parse_math": False,
    # Glyphs as outlines: the same everywhere, and no text of a user's in the document.
    "svg.fonttype": "path",
    "svg.hashsalt": "saddlepath",
}


def ramp(count: int) -> list[str]:
    """As many ordered colours, at most seven; a single one is the main colour."""
    if count == 1:
        return [MAIN]
    last = len(_RAMP) - 2 if count < len(_RAMP) else len(_RAMP) - 1
    return [_RAMP[round(place * last / (count - 1))] for place in range(count)]
