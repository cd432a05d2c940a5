"""The figures of README and documents, written from ``benchmarks/results`` so that they are those of the last run.

A page says where: what stands between ``<!-- figures: NAME, NAME -->`` and ``<!-- end of figures -->`` is the table of
these benchmarks; of ``all`` a table for each, of ``machine`` what they ran on, of ``models`` a row for each model of the
zoo. ``python -m benchmarks.pages`` writes them all, as a run of benchmarks does at its end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.pictures import write_pictures
from benchmarks.registry import BENCHMARKS
from benchmarks.result import RESULTS, Line, read_result

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"(<!-- figures: (?P<names>[\w, ]+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def pages() -> list[Path]:
    """README and every document that has figures."""
    candidates = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [path for path in candidates if _BLOCK.search(path.read_text())]


def filled(text: str) -> str:
    """The text with every block of figures as the results have it.

    Raises:
        KeyError: a block asks for what no benchmark has.
    """
    return _BLOCK.sub(lambda block: f"{block[1]}\n{_content(block['names'].split(', '))}\n\n{block[3]}", text)


def write_pages() -> None:
    """Fill every page."""
    for path in pages():
        path.write_text(filled(path.read_text()))


def _content(names: list[str]) -> str:
    if names == ["machine"]:
        return _machines()
    if names == ["models"]:
        return _models(read_result("zoo").figures)
    if names == ["all"]:
        return "\n\n".join(f"## {BENCHMARKS[name].what}\n\n{_of(name)}" for name in BENCHMARKS)
    return _table(("what", "target", "measured"), (row for name in names for row in _rows(name)))


def _of(name: str) -> str:
    """All that a benchmark printed."""
    table = _table(("what", "target", "measured"), _rows(name))
    notes = read_result(name).notes
    return table if not notes else "\n".join([table, "", "```", *notes, "```"])


def _rows(name: str) -> Iterable[tuple[str, ...]]:
    return ((_indented(line.what), line.target, _marked(line)) for line in read_result(name).lines)


def _indented(what: str) -> str:
    text = what.lstrip()
    return "&nbsp;" * (len(what) - len(text)) + text


def _marked(line: Line) -> str:
    return f"**{line.measured}**" if line.is_met is False else line.measured


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _models(figures: dict[str, Any]) -> str:
    """A row for each model of the zoo: what is asked, and what was measured."""
    header = ("model", "max Euler error", "mean", "time", "against the truth", "certificate")
    return _table(header, (_model_row(name, row) for name, row in figures.items() if isinstance(row, dict)))


def _model_row(name: str, row: dict[str, Any]) -> tuple[str, ...]:
    targets = row["targets"]

    def figure(value: float, most: float | None, unit: str = "") -> str:
        text = f"{value:.3g}{unit}"
        if most is None:
            return text
        return f"{text if value <= most else f'**{text}**'} (≤ {most:.3g}{unit})"

    distances = [
        f"{what.strip()} {figure(value, targets['distances'][what])}"
        for what, value in row["distances"].items()
    ]
    return (
        f"`{name}`",
        figure(row["error"], targets["error"]),
        figure(row["mean"], targets["mean"]),
        figure(row["solve_s"], targets["solve_s"], " s"),
        "; ".join(distances),
        row["verdict"] or "no policy",
    )


def _machines() -> str:
    """The machines of all results, the releases, and what else ran meanwhile; a line for each."""
    loads: dict[str, list[float]] = {}
    for name in BENCHMARKS:
        machine = json.loads((RESULTS / f"{name}.json").read_text())["machine"]
        line = (
            f"- {machine['cpu']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}, "
            f"TensorFlow {machine['tensorflow-cpu']}, NumPy {machine['numpy']}"
        )
        loads.setdefault(line, []).append(machine["load of the last minute"])
    return "\n".join(
        f"{line}; load {min(found):g} to {max(found):g} (above 1 others worked there too, and times are too long)."
        for line, found in sorted(loads.items())
    )


if __name__ == "__main__":
    write_pages()
    write_pictures()
