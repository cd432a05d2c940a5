"""The reader of model files: what it accepts in which spelling, and what it refuses, where."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.errors import ModelError
from solver.model.load import load_model, model_from_document
from solver.model.node import MAX_CHARACTERS, MAX_FAULTS

GROWTH = """\
name: growth
symbols:
  states: [k]
  controls: [i]
  parameters: [beta, theta, δ]
definitions: |
  y[t] = k[t]^theta
  c[t] = y[t] - i[t]
equations:
  transition:
    - k[t] = (1 - δ)*k[t-1] + i[t-1]
  arbitrage:
    - 1 - beta*c[t]/c[t+1]*(1 - δ + theta*y[t+1]/k[t+1])
calibration:
  i: δ*k
  k: (theta/r)^(1/(1-theta))
  r: 1/beta - 1 + δ
  beta: 0.96
  theta: 0.36
  δ: 0.1
domain: {k: [k/2, 2*k]}
"""


def faults(text):
    with pytest.raises(ModelError) as caught:
        load_model(text)
    return caught.value.faults


def edited(*edits):
    text = GROWTH
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_a_model_holds_what_its_file_says():
    model = load_model(GROWTH)
    assert (model.name, model.title, model.source) == ("growth", "", "")
    assert (model.states, model.controls, model.exogenous) == (("k",), ("i",), ())
    assert model.parameters == ("beta", "theta", "δ")
    assert model.definitions == ("y", "c")
    assert model.equations["definitions"] == ("y[t] = k[t]^theta", "c[t] = y[t] - i[t]")
    assert model.equations["transition"] == ("k[t] = (1 - δ)*k[t-1] + i[t-1]",)
    assert model.document["calibration"]["theta"] == 0.36
    assert len(model.hash) == 64


@pytest.mark.parametrize(
    "edits",
    [
        [("definitions: |\n  y[t] =", "definitions:\n  y[t]:"), ("c[t] = y", "c[t]: y")],
        [("definitions: |\n  y", "definitions:\n  - y"), ("  c[t] =", "  - c[t] =")],
        [
            ("definitions: |\n", "definitions: |\n  # output and consumption\n\n"),
            ("theta\n", "theta  # output\n"),
        ],
        [("transition:\n    - k", "transition: |\n    k")],
        [("transition:\n    - k", "transition:\n     k")],
        [
            ("transition:\n    - k[t] = (1 - δ)*k", "transition:\n    - 'k[t]    =   (1 - δ)*k"),
            ("i[t-1]\n", "i[t-1]'\n"),
        ],
        [("beta: 0.96", 'beta: "0.960"'), ("k/2, 2*k", " k/2.0,(2*k)")],
        [
            ("name: growth", "# a comment\nname: growth"),
            ("controls: [i]", "controls:\n    - i\n  exogenous: []"),
        ],
        [("name: growth\n", ""), ("domain:", "name: growth\ndomain:")],
        [("symbols", "\ufeffsymbols"), ("\ufeff", "")],
    ],
    ids=range(10),
)
def test_every_spelling_is_the_same_model(edits):
    model, other = load_model(GROWTH), load_model(edited(*edits))
    assert other.trees == model.trees
    assert other.hash == model.hash


def test_json_and_bytes_and_both_powers_are_read():
    model = load_model(GROWTH)
    assert load_model(b"\xef\xbb\xbf" + GROWTH.encode()) == model
    assert load_model(GROWTH.replace("\n", "\r\n")) == model
    assert load_model(json.dumps(model.document)) == model
    assert model_from_document(model.document) == model
    assert load_model(GROWTH.replace("^", "**")).trees == model.trees


@pytest.mark.parametrize("section", ["name", "calibration", "equations", "symbols", "domain"])
def test_a_change_of_meaning_changes_the_hash(section):
    edits = {
        "name": ("growth", "growing"),
        "calibration": ("0.96", "0.97"),
        "equations": ("y[t+1]/k[t+1]", "k[t+1]^(theta - 1)"),
        "symbols": ("[beta, theta, δ]", "[beta, δ, theta]"),
        "domain": ("k/2", "k/3"),
    }
    assert load_model(edited(edits[section])).hash != load_model(GROWTH).hash


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "words"),
    [
        ("y[t] = k[t]^theta", "y[t] = k[t]^thta", 7, 15, "thta is not declared; did you mean theta"),
        ("c[t] = y[t] - i[t]", "c[t] = y[t-1] - i[t]", 8, 10, "write y[t] for the definition y here"),
        ("c[t] = y[t] - i[t]", "c[t] = y[t] - i[t] + c[t]", 8, 3, "circle: c → c"),
        ("y[t] = k[t]^theta", "y[t] = k[t]^theta[t]", 7, 15, "parameter and has no date"),
        ("y[t] = k", "k[t] = k", 7, 3, "k is declared as a state already"),
        ("y[t] = k", "y[t+1] = k", 7, 3, "an equation of definitions is written definition[t] = expression"),
        ("y[t] = k", "exp[t] = k", 7, 3, "exp is a word of the language"),
        ("i[t-1]\n", "i[t]\n", 11, 31, "write i[t-1] for the control i here (transition)"),
        ("- k[t] =", "- m[t] =", 11, 7, "m is not a state"),
        ("- k[t] =", "- k[t+1] =", 11, 7, "an equation of transition is written state[t] = expression"),
        ("i[t-1]\n", "i[t-1]\n    - k[t] = k[t-1]\n", 12, 7, "k is defined twice (transition)"),
        ("    - k[t] = (1 - δ)*k[t-1] + i[t-1]\n", "    []\n", 11, 5, "the state k has no transition"),
        ("- 1 - beta*c[t]", "- 1 - beta*c[t-1]", 13, 16, "write c[t] or c[t+1]"),
        ("- 1 - beta*c[t]", "- 0 = c[t]\n    - 1 - beta*c[t]", 13, 5, "2 arbitrage equation(s) for 1 control(s)"),
        ("- 1 - beta*c[t]", "- 1 - beta*c(-1)", 13, 16, "write c[t] or c[t+1]"),
        ("- 1 - beta*c[t]", "- [1]\n    - 1 - beta*c[t]", 13, 7, "an equation is expected"),
        ("  arbitrage:", "  valu: V[t] = 1\n  arbitrage:", 12, 3, "did you mean value?"),
        ("  arbitrage:", "  felicity: u[t] = c[t+1]\n  arbitrage:", 12, 20, "write c[t]"),
        ("  arbitrage:", "  felicity: |\n    u[t] = c[t]\n    v[t] = 1\n  arbitrage:", 13, 5, "one felicity"),
        ("states: [k]", "states: [k, k]", 3, 15, "declared twice"),
        ("states: [k]", "states: []", 3, 3, "needs states"),
        ("states: [k]", "states: k", 3, 11, "states is a list of names"),
        ("states: [k]", "states: [2k]", 3, 12, "'2k' is not a name"),
        ("states: [k]", "states: [k]\n  exogenous: [e]", None, None, "the exogenous variables e have no law"),
        ("states: [k]", "states: [k]\n  value: [V]", 4, 3, "did you mean values"),
        ("r: 1/beta", "r: 1/bata", 17, 8, "bata is not calibrated; did you mean beta"),
        ("r: 1/beta", "r: 1/k", 16, 6, "the calibration runs in a circle"),
        ("r: 1/beta", "r: 1/beta[t]", 17, 8, "a calibration has no dates"),
        ("  i: δ*k\n", "", 15, 3, "the control i is not calibrated"),
        ("y[t+1]/k[t+1])", "(y[t+1]/k[t+1])^2 + 1)", 13, 7, "this arbitrage equation is off by"),
        ("i: δ*k", "i: log(-k)", 15, 6, "i is not finite (nan)"),
        ("i: δ*k", "i: [1]", 15, 6, "an expression is expected"),
        ("i: δ*k", "i:", 15, 5, "empty"),
        ("0.36", "0.36\n  theta: 0.3", 20, 3, "theta stands here twice"),
        ("0.36", "&t 0.36", 19, 10, "anchors and aliases are refused"),
        ("0.36", "!!float 0.36", 19, 10, "the tag tag:yaml.org,2002:float cannot stand here"),
        ("[k/2, 2*k]", "[2*k, k/2]", 21, 13, "is empty"),
        ("[k/2, 2*k]", "[2*k, 3*k]", 21, 13, "does not hold the steady state"),
        ("[k/2, 2*k]", "[k/2]", 21, 13, "the domain of k is [lower, upper]"),
        ("[k/2, 2*k]", "[k/2, 2*q]", 21, 21, "q is not calibrated"),
        ("{k: [k/2, 2*k]}", "{i: [k/2, 2*k]}", 21, 13, "i is neither a state nor an exogenous variable"),
        ("name: growth", "name: !Normal growth", 1, 7, "the tag !Normal cannot stand here"),
        ("name: growth", "name: growth\noption: {}", 2, 1, "did you mean options?"),
        ("name: growth", "name: [growth]", 1, 7, "a text is expected"),
        ("name: growth", "name: " + "g" * 101, 1, 7, "101 characters, above 100"),
        ("i: δ*k", "i: |\n\n    # investment\n    δ*kk", 18, 7, "kk is not calibrated"),
        ("domain:", "parameters: {beta: {bounds: [1, 0]}}\ndomain:", 21, 29, "[lower, upper]"),
        ("domain:", "parameters: {beta: {bounds: [0, x]}}\ndomain:", 21, 29, "bounds are two finite numbers"),
        ("domain:", "parameters: {beta: {bounds: [0, inf]}}\ndomain:", 21, 29, "two finite numbers"),
        ("domain:", "parameters: {beta: {bounds: [0, 0.5]}}\ndomain:", 18, 9, "beta = 0.96 is outside its bounds"),
        ("domain:", "parameters: {k: {symbol: K}}\ndomain:", 21, 14, "k is not read here"),
        ("domain:", "variables: {k: {bounds: [0, 1]}}\ndomain:", 21, 25, "k is not a control, and only these"),
        ("domain:", "? [a]\n: 1\ndomain:", 21, 3, "a key must be a text"),
        ("domain:", "- 1\ndomain:", 21, 1, "this is not YAML"),
        ("domain:", 'title: "\\UFFFFFFFF"\ndomain:', None, None, "names no character"),
        ("domain:", 'title: "\\ud800"\ndomain:', 21, 8, "not valid Unicode"),
        ("domain:", "---\ndomain:", None, None, "second document"),
    ],
)  # fmt: skip
def test_a_fault_says_what_and_where(old, new, line, column, words):
    found = faults(edited((old, new)))
    matching = [fault for fault in found if words in fault.message]
    assert matching, [fault.message for fault in found]
    assert (matching[0].line, matching[0].column) == (line, column)


def test_all_faults_of_a_file_come_at_once_in_its_order():
    text = edited(
        ("k[t]^theta", "k[t]^thta"), ("i[t-1]\n", "j[t-1] +\n"), ("0.36", "&x 0.36"), ("δ*k", "δ*q")
    )
    found = faults(text)
    assert [fault.line for fault in found] == [7, 11, 15, 19]
    assert [fault.symbol for fault in found] == ["thta", None, "q", None]
    assert found[0].equation == "y[t] = k[t]^thta"
    assert found[0].pointer == ("definitions",)
    assert found[1].pointer == ("equations", "transition", 0)


def test_what_an_unreadable_equation_defines_is_not_unknown_to_the_others():
    text = edited(("y[t] = k[t]^theta", "y[t] = k[t]^^theta"), ("[k/2, 2*k]", "[k/2, 2*k + 0*y]"))
    (fault,) = faults(text)
    assert (fault.line, fault.column) == (7, 15)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("# nothing", "empty"),
        ("3", "mapping"),
        ("[]", "mapping"),
        (b"\xff\xfe", "not UTF-8"),
        ("a: \x00", "not YAML"),
        ("{" * 30_000, "deeper"),
        ("- " * 10_000, "deeper"),
        ("x" * (MAX_CHARACTERS + 1), "above"),
        ("a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]", "aliases"),
        ("%YAML 9.9\n---\na: 1", "not YAML"),
        ("!!python/object/apply:os.system ['true']", "tag"),
    ],
)
def test_what_is_not_a_model_is_refused(text, words):
    assert any(words in fault.message for fault in faults(text))


def test_the_number_of_faults_is_limited():
    text = edited(("y[t] = k[t]^theta", "\n".join(f"  z_{i}[t] = u_{i}" for i in range(1000)).strip()))
    assert len(faults(text)) == MAX_FAULTS


def test_the_number_of_faults_at_the_steady_state_is_limited():
    doubling = "".join(f"\n  z_{i + 1}[t] = z_{i}[t]*z_{i}[t]" for i in range(300))
    text = edited(("y[t] = k[t]^theta", f"y[t] = k[t]^theta\n  z_0[t] = 2*k[t]{doubling}"))
    found = faults(text)
    assert len(found) == MAX_FAULTS
    assert "is not finite (inf) at the steady state" in found[0].message


def test_the_number_of_symbols_is_limited():
    text = edited(
        ("y[t] = k[t]^theta", "y[t] = k[t]^theta\n" + "".join(f"  z_{i}[t] = 1\n" for i in range(500)))
    )
    (fault,) = faults(text)
    assert fault.message == "the model has 507 symbols, above 500"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("calibration", "beta"), True, "a bool cannot stand here"),
        (("calibration", "beta"), None, "a null cannot stand here"),
        (("calibration", "beta"), float("nan"), "not a finite number"),
        (("calibration", "beta"), 10**400, "too large"),
        (("calibration", "beta"), object(), "cannot stand here"),
        (("calibration", "beta"), "\ud800", "not valid Unicode"),
        (("calibration", 3), 1, "a key must be a valid text"),
        (("name",), "\ud800", "not valid Unicode"),
        (("title",), "x" * 100_000, "above"),
    ],
)
def test_a_document_of_other_values_is_refused(path, value, words):
    document = json.loads(json.dumps(load_model(GROWTH).document))
    *way, last = path
    place = document
    for key in way:
        place = place[key]
    place[last] = value
    with pytest.raises(ModelError) as caught:
        model_from_document(document)
    assert any(words in fault.message for fault in caught.value.faults)


def test_a_document_nested_for_ever_is_refused():
    document = {}
    document["a"] = document
    with pytest.raises(ModelError, match="deeper"):
        model_from_document(document)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.integers(0, len(GROWTH)),
    st.integers(0, 12),
    st.text(max_size=8) | st.text(alphabet="[]{}:|>-&*!#?'\"%\n \tkt+^=()", max_size=8),
)
def test_a_mutated_file_is_a_model_or_a_list_of_faults(start, length, insertion):
    text = GROWTH[:start] + insertion + GROWTH[start + length :]
    try:
        model = load_model(text)
    except ModelError as error:
        assert 0 < len(error.faults) <= MAX_FAULTS
    else:
        assert model_from_document(model.document) == model


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_random_bytes_are_a_list_of_faults(text):
    assert faults(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(load_model(GROWTH).document)), JSON)
def test_a_document_with_any_section_replaced_never_crashes(section, value):
    document = {**load_model(GROWTH).document, section: value}
    try:
        model_from_document(document)
    except ModelError as error:
        assert 0 < len(error.faults) <= MAX_FAULTS
