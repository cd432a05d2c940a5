"""The page docs/from-dolo.md shows one model in two dialects."""

import re
from pathlib import Path

import numpy as np

from solver.calibrate import calibrate
from solver.model.load import load_model

PAGE = (Path(__file__).parents[3] / "docs" / "from-dolo.md").read_text()


def test_the_files_side_by_side_are_one_model():
    older, newer = (load_model(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
    assert older.trees == newer.trees
    rules = [calibrate(model).rule for model in (older, newer)]
    assert rules[0].verdict == "unique"
    np.testing.assert_array_equal(rules[0].slope, rules[1].slope)
