"""Equations in both dialects, the sections of dolo, complementarity: what is accepted, and what is refused, where."""

import json
from pathlib import Path

import pytest

from solver.calibrate import calibrate
from solver.errors import CalibrationError, ModelError
from solver.language.parser import parse_expression
from solver.language.tree import Number
from solver.model.load import load_model, model_from_document
from solver.model.sections import MAX_EQUATIONS, MAX_MEMBERS
from solver.model.spec import Complementarity

MODEL = """\
name: whole
symbols:
  states: [a, k]
  controls: [i, n]
  exogenous: [e]
  values: [V]
  rewards: [u]
  expectations: [m]
  poststates: [s]
  parameters: [beta, chi, δ]
definitions: |
  y = exp(a)*k^0.3*n^0.7
  top[t] = y0[t] + chi
  c[t] = y - i(0)
  y0 = exp(a)*k(0)
equations:
  transition: |
    a = 0.9*a(-1) + e
    k[t] = (1 - δ)*k[t-1] + i(-1) + 0*e[t-1]
  arbitrage:
    - 1 - beta*c/c(1)*(1 - δ + 0.3*y[t+1]/k(1)) ⟂ 0 <= i <= top
    - 0.7*y/n = chi*c
  felicity: u = log(c) - chi*n
  value: V = u + beta*V(1)
  expectation: m[t] = beta/c(1)
  direct_response: |
    n = exp(a)/chi
    i = n/m
  half_transition: |
    k = s(-1)
  reverse_state: k = s + i
  direct_response_egm: i = m/s
calibration: {beta: 0.95, δ: 0.1, chi: 0.7*y/n/c, a: 0, e: 0, n: 0.3, k: n*(0.3/(1/beta - 1 + δ))^(1/0.7), i: δ*k, c: y - i}
exogenous: !UNormal {sigma: 0.01}
"""


def edited(*edits):
    text = MODEL
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def faults(text):
    with pytest.raises(ModelError) as caught:
        load_model(text)
    return caught.value.faults


def test_dialects_mix_and_every_variable_has_its_date():
    trees = load_model(MODEL).trees
    assert trees.transition == (
        parse_expression("0.9*a[t-1] + e[t]"),
        parse_expression("(1 - δ)*k[t-1] + i[t-1] + 0*e[t-1]"),
    )
    assert trees.arbitrage == (
        parse_expression("1 - beta*c[t]/c[t+1]*(1 - δ + 0.3*y[t+1]/k[t+1])"),
        parse_expression("0.7*y[t]/n[t] - chi*c[t]"),
    )
    assert trees.complementarity == (Complementarity("i", Number(0.0), parse_expression("top[t]")), None)
    assert trees.definitions["c"] == parse_expression("y[t] - i[t]")
    assert list(trees.definitions).index("y0") < list(trees.definitions).index("top")
    assert trees.felicity == parse_expression("log(c[t]) - chi*n[t]")


def test_every_section_of_dolo_is_kept_as_written_and_as_trees():
    model = load_model(MODEL)
    assert {section: dict(bodies) for section, bodies in model.trees.assignments.items()} == {
        "value": {"V": parse_expression("u[t] + beta*V[t+1]")},
        "expectation": {"m": parse_expression("beta/c[t+1]")},
        "direct_response": {"n": parse_expression("exp(a[t])/chi"), "i": parse_expression("n[t]/m[t]")},
        "half_transition": {"k": parse_expression("s[t-1]")},
        "reverse_state": {"k": parse_expression("s[t] + i[t]")},
        "direct_response_egm": {"i": parse_expression("m[t]/s[t]")},
    }
    assert model.equations["value"] == ("V = u + beta*V(1)",)
    assert model.equations["arbitrage"][0].endswith("k(1)) ⟂ 0 <= i <= top")
    again = model_from_document(json.loads(json.dumps(model.document, sort_keys=True)))
    assert again == model
    assert (again.trees, again.equations, again.document) == (model.trees, model.equations, model.document)


