"""Files of dolo, in both dialects, are models as they are; one that is wrong is refused so that its author can mend it."""

import functools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.errors import ModelError
from solver.language.parser import parse_expression
from solver.language.tree import Number, dated
from solver.model.exogenous import MarkovChain, Mixture, Normal
from solver.model.load import load_model, model_from_document
from solver.model.node import MAX_FAULTS
from solver.model.spec import Complementarity

FOLDER = Path(__file__).parents[2] / "data" / "dolo"
GOOD = sorted([*FOLDER.glob("newer/*.yaml"), *FOLDER.glob("older/*.yaml")])
TEXTS = {f"{path.parent.name}/{path.stem}": path.read_text(encoding="utf-8") for path in GOOD}
#: Every line and every word of the good files: what a mutation puts in place of another.
LINES = sorted({line for text in TEXTS.values() for line in text.split("\n")})
WORDS = sorted({word for line in LINES for word in line.split()})


def parse(text, *variables):
    return dated(parse_expression(text), variables)


def test_all_files_are_there():
    assert len(TEXTS) == 9


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_is_a_model_unchanged(name):
    model = load_model(TEXTS[name])
    assert len(model.trees.transition) == len(model.states)
    assert len(model.trees.arbitrage) == len(model.trees.complementarity) == len(model.controls)
    assert tuple(name for block in model.trees.exogenous for name in block.names) == model.exogenous
    for again in (
        model_from_document(model.document),
        load_model(json.dumps(model.document, sort_keys=True)),
    ):
        assert again == model
        assert again.trees == model.trees
        assert again.document == model.document
        assert again.equations == model.equations
        assert again.symbols == model.symbols


def test_both_dialects_of_one_model_give_the_same_trees():
    newer, older = load_model(TEXTS["newer/rbc"]), load_model(TEXTS["older/rbc"])
    assert newer.trees == older.trees
    assert newer.equations["transition"] == ("z[t] = rho*z[t-1] + e_z", "k[t] = (1-delta)*k[t-1] + i[t-1]")
    assert older.equations["transition"] == ("z = rho*z(-1) + e_z", "k = (1-delta)*k(-1) + i(-1)")
    assert newer.trees.transition[0] == parse_expression("rho*z[t-1] + e_z[t]")
    assert newer.trees.complementarity == tuple(
        Complementarity(control, Number(0.0), None) for control in ("n", "i")
    )


def test_sections_that_only_some_algorithms_use_are_kept():
    model = load_model(TEXTS["older/rbc"])
    assert set(model.trees.assignments) == {"value", "expectation", "direct_response"}
    assert model.trees.assignments["expectation"]["m"] == parse_expression(
        "beta/c[t+1]^sigma*(1 - delta + rk[t+1])"
    )
    assert tuple(model.trees.assignments["direct_response"]) == ("n", "i")
    assert model.trees.felicity == parse("c^(1-sigma)/(1-sigma) - chi*n^(1+eta)/(1+eta)", "c", "n")


def test_the_laws_are_those_of_the_files():
    laws = {name: load_model(text).trees.exogenous[0].law for name, text in TEXTS.items()}
    square = parse_expression("0.01^2")
    assert laws["newer/rbc"] == Normal((Number(0.0),), ((square,),))
    assert laws["newer/rbc_iid"].covariance == ((parse_expression("sig_z**2"),),)
    chain = laws["newer/rbc_mc"]
    assert isinstance(chain, MarkovChain)
    assert chain.values == tuple((parse_expression(z), Number(0.1)) for z in ("-0.01", "0.01"))
    assert chain.transitions == ((Number(0.9), Number(0.1)), (Number(0.1), Number(0.9)))
    assert laws["older/sudden_stop"].values == ((parse_expression("1.0 - delta_y"),), (Number(1.0),))
    mixture = laws["older/rbc_mixture"]
    assert isinstance(mixture, Mixture)
    assert mixture.weights == (parse_expression("1 - 0.4"), Number(0.4))
    assert [component.mean for component in mixture.components] == [(Number(0.0),), (Number(0.8),)]
    assert laws["older/NK_dsge"].covariance[1] == (Number(0.0), parse_expression("sig_tau^2"))
    assert laws["older/rbc_taxes"].covariance == ((Number(0.0015),),)  # from the options


