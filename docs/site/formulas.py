"""Formulas as MathML, made when the site is built: browsers draw it themselves, without a script or a font."""

from __future__ import annotations

import html
import re
from typing import Any

from latex2mathml.converter import convert

_FORMULA = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\\[(\[](?P<tex>.*?)\\[)\]]</(?P=tag)>', re.DOTALL
)
_PRIMED = re.compile(r"<msup>(<mi>[^<]*</mi>)<m[io]>(?:&#x02032;|′)</m[io]></msup>")


def on_page_content(content: str, **_: Any) -> str:
    """Turns what ``pymdownx.arithmatex`` has found (``$…$``, ``$$…$$``) into MathML."""
    return _FORMULA.sub(_mathml, content)


def _mathml(found: re.Match[str]) -> str:
    display = "block" if found["tag"] == "div" else "inline"
    formula = convert(html.unescape(found["tex"]).strip(), display=display)
    # The sign is raised in every font; as a superscript it would be raised twice.
    formula = _PRIMED.sub(r'<mrow>\1<mo lspace="0" rspace="0">′</mo></mrow>', formula)
    return formula if display == "inline" else f'<div class="formula">{formula}</div>'