@pytest.mark.parametrize(
    "edits",
    [
        [("felicity:", "utility:"), ("arbitrage:", "equilibrium:")],
        [("arbitrage:", "optimality:"), ("exogenous: [e]", "shocks: [e]")],
        [("controls: [i, n]", "actions: [i, n]")],
        [("definitions: |", "model_type: dtcc\noptions: {grid: !Cartesian {n: [3]}}\ndefinitions: |")],
        [
            ("  y = exp(a)*k^0.3*n^0.7\n", ""),
            ("  arbitrage:", "  auxiliary:\n    - y = exp(a)*k^0.3*n^0.7\n  arbitrage:"),
            ("  values: [V]", "  values: [V]\n  auxiliaries: [y]"),
        ],
        [("0 <= i <= top", "0 ≤ i[t] ≤ top[t]"), ("⟂", "⊥")],
        [("0 <= i <= top", "0.0<=i(0)<=top"), ("⟂", "|")],
        [("0.7*y/n = chi*c", "0.7*y/n == chi*c")],
        [("0.7*y/n = chi*c", "0.7*y/n - chi*c")],
        [("k(0)", "k**1")],
    ],
    ids=range(10),
)  # fmt: skip
def test_other_spellings_are_the_same_economy(edits):
    model, other = load_model(MODEL), load_model(edited(*edits))
    for part in ("transition", "arbitrage", "complementarity", "exogenous", "felicity", "assignments"):
        if edits[0][1] != "k**1":
            assert getattr(other.trees, part) == getattr(model.trees, part)
    assert set(other.definitions) == set(model.definitions)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("⟂ -inf <= n <= inf", Complementarity("n", None, None)),
        ("| -inf<=n<=+inf", Complementarity("n", None, None)),
        ("⟂ -1 <= n <= 1e3*δ", Complementarity("n", parse_expression("-1"), parse_expression("1e3*δ"))),
        ("⟂ 0*e <= n <= k(0)", Complementarity("n", parse_expression("0*e[t]"), parse_expression("k[t]"))),
        ("⟂ min(0, k, a) <= n <= inf", Complementarity("n", parse_expression("min(0, k[t], a[t])"), None)),
        ("⟂ 1 - 1 <= n <= 0 + 1", Complementarity("n", parse_expression("1 - 1"), parse_expression("0 + 1"))),
    ],
)
def test_bounds_are_expressions_of_what_is_known_before_the_decision(condition, expected):
    model = load_model(edited(("0.7*y/n = chi*c", f"0.7*y/n - chi*c {condition}")))
    assert model.trees.complementarity[1] == expected
    again = model_from_document(model.document)
    assert again.trees == model.trees


