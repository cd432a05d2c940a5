"""From a picture to the bytes of a file, the same for the same picture.

Matplotlib is imported when the first figure is drawn. Its settings belong to the process, so one figure is drawn at a
time (``Services.drawing``).
"""

from __future__ import annotations

import io
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from service.figures.labels import shortened
from service.figures.style import STYLE, WIDTH_IN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NOTES_LENGTH = 250
_MISSING_GLYPH = "?"


class Form(StrEnum):
    """What a figure is written as."""

    SVG = "svg"
    PNG = "png"


class Picture(Protocol):
    """Numbers that can be drawn."""

    @property
    def title(self) -> str:
        """What is seen, one line."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know of it, a line each."""

    @property
    def height_in(self) -> float:
        """Of the figure, in inches."""

    def draw(self, figure: Figure) -> None:
        """Draws everything but title and notes."""


def render(picture: Picture, form: Form) -> bytes:
    """The file that shows a picture."""
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(("default", STYLE)):
        figure = Figure(figsize=(WIDTH_IN, picture.height_in), layout="constrained")
        picture.draw(figure)
        lines = [shortened(picture.title), *(shortened(note, _NOTES_LENGTH) for note in picture.notes)]
        figure.suptitle("\n".join(lines), fontsize=STYLE["font.size"])
        _replace_missing_glyphs(figure)
        file = io.BytesIO()
        metadata = {"Date": None, "Creator": "Saddlepath"} if form is Form.SVG else {"Software": "Saddlepath"}
        figure.savefig(file, format=form.value, metadata=metadata)
    return file.getvalue()


def _replace_missing_glyphs(figure: Figure) -> None:
    """Puts a question mark where the font has no glyph: a model may be described in any script."""
    from matplotlib.font_manager import findfont, get_font
    from matplotlib.text import Text

    font = get_font(findfont(STYLE["font.family"]))
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        written = text.get_text()
        shown = "".join(
            char if char == "\n" or font.get_char_index(ord(char)) else _MISSING_GLYPH for char in written
        )
        if shown != written:
            text.set_text(shown)
