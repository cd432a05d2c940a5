"""A ``.mod`` file cut into statements, each of which knows where it stands.

Comments become blanks, and so do line ends within a statement, so that a character's place in a statement is its place
in the file. One pass of one regular expression: the time is linear in the length, whatever the file.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from solver.errors import Fault, ModelError
from solver.model.node import MAX_CHARACTERS

_LEXEME = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*|%[^\n]*|'[^'\n]*'|\"[^\"\n]*\"|\$[^$\n]*\$|;", re.DOTALL)
_MACRO = re.compile(r"^[ \t]*@#[^\n]*|@\{", re.MULTILINE)
_FIRST_WORD = re.compile(r"[A-Za-z_]\w*")
_MAX_SHOWN = 200


class Source:
    """A file's text, with its comments blanked out.

    Raises:
        ModelError: not UTF-8, too long, a comment that does not end, or instructions of the macro processor.
    """

    def __init__(self, text: str | bytes) -> None:
        decoded = _decode(text)
        self._ends = [place for place, character in enumerate(decoded) if character == "\n"]
        pieces, done, cuts = [], 0, []
        for lexeme in _LEXEME.finditer(decoded):
            if lexeme[0] == ";":
                cuts.append(lexeme.start())
            elif lexeme[0].startswith(("/", "%")):
                if lexeme[0].startswith("/*") and (len(lexeme[0]) < 4 or not lexeme[0].endswith("*/")):
                    self.refuse(lexeme.start(), "this comment does not end: close it with */")
                pieces += [decoded[done : lexeme.start()], re.sub(r"[^\n]", " ", lexeme[0])]
                done = lexeme.end()
        self.text = "".join([*pieces, decoded[done:]])
        self.cuts = cuts
        macros = [
            self.fault(
                found.start() + len(found[0]) - len(found[0].lstrip()),
                "the macro processor's instructions are not read: run dynare on the file with savemacro, and send the "
                "file that it writes",
            )
            for found in _MACRO.finditer(self.text)
        ]
        if macros:
            raise ModelError(macros[:20])

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a character of the text."""
        line = bisect.bisect_left(self._ends, offset)
        return line + 1, offset - (self._ends[line - 1] if line else -1)

    def fault(self, offset: int, message: str, symbol: str | None = None) -> Fault:
        """A fault at a character of the text."""
        line, column = self.place(offset)
        return Fault((), message, symbol=symbol, line=line, column=column)

    def refuse(self, offset: int, message: str) -> NoReturn:
        """End the reading.

        Raises:
            ModelError: one fault at that character.
        """
        raise ModelError([self.fault(offset, message)])

    def statements(self) -> Iterator[Statement]:
        """The statements in turn; what stands after the last semicolon is one that does not end."""
        start = 0
        for cut in [*self.cuts, len(self.text)]:
            text = re.sub(r"[\n\r]", " ", self.text[start:cut])
            blanks = len(text) - len(text.lstrip())
            if text.strip():
                yield Statement(self, text.strip(), start + blanks, is_ended=cut < len(self.text))
            start = cut + 1


@dataclass(frozen=True)
class Statement:
    """What stands before a semicolon.

    Attributes:
        source: the file.
        text: on one line, without blanks around it.
        start: place of its first character in the text of the file.
        is_ended: whether a semicolon follows.
    """

    source: Source
    text: str
    start: int
    is_ended: bool = True

    @property
    def word(self) -> str:
        """The first word, lest the statement begins with another sign."""
        found = _FIRST_WORD.match(self.text)
        return found[0] if found else ""

    @property
    def line(self) -> int:
        """The line of the first character, from 1."""
        return self.source.place(self.start)[0]

    @property
    def n_lines(self) -> int:
        """The number of lines that it stands on."""
        return self.source.place(self.start + len(self.text) - 1)[0] - self.line + 1

    @property
    def shown(self) -> str:
        """The text as a message may quote it."""
        return " ".join(self.text.split())[:_MAX_SHOWN]

    def after(self, n_characters: int) -> Statement:
        """The statement without its first characters and the blanks after them."""
        rest = self.text[n_characters:]
        start = self.start + n_characters + len(rest) - len(rest.lstrip())
        return Statement(self.source, rest.strip(), start, self.is_ended)

    def fault(self, message: str, symbol: str | None = None, column: int = 1) -> Fault:
        """A fault at a column, from 1, of the statement."""
        line, place = self.source.place(self.start + column - 1)
        return Fault((), message, self.shown, symbol, line, place)


def _decode(text: str | bytes) -> str:
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            message = f"the file is not UTF-8: byte {error.start + 1} cannot be read; save it as UTF-8"
            raise ModelError([Fault((), message)]) from error
    if len(text) > MAX_CHARACTERS:
        raise ModelError([Fault((), f"the file has {len(text)} characters, above {MAX_CHARACTERS}")])
    return text
