"""The notebook of the examples, run as it stands in a kernel of its own against the real stack."""

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "examples" / "calibrate.ipynb"
TELL = """\
import json
print(json.dumps({
    "calibration": dict(solution.calibration), "misses": [step["miss"] for step in steps],
    "off": abs(by_sensitivity / by_solving - 1).max(), "verdicts": list(table["verdict"]),
}))
"""


@pytest.fixture(scope="module")
def told(server_url, tmp_path_factory):
    """What the notebook has found."""
    patch = pytest.MonkeyPatch()
    patch.setenv("SADDLEPATH_URL", server_url)
    patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(TELL))
    try:
        NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    finally:
        patch.undo()
    figures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/svg+xml" in output.get("data", {})
    ]
    assert len(figures) == 1
    return json.loads(notebook.cells[-1].outputs[-1]["text"])


def test_both_moments_are_matched(told, client):
    assert told["misses"][-1] < 1e-6 and len(told["misses"]) < 8
    frame = client.solve("rbc", calibration=told["calibration"]).simulate(600, 20, seed=1, initial={"k": 4.0})
    late = frame[frame.index.get_level_values("t") >= 100]
    assert late["k"].mean() / late["y"].mean() == pytest.approx(2.6, abs=1e-5)
    assert np.log(late["c"]).std() / np.log(late["y"]).std() == pytest.approx(0.85, abs=1e-5)


def test_sensitivities_agree_with_solving_again(told):
    assert told["off"] < 1e-3  # of central differences, whose own error is of the square of their steps


def test_every_solution_of_the_grid_is_certified(told):
    assert len(told["verdicts"]) == 16 and set(told["verdicts"]) == {"pass"}