@pytest.mark.parametrize(
    ("old", "new", "at", "words"),
    [
        ("0 <= i <=", "0 <= c <=", "c <= top", "c is not a control, and only these are bounded; the controls are i, n"),
        ("0 <= i <=", "0 <= nn <=", "nn <= top", "nn is not a control, and only these are bounded; did you mean n?"),
        ("0 <= i <=", "0 <= i(1) <=", "i(1) <=", "a control is bounded at date t: write i[t]"),
        ("chi*c\n", "chi*c ⟂ 0 <= n <= 1\n", "⟂ 0 <= n", "with ⟂ write one expression"),
        ("= chi*c\n", "- chi*c ⟂ 0 <= i <= 1\n", "i <= 1", "the control i is bounded twice"),
        ("<= top", "<= c", "c\n    - 0.7", "a bound cannot depend on a decision, and c depends on the control i"),
        ("<= top", "<= 2*n", "n\n    - 0.7", "a bound cannot depend on the control n"),
        ("<= top", "<= tpo", "tpo", "tpo is not declared; did you mean top?"),
        ("<= top", "<= k(1)", "k(1)\n", "write k[t] for the state k in a bound"),
        ("<= top", "<= δ[t]", "δ[t]", "δ is a parameter and has no date"),
        ("<= top", "<= V", "V\n    - 0.7", "a bound cannot depend on the value V"),
        ("<= top", "<= 2*inf", "inf", "inf may stand only alone, as a bound"),
        ("0 <= i <= top", "2 <= i <= 1 - 0.5", "i <= 1 -", "no i lies between 2 and 0.5"),
        ("0 <= i <= top", "0/0 <= i <= 1", "i <= 1", "no i lies between nan and 1"),
        ("0 <= i <= top", "inf <= i <= top", "⟂ inf", "no i lies between these bounds"),
        ("0 <= i <= top", "0 <= i", "⟂ 0", "what follows ⟂ is written lower <= control <= upper"),
        ("beta*V(1)", "beta*V(1) ⟂ 0 <= i <= 1", "⟂ 0 <= i <= 1", "with ⟂ write one expression"),
        ("k = s(-1)", "k - s(-1) ⟂ 0 <= i <= 1", "i <= 1", "stands only in the arbitrage equations"),
        ("u = log(c)", "u = log(c(1))", "c(1)) - chi", "write c[t] for the definition c here (felicity)"),
        ("0.9*a(-1)", "0.9*a", "a + e", "write a[t-1] for the state a here (transition), not a[t]"),
        ("a(-1) + e", "a(-1) + e(1)", "e(1)", "write e[t-1] or e[t] for the exogenous variable e"),
        ("a(-1) + e", "a(-1) + u", "u\n    k[t]", "the reward u cannot stand here (transition)"),
        ("beta*V(1)", "beta*V(2)", "V(2)", "write V[t] or V[t+1] for the value V here (value)"),
        ("V = u", "W = u", "W = u", "W is not a value; the values are V"),
        ("  values: [V]\n", "", "V = u", "V is not a value: declare it in values"),
        ("m[t] = beta", "m[t+1] = beta", "m[t+1] =", "an equation of expectation is written expectation[t] ="),
        ("n = exp(a)/chi", "n = c/chi", "c/chi", "the definition c cannot stand here (direct_response)"),
        ("n = exp(a)/chi", "i = exp(a)/chi", "i = n/m", "i is defined twice (direct_response)"),
        ("k = s(-1)", "k = s", "s\n  reverse", "write s[t-1] for the post-decision state s here (half_transition)"),
        ("k = s + i", "z = s + i", "z = s", "z is not a state; the states are a, k"),
        ("y0 = exp", "k = exp", "k = exp", "k is declared as a state already"),
        ("y0 = exp", "u = exp", "u = exp", "u is declared as a reward already"),
        ("y0 = exp", "y = exp", "y = exp(a)*k(0)", "y is defined twice (definitions)"),
        ("log(c) - chi*n", "log(c) - inf", "inf", "inf may stand only alone, as a bound"),
        ("log(c)", "lgo(c)", "lgo", "lgo is not a function; did you mean log"),
        ("log(c)", "lgo(1)", "lgo", "lgo is not declared; did you mean log"),
        ("log(c)", "chi(1)", "chi(1)", "chi is a parameter and has no date"),
        ("  felicity:", "  utility: w = 1\n  felicity:", "u = log", "felicity stands here under two names"),
        ("  exogenous: [e]", "  exogenous: [e]\n  shocks: [f]", "[f]", "exogenous stands here under two names"),
        ("  values: [V]", "  special_values: [V]", "special_values", "did you mean values"),
        ("  values: [V]", "  values: V", "V\n", "values is a list of names"),
        ("equations:", "definitions: {}\nequations:", "definitions: {}", "definitions stands here twice"),
    ],
)  # fmt: skip
def test_a_fault_says_what_and_where(old, new, at, words):
    text = edited((old, new))
    before = text[: text.index(at)]
    found = faults(text)
    matching = [fault for fault in found if words in fault.message]
    assert matching, [fault.message for fault in found]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert (matching[0].line, matching[0].column) == (line, column)


