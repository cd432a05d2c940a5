"""Every example on the page of the model language is a model, in YAML and in JSON, and the page names all there is."""

import json
import re
from pathlib import Path

import pytest
import yaml

from solver.calibrate import calibrate
from solver.model.law_reader import LAW_NAMES
from solver.model.load import load_model

PAGE = (Path(__file__).parents[2] / "docs" / "model-language.md").read_text()
WHOLE, *PIECES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
MERGED = ("symbols", "equations", "calibration", "variables")


class TagsAsKeys(yaml.SafeLoader):
    """Reads ``!AR1 {…}`` as ``{AR1: {…}}``, which the page says is the same."""


def _named(loader, suffix, node):
    is_list = isinstance(node, yaml.SequenceNode)
    body = loader.construct_sequence(node, True) if is_list else loader.construct_mapping(node, True)
    return {suffix: body}


TagsAsKeys.add_multi_constructor("!", _named)


def read(text):
    return yaml.load(text, TagsAsKeys)


def put_into_the_file(piece):
    document = read(WHOLE)
    for section, content in read(piece).items():
        document[section] = {**document[section], **content} if section in MERGED else content
    return document


def test_the_whole_file_is_a_model():
    model = load_model(WHOLE)
    assert model == load_model(json.dumps(read(WHOLE)))
    assert calibrate(model).rule.verdict == "unique"


@pytest.mark.parametrize("piece", PIECES)
def test_every_piece_makes_a_model_that_has_what_it_shows(piece):
    model = load_model(json.dumps(put_into_the_file(piece)))
    says_the_same = "!VAR1 {rho: [[rho]]" in piece or '{"AR1"' in piece
    assert (model == load_model(WHOLE)) == says_the_same
    calibration = calibrate(model)
    assert calibration.rule.verdict == "unique"
    found = calibration.process
    if "MarkovChain" in piece or "discretize" in piece:
        assert len(found.values) > 1
    elif "ConstantProcess {mu: [0]}" in piece:
        assert not found.values.any()


def test_both_dialects_are_one_model():
    (older,) = (piece for piece in PIECES if "k(-1)" in piece)
    ours, theirs = (load_model(json.dumps(document)) for document in (read(WHOLE), put_into_the_file(older)))
    assert ours.trees == theirs.trees


def test_the_page_shows_every_law_and_function():
    shown = set(re.findall(r"!(\w+)", "".join(PIECES)))
    assert set(LAW_NAMES) - {"Bernouilli"} == shown
    functions = "exp log log10 sqrt abs sin cos tan sinh cosh tanh min max crra"
    assert f"`{functions}`" in PAGE
    text = WHOLE.replace("c[t] = y[t] - i[t]", "c[t] = y[t] - i[t]\n  x[t] = …")
    for name in functions.split():
        arguments = "y[t], 2" if name in ("min", "max", "crra") else "0.5*y[t]"
        model = load_model(text.replace("x[t] = …", f"x[t] = {name}({arguments})"))
        assert "x" in model.definitions