def test_the_domain_is_optional_and_bounds_may_be_expressions():
    assert load_model(TEXTS["older/rbc_taxes"]).trees.domain == {}
    bounded = load_model(TEXTS["older/sudden_stop"]).trees.complementarity[1]
    assert bounded == Complementarity("lam", parse_expression("lam_inf"), None)
    assert load_model(TEXTS["older/open_economy_1d"]).trees.complementarity[1] == Complementarity(
        "db_f", None, None
    )


def test_the_wrong_file_is_refused_with_what_to_write_instead():
    text = (FOLDER / "rbc_fuzzy.yaml").read_text(encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        load_model(text)
    (fault,) = caught.value.faults
    assert (fault.line, fault.column, fault.symbol) == (76, 12, "!Normal:")
    assert fault.message == "the tag !Normal: is not read; write !Normal, without the colon"
    model = load_model(text.replace("!Normal:", "!Normal"))
    assert model.definitions == ("y", "c", "rk", "w", "a", "a1")  # those of the oldest dialect too


@st.composite
def mutations(draw):
    """A good file with some of its text replaced: signs, words of other files, whole lines."""
    text = draw(st.sampled_from(sorted(TEXTS.values())))
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            lines = text.split("\n")
            place = draw(st.integers(0, len(lines) - 1))
            lines[place : place + draw(st.integers(0, 2))] = draw(
                st.lists(st.sampled_from(LINES), max_size=2)
            )
            text = "\n".join(lines)
        else:
            start = draw(st.integers(0, len(text)))
            signs = st.text(alphabet="[]{}:|>-&*!#?'\"%\n \tkt+^=(),01", max_size=6)
            inserted = draw(signs | st.sampled_from(WORDS) | st.text(max_size=4))
            text = text[:start] + inserted + text[start + draw(st.integers(0, 12)) :]
    return text


@settings(max_examples=300, deadline=None, derandomize=True)
@given(mutations())
def test_a_mutated_file_is_a_model_or_a_list_of_faults(text):
    try:
        model = load_model(text)
    except ModelError as error:
        assert 0 < len(error.faults) <= MAX_FAULTS
        assert all(fault.message for fault in error.faults)
    else:
        again = model_from_document(model.document)
        assert again == model
        assert again.trees == model.trees


LAW_WORDS = st.sampled_from(
    ["Normal", "Mixture", "Product", "VAR1", "mu", "Sigma", "rho", "weights", "distributions", "e_z"]
)
ENTRIES = st.recursive(
    st.floats() | st.integers() | LAW_WORDS | st.none() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LAW_WORDS, inner, max_size=3),
    max_leaves=10,
)


@functools.cache
def rbc_document():
    return load_model(TEXTS["older/rbc_mixture"]).document


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(["exogenous", "options", "domain", "variables", "symbols", "equations"]), ENTRIES)
def test_a_document_with_any_section_replaced_never_crashes(section, value):
    document = {**rbc_document(), section: value}
    try:
        model = model_from_document(document)
    except ModelError as error:
        assert 0 < len(error.faults) <= MAX_FAULTS
    else:
        assert model_from_document(model.document).trees == model.trees


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(TEXTS.values())), st.integers(0), st.integers(0, 40), st.binary(max_size=40))
def test_mutated_bytes_are_a_model_or_a_list_of_faults(text, start, length, inserted):
    data = text.encode()
    start %= len(data)
    try:
        load_model(data[:start] + inserted + data[start + length :])
    except ModelError as error:
        assert 0 < len(error.faults) <= MAX_FAULTS