def test_a_declared_auxiliary_that_is_used_needs_a_definition():
    text = edited(("  values: [V]", "  values: [V]\n  auxiliaries: [r]"), ("log(c)", "log(r)"))
    (fault,) = faults(text)
    assert "r is declared as an auxiliary, and nothing defines it: add r[t] = …" in fault.message
    assert (fault.line, fault.symbol) == (24, "r")


def test_what_is_off_at_the_steady_state_stands_where_the_equation_does():
    (fault,) = faults(edited(("0.7*y/n = chi*c", "0*n = 1")))
    assert (fault.line, fault.column, fault.equation) == (22, 7, "0*n = 1")


@pytest.mark.parametrize("group", MAX_MEMBERS)
def test_the_number_of_members_of_a_group_is_limited(group):
    most = MAX_MEMBERS[group]
    names = ", ".join(f"{group[0]}_{number}" for number in range(most + 1))
    old = next(line for line in MODEL.split("\n") if line.startswith(f"  {group}: "))
    found = faults(edited((old, f"  {group}: [{names}]")))
    assert f"the model has {most + 1} {group}, above {most}" in [fault.message for fault in found]


def test_the_number_of_equations_is_limited():
    lines = "\n".join(["    - 1 = 1"] * MAX_EQUATIONS)
    found = faults(edited(("  felicity:", f"{lines}\n  felicity:")))
    assert f"the section has more than {MAX_EQUATIONS} equations: take fewer" in [
        fault.message for fault in found
    ]


def test_controls_may_have_natural_domains():
    described = "variables: {i: {bounds: [0, inf]}, n: {bounds: [0, 1]}, V: {description: value}}\n"
    model = load_model(MODEL + described)
    assert model.symbols["i"].bounds == (0.0, float("inf"))
    assert model.symbols["n"].bounds == (0.0, 1.0)
    assert model.symbols["V"].description == "value"
    assert "m" not in model.symbols
    again = model_from_document(json.loads(json.dumps(model.document)))
    assert again == model and again.symbols == model.symbols
    for bounds in ("[1, 0]", "[0, 0]", "[-inf, inf]", "[inf, inf]", "[0, nan]", "[0]", "0", "[0, [1]]"):
        (fault,) = faults(MODEL + f"variables: {{i: {{bounds: {bounds}}}}}\n")
        assert "bounds of a control are two numbers" in fault.message


def test_a_natural_domain_must_hold_the_steady_state():
    text = MODEL + "variables: {i: {description: investment}, n: {bounds: [0.5, 1]}}\n"
    (fault,) = faults(text)
    assert fault.message == (
        "the bounds of the control n, (0.5, 1), do not hold its steady state 0.3: widen them"
    )
    assert (fault.line, fault.column) == (text.count("\n"), text.split("\n")[-2].index("{bounds") + 1)
    model = load_model(
        text.replace("[0.5, 1]", "[0, 1]")
        .replace("[beta,", "[share, beta,")
        .replace("n: 0.3", "share: 0.3, n: share")
    )
    with pytest.raises(CalibrationError, match=r"do not hold its steady state 1\.5"):
        calibrate(model, {"share": 1.5})


def test_a_domain_may_be_given_for_states_and_exogenous_variables_alone():
    model = load_model(MODEL + "domain: {e: [-0.03, 0.03], k: [k/2, 2*k]}\n")
    assert list(model.trees.domain) == ["k", "e"]
    (fault,) = faults(MODEL + "domain: {kk: [1, 2]}\n")
    assert fault.message == "kk is neither a state nor an exogenous variable; did you mean k?"


def test_a_file_without_a_name_is_anonymous():
    assert load_model(edited(("name: whole\n", ""))).name == "anonymous"


def test_the_example_of_the_documentation_is_a_model():
    page = (Path(__file__).parents[3] / "docs" / "model-language.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    assert calibrate(load_model(example)).domain["k"]
