"""The page docs/from-dynare.md shows what conversion does."""

import re
from pathlib import Path

import pytest

from solver.dynare.convert import convert
from solver.dynare.words import COMPUTATIONS, REFUSED
from solver.errors import ModelError
from solver.model.yaml_file import to_yaml
from tests.oracles.dynare import EXAMPLE

PAGE = (Path(__file__).parents[3] / "docs" / "from-dynare.md").read_text()


def test_the_files_side_by_side_are_one_model():
    (written,) = re.findall(r"```matlab\n(.*?)```", PAGE, re.DOTALL)
    (converted,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert written == EXAMPLE.read_text()
    conversion = convert(written)
    assert converted == to_yaml(conversion.document, conversion.notes)


@pytest.mark.parametrize("word", REFUSED)
def test_every_refused_word_is_refused_with_its_line(word):
    with pytest.raises(ModelError) as raised:
        convert(f"{EXAMPLE.read_text()}\n{word} y;\n")
    fault = next(one for one in raised.value.faults if one.symbol == word)
    assert fault.line == len(EXAMPLE.read_text().splitlines()) + 2


@pytest.mark.parametrize("word", COMPUTATIONS)
def test_every_computation_is_noted(word):
    conversion = convert(f"{EXAMPLE.read_text()}\n{word};\n")
    assert conversion.notes[-1].endswith(f": {word} is not part of the model, and was not read.")
