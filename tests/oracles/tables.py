"""The tabulated policies of an independent program; ``reference/README.md`` says how they were made."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DIRECTORY = Path(__file__).with_name("reference")


@dataclass(frozen=True)
class Table:
    name: str
    calibration: dict[str, float]
    states: np.ndarray  # (n, 2), the first two columns: a and k, of saving y and w
    columns: dict[str, np.ndarray]  # the others, (n,)

    @property
    def investment(self):
        return self.columns["i"]

    @property
    def consumption(self):
        return self.columns["c"]


def read_tables(prefix):
    """The tables whose name begins so."""
    facts = json.loads((DIRECTORY / "reference.json").read_text())
    tables = []
    for path in sorted(DIRECTORY.glob(f"{prefix}*.csv")):
        rows = np.genfromtxt(path, delimiter=",", names=True)
        first, second, *others = rows.dtype.names
        states = np.column_stack([rows[first], rows[second]])
        calibration = facts[path.stem.removesuffix("_standardgrid")]["calibration"]
        tables.append(Table(path.stem, calibration, states, {name: rows[name] for name in others}))
    assert tables, f"no table of the name {prefix}"
    return tables
