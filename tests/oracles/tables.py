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
    states: np.ndarray  # (n, 2), columns a and k
    investment: np.ndarray  # (n,)
    consumption: np.ndarray  # (n,)


def read_tables(prefix):
    """The tables whose name begins so."""
    facts = json.loads((DIRECTORY / "reference.json").read_text())
    tables = []
    for path in sorted(DIRECTORY.glob(f"{prefix}*.csv")):
        rows = np.genfromtxt(path, delimiter=",", names=True)
        states = np.column_stack([rows["a"], rows["k"]])
        tables.append(Table(path.stem, facts[path.stem]["calibration"], states, rows["i"], rows["c"]))
    assert tables, f"no table of the name {prefix}"
    return tables
