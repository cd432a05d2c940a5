"""A model's document as a YAML file reads back to the same model."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.errors import ModelError
from solver.model.load import load_model, model_from_document
from solver.model.yaml_file import to_yaml
from solver.model.zoo import load_zoo, zoo_names

DOLO = [
    path
    for path in sorted((Path(__file__).parents[2] / "data" / "dolo").rglob("*.yaml"))
    if path.stem != "rbc_fuzzy"  # is refused, as test_dolo_files.py says
]


@pytest.mark.parametrize("name", zoo_names())
def test_a_built_in_model_reads_back(name):
    model = load_zoo(name)
    assert load_model(to_yaml(model.document, ["a remark", "two\nlines \x00 and a sign"])) == model


@pytest.mark.parametrize("path", DOLO, ids=lambda path: path.stem)
def test_a_file_of_dolo_s_reads_back(path):
    model = load_model(path.read_bytes())
    assert load_model(to_yaml(model.document)) == model


@given(title=st.text(max_size=60), name=st.text(min_size=1, max_size=30), remark=st.text(max_size=60))
@settings(deadline=None)
def test_texts_read_back_whatever_they_hold(title, name, remark):
    document = {**load_zoo("brock_mirman").document, "title": title, "name": name}
    try:
        model = model_from_document(document)
    except ModelError:
        return
    assert load_model(to_yaml(model.document, [remark])) == model


def test_equations_stand_one_under_the_other_and_lists_on_one_line():
    text = to_yaml(load_zoo("rbc_labour").document)
    assert "\n  arbitrage: |\n    " in text and "controls: [" in text
    assert not any(isinstance(token, yaml.AnchorToken | yaml.AliasToken) for token in yaml.scan(text))
