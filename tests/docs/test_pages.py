"""What the documents say of the code is so: the files they name, the checks and thresholds, the examples."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PATHS = re.compile(r"`((?:solver|worker|service|tests|benchmarks|deploy|examples|client)/[\w./-]*)`")
TOLD = json.loads((ROOT / "tests" / "data" / "upgrade" / "0.1.0" / "told.json").read_text())


@pytest.mark.parametrize("page", DOCS, ids=lambda path: path.stem)
def test_every_file_that_a_page_names_is_there(page):
    missing = [path for path in PATHS.findall(page.read_text()) if not (ROOT / path).exists()]
    missing = [path for path in missing if "NAME" not in path]  # of a file that the reader is to make
    assert missing == []


def test_every_name_in_the_guides_is_where_they_say():
    """In ``docs/extending.md`` each numbered step names a file first, then what is in it."""
    steps = re.findall(
        r"^\d\. (.*?)(?=^\d\. |^[A-Z#])", (ROOT / "docs" / "extending.md").read_text(), re.M | re.S
    )
    checked = 0
    for step in steps:
        step = re.sub(r"```.*?```", "", step, flags=re.DOTALL)
        sources = "".join((ROOT / path).read_text() for path in PATHS.findall(step) if path.endswith(".py"))
        for name in re.findall(r"`(_?[A-Za-z]\w+)`", step) if sources else []:
            assert re.search(rf"\b{name}\b", sources), f"{name}: {step}"
            checked += 1
    assert checked >= 12


def test_every_check_is_told_with_its_threshold():
    page = (ROOT / "docs" / "certificate.md").read_text()
    rows = re.findall(r"^\|(?: `([\w-]+)`)? \| (.*?) \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    thresholds, name = {}, None
    for first, _, passes, _ in rows:
        name = first or name
        thresholds.setdefault(name, []).append(passes)
    told = {
        check["name"]: [] for solution in TOLD["solutions"] for check in solution["certificate"]["checks"]
    }
    for solution in TOLD["solutions"]:
        for check in solution["certificate"]["checks"]:
            told[check["name"]].append(check["threshold"])
    assert told.keys() == thresholds.keys()
    for name in told.keys() - {"target", "spectral-radius"}:
        assert {float(passes) for passes in thresholds[name]} >= set(told[name]), name


def test_python_of_the_guides_is_python():
    blocks = re.findall(
        r"^( *)```python\n(.*?)^ *```", (ROOT / "docs" / "extending.md").read_text(), re.M | re.S
    )
    assert blocks
    for indent, block in blocks:
        ast.parse("\n".join(line.removeprefix(indent) for line in block.splitlines()))


def test_the_family_of_the_guide_fits_a_function(monkeypatch):
    """The class as it stands on the page: by least squares on its own features it finds a product of its polynomials."""
    from dataclasses import dataclass

    import numpy as np

    (block,) = [
        it
        for it in re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "extending.md").read_text(), re.S)
        if "class" in it
    ]
    names = {"dataclass": dataclass, "np": np, "__name__": "guide"}
    exec(block, names)
    family = names["TensorFamily"](n_states=2, degree=3, n_outputs=1)
    u = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    (h, z), *_ = family.layers(np, family.initial_weights(np.random.default_rng(0)), u)
    assert h.shape == (200, family.shapes[0][0]) and not z.any()
    truth = (4 * u[:, 0] ** 3 - 3 * u[:, 0]) * (2 * u[:, 1] ** 2 - 1)  # T_3(u_1) T_2(u_2)
    weights = np.linalg.lstsq(h, truth, rcond=None)[0]
    np.testing.assert_allclose(h @ weights, truth, atol=1e-12)
    assert np.sum(np.abs(weights) > 1e-9) == 1
