"""The laws of exogenous variables: every spelling of each, what is refused, and the form in which they are kept."""

import json

import pytest

from solver.errors import ModelError
from solver.language.parser import parse_expression
from solver.language.tree import Number
from solver.model.exogenous import Autoregression, Block, Constant, MarkovChain, Mixture, Normal
from solver.model.load import load_model, model_from_document

MODEL = """\
name: shocks
symbols:
  states: [k]
  controls: [c]
  exogenous: [NAMES]
  parameters: [beta, rho, sd, p]
equations:
  transition:
    - k[t] = 1 + rho*(k[t-1] - c[t-1]) + SUM
  arbitrage:
    - c[t] - 0.5*k[t]
calibration:
  beta: 0.9
  rho: 0.5
  sd: 0.01
  p: 0.25
  twice: 2*sd
  c: k/2
  k: (1 + TOTAL)/(1 - rho/2)
exogenous: LAWS
"""


def text_of(names, laws, total="0"):
    text = MODEL.replace("NAMES", ", ".join(names)).replace("SUM", " + ".join(f"0*{n}[t]" for n in names))
    return text.replace("TOTAL", total).replace("LAWS", laws)


def laws_of(names, laws):
    model = load_model(text_of(names, laws))
    again = model_from_document(json.loads(json.dumps(model.document, sort_keys=True)))
    assert again == model
    assert again.trees == model.trees
    return model.trees.exogenous


def trees(*rows):
    return tuple(
        tuple(parse_expression(entry) for entry in row) if isinstance(row, list) else parse_expression(row)
        for row in rows
    )


ZERO = Number(0.0)


@pytest.mark.parametrize(
    "laws",
    [
        "!UNormal {sigma: sd}",
        "!UNormal {σ: sd}",
        "!UNormal {σ: sd, μ: 0}",
        "!UNormal {sigma: sd, µ: 0}",
        "!Normal {Sigma: [[sd^2]]}",
        "!Normal {Σ: [sd**2], Μ: [0]}",
        "!Normal {Σ: sd^2, Mu: 0}",
        "!Normal {sigma: [sd]}",
        "{UNormal: {sigma: sd}}",
        "{e: !UNormal {sigma: sd}}",
        "{e: {Normal: {Sigma: [[sd^2]]}}}",
        "[!UNormal {sigma: sd}]",
        "!Product [!UNormal {sigma: sd}]",
        "{Product: [{UNormal: {sigma: sd}}]}",
        "{(e): !Product [!UNormal {sigma: sd}]}",
    ],
)
def test_every_spelling_of_an_independent_normal_is_one_law(laws):
    assert laws_of(["e"], laws) == (Block(("e",), Normal((ZERO,), trees(["sd^2"]))),)


@pytest.mark.parametrize(
    "laws",
    [
        "!VAR1 {rho: rho, Sigma: [[sd^2, 0], [0, sd^2]], mu: [p, 1]}",
        "!VAR1 {ρ: [rho, rho], σ: [sd, sd], μ: [p, 1]}",
        "!AR1 {rho: [[rho, 0], [0, rho]], sigma: [sd, sd], mu: [p, 1]}",
        "{'a, b': {VAR1: {rho: rho, sigma: [sd, sd], mu: [p, 1]}}}",
    ],
)
def test_every_spelling_of_an_autoregression_is_one_law(laws):
    diagonal = (trees("rho", "0"), trees("0", "rho"))
    covariance = (trees("sd^2", "0"), trees("0", "sd^2"))
    assert laws_of(["a", "b"], laws) == (
        Block(("a", "b"), Autoregression(trees("p", "1"), diagonal, covariance)),
    )


@pytest.mark.parametrize(
    "laws",
    [
        "!MarkovChain {values: [[-sd], [sd]], transitions: [[1 - p, p], [0.25, 0.75]]}",
        "!MarkovChain {values: [-sd, sd], transitions: [[1 - p, p], [0.25, 0.75]]}",
        "{MarkovChain: {transitions: [[1 - p, p], [0.25, 0.75]], values: [-sd, sd]}}",
    ],
)
def test_every_spelling_of_a_chain_is_one_law(laws):
    chain = MarkovChain(trees(["-sd"], ["sd"]), trees(["1 - p", "p"], ["0.25", "0.75"]))
    assert laws_of(["e"], laws) == (Block(("e",), chain),)


@pytest.mark.parametrize("laws", ["!ConstantProcess {mu: [1, p]}", "!ConstantProcess {values: [1, p]}"])
def test_a_constant_is_read(laws):
    assert laws_of(["a", "b"], laws) == (Block(("a", "b"), Constant(trees("1", "p"))),)


@pytest.mark.parametrize(
    "laws",
    [
        "!Mixture {index: !Bernouilli {π: p}, distributions: {0: !UNormal {σ: sd}, 1: !UNormal {σ: 0, μ: 1}}}",
        "!Mixture {index: !Bernoulli {pi: p}, distributions: {1: !UNormal {σ: 0, μ: 1}, 0: !UNormal {σ: sd}}}",
        "!Mixture {weights: [1 - p, p], distributions: [!UNormal {σ: sd}, !UNormal {σ: 0, μ: 1}]}",
        "{Mixture: {index: {Bernoulli: {p: p}}, distributions: [{UNormal: {σ: sd}}, {UNormal: {σ: 0, μ: 1}}]}}",
    ],
)
def test_every_spelling_of_a_mixture_is_one_law(laws):
    still, jump = Normal((ZERO,), trees(["sd^2"])), Normal((Number(1.0),), trees(["0^2"]))
    assert laws_of(["e"], laws) == (Block(("e",), Mixture(trees("1 - p", "p"), (still, jump))),)


def test_a_mixture_may_have_more_parts_and_constants():
    parts = "!UNormal {sigma: sd}, !ConstantProcess {mu: 1}, !Normal {Sigma: sd}"
    (block,) = laws_of(["e"], f"!Mixture {{weights: [0.5, 0.25, p], distributions: [{parts}]}}")
    assert block.law.components[1] == Normal((Number(1.0),), ((ZERO,),))
    assert len(block.law.components) == len(block.law.weights) == 3


@pytest.mark.parametrize(
    "laws",
    [
        "{a: !AR1 {rho: rho, sigma: sd}, 'b,d': !ConstantProcess {mu: [1, 2]}}",
        "{'(b, d)': !ConstantProcess {mu: [1, 2]}, a: !AR1 {rho: rho, sigma: sd}}",
        "[!AR1 {rho: rho, sigma: sd}, !ConstantProcess {mu: [1, 2]}]",
        "!Product [!AR1 {rho: rho, sigma: sd}, !Product [!ConstantProcess {mu: [1, 2]}]]",
    ],
)
def test_a_product_gives_each_law_its_variables_in_the_declared_order(laws):
    first, second = laws_of(["a", "b", "d"], laws)
    assert first == Block(("a",), Autoregression((ZERO,), trees(["rho"]), trees(["sd^2"])))
    assert second == Block(("b", "d"), Constant(trees("1", "2")))


def test_a_variable_may_be_called_as_a_law():
    (block,) = laws_of(["AR1"], "{AR1: {AR1: {rho: rho, sigma: sd}}}")
    assert block.names == ("AR1",)


def test_laws_may_use_calibrated_names_that_are_no_parameters():
    (block,) = laws_of(["e"], "!UNormal {sigma: twice}")
    assert block.law.covariance == trees(["twice^2"])


@pytest.mark.parametrize(
    ("laws", "mean"),
    [
        ("!Normal {sigma: sd, mu: p}", "p"),
        ("!AR1 {rho: rho, sigma: sd, mu: p}", "p"),
        ("!ConstantProcess {mu: p}", "p"),
        (
            "!Mixture {weights: [1 - p, p], distributions: [!UNormal {σ: sd, μ: 2}, !UNormal {σ: sd, μ: rho}]}",
            "(1 - p)*2 + p*rho",
        ),
    ],
)
def test_what_a_file_does_not_calibrate_has_its_mean(laws, mean):
    model = load_model(text_of(["e"], laws, total="0*e"))
    assert model.trees.calibration["e"] == parse_expression(mean)
    assert "e" not in model.document["calibration"]
    assert list(model.trees.calibration).index("p") < list(model.trees.calibration).index("e")


def test_a_value_that_needs_the_mean_of_a_chain_is_refused():
    laws = "!MarkovChain {values: [-sd, sd], transitions: [[0.5, 0.5], [0.5, 0.5]]}"
    text = text_of(["e"], laws, total="0*e")
    faults = faults_of(text)
    assert [(fault.line, fault.symbol) for fault in faults] == [(18, "e"), (19, "e")]
    assert faults[0].message == (
        "c depends on e, which follows a Markov chain and is not calibrated: give e a value, its mean for instance"
    )
    assert load_model(text.replace("  twice", "  e: 0\n  twice"))


def faults_of(text):
    with pytest.raises(ModelError) as caught:
        load_model(text)
    return caught.value.faults


@pytest.mark.parametrize(
    ("names", "laws", "column", "words"),
    [
        (["e"], "!Uniform {a: 0, b: 1}", 12, "the tag !Uniform is not read; the laws are Normal, UNormal"),
        (["e"], "!VAR2 {rho: 0}", 12, "the tag !VAR2 is not read; did you mean VAR1"),
        (["e"], "!!python/name:os.system {a: 0}", 12, "is not read"),
        (["e"], "!UNormal {sigma: !VAR1 {rho: 1}}", 29, "a number, or a list of numbers, is expected here"),
        (["e"], "!Cartesian {n: 1}", 12, "the tag !Cartesian is not read"),
        (["e"], "3", 12, "a law is expected here"),
        (["e"], "[]", 12, "a product is a list of laws"),
        (["e"], "[3]", 13, "a law is expected here"),
        (["e"], "!Bernoulli {pi: 0.5}", 12, "Bernoulli is no law of a variable"),
        (["e"], "!UNormal", 12, "UNormal is written with sigma or Sigma, and perhaps mu"),
        (["e"], "!UNormal {}", 12, "UNormal is written with sigma or Sigma"),
        (["e"], "!UNormal {sigma: 1, Sigma: [[1]]}", 12, "UNormal is written with sigma or Sigma"),
        (["e"], "!UNormal {sigma: 1, σ: 1}", 35, "sigma stands here twice"),
        (["e"], "!UNormal {sgma: 1}", 28, "sgma is not an entry of UNormal; did you mean sigma"),
        (["e"], "!UNormal {sigma: [[1]]}", 29, "a covariance matrix is called Sigma"),
        (["e"], "!UNormal {sigma: sdd}", 29, "sdd is not calibrated; did you mean sd"),
        (["e"], "!UNormal {sigma: 'sd[t]'}", 30, "has no dates"),
        (["e"], "!UNormal {sigma: 2*e}", 31, "a law is of parameters, and e depends on the exogenous variable e"),
        (["e"], "!UNormal {sigma: 1 +}", 32, "too early"),
        (["e"], "!UNormal {sigma: {a: 1}}", 29, "a number, or a list of numbers"),
        (["e"], "!Normal {Sigma: [[1, 0]]}", 28, "Sigma is a covariance matrix: n rows of n numbers"),
        (["e"], "!Normal {Sigma: [1, 0]}", 28, "Sigma is a covariance matrix"),
        (["e"], "!Normal {Sigma: [[1, 0], [1]]}", 28, "rows of one length"),
        (["e"], "!Normal {Sigma: []}", 28, "rows of one length"),
        (["e"], "!Normal {Sigma: [[[1]]]}", 28, "rows of one length"),
        (["e"], "!Normal {Sigma: 1, mu: [1, 2]}", 35, "mu has 2 number(s), and the covariance 1 row(s)"),
        (["e"], "!Normal {Sigma: [[1, 0], [0, 1]]}", 12, "the law of 2 variable(s), and stands for 1 (e)"),
        (["a", "b"], "!UNormal {sigma: 1}", 12, "the law of 1 variable(s), and stands for 2 (a, b)"),
        (["a", "b"], "!UNormal {sigma: [1, 1]}", 12, "UNormal is of one variable, and this one of 2"),
        (["a", "b"], "[!UNormal {sigma: 1}]", 12, "the law of 1 variable(s), and stands for 2 (a, b)"),
        (["e"], "!AR1 {sigma: 1}", 12, "AR1 is written with rho, sigma or Sigma, and perhaps mu"),
        (["e"], "!AR1 {rho: [0.1, 0.2], sigma: 1}", 23, "for 1 variable(s), rho is one number"),
        (["e"], "!MarkovChain {values: 1, transitions: [[1]]}", 34, "a row for each regime"),
        (["e"], "!MarkovChain {values: [1, 2], transitions: [[1]]}", 55, "transitions is 2 rows of 2"),
        (["e"], "!MarkovChain {values: [1, 2], transitions: [0, 1]}", 55, "transitions is 2 rows of 2"),
        (["e"], "!MarkovChain {values: [1, 2], transitions: [[0.5, 0.4], [0, 1]]}", 55, "row 1 of transitions"),
        (["e"], "!MarkovChain {values: [1, 2], transitions: [[0.5, 0.5], [-1, 1 + p]]}", 55, "row 2 of transitions"),
        (["e"], "!MarkovChain [[1], [[1]]]", 12, "MarkovChain is written with values, transitions"),
        (["e"], "!ConstantProcess {mu: [[1]]}", 34, "one number, or a list of them"),
        (["e"], "!Mixture {weights: [0.5, 0.4], distributions: [!UNormal {σ: 1}, !UNormal {σ: 1}]}", 31, "sum to 0.9"),
        (["e"], "!Mixture {weights: [1], distributions: [!UNormal {σ: 1}, !UNormal {σ: 1}]}", 12, "2 distributions and 1"),
        (["e"], "!Mixture {weights: [1], distributions: !UNormal {σ: 1}}", 51, "distributions is a list of laws"),
        (["e"], "!Mixture {weights: [1], distributions: {1: !UNormal {σ: 1}}}", 51, "a mapping from 0, 1, …"),
        (["e"], "!Mixture {weights: [1], distributions: [!AR1 {ρ: 0, σ: 1}]}", 52, "a Mixture is of Normal"),
        (["e"], "!Mixture {weights: [1], distributions: [1]}", 52, "a law is expected here"),
        (["e"], "!Mixture {weights: [p, 1 - p], distributions: [!UNormal {σ: 1}, !Normal {σ: [1, 1]}]}", 58, "different"),
        (["e"], "!Mixture {index: 3, distributions: [!UNormal {σ: 1}]}", 29, "the index of a Mixture is !Bernoulli"),
        (["e"], "!Mixture {index: !Bernoulli {pi: [1, 2]}, distributions: [!UNormal {σ: 1}]}", 45, "pi is one"),
        (["e"], "!Mixture {index: !Bernoulli {pi: 2}, distributions: [!UNormal {σ: 1}, !UNormal {σ: 1}]}", 45, "pi and 1"),
        (["e"], "{f: !UNormal {sigma: 1}}", 16, "'f' is not an exogenous variable"),
        (["e"], "{UNormla: {sigma: 1}}", 22, "'UNormla' is not an exogenous variable; did you mean UNormal"),
        (["e"], "{f: !UNormal {sigma: 1}}", 12, "the exogenous variable e has no law"),
        (["a", "b"], "{'a, a': !UNormal {sigma: 1}, b: !UNormal {sigma: 1}}", 21, "a has two laws"),
        (["a", "b", "d"], "{'a, d': !ConstantProcess {mu: [1, 2]}, b: !UNormal {σ: 1}}", 12, "exogenous: [a, d, b]"),
        (["a", "b"], "{'b, a': !ConstantProcess {mu: [1, 2]}}", 12, "exogenous: [b, a]"),
        (["regime"], "!MarkovChain {values: [1, 2], transitions: [[0, 1], [1, 0]]}", 3, "regime names the regime"),
        (["e"], "!MarkovChain {values: [1, 2], transitions: [[0, 1], [1, 2*p]]}", 12, "sum to 1"),
        (["e"], "!Normal {Sigma: -sd}", 12, "without negative eigenvalues"),
        (["e"], "!AR1 {rho: 2*rho, sigma: 1}", 12, "has a root of 1"),
    ],
)  # fmt: skip
def test_a_fault_of_a_law_says_what_and_where(names, laws, column, words):
    found = faults_of(text_of(names, laws))
    matching = [fault for fault in found if words in fault.message]
    assert matching, [fault.message for fault in found]
    assert (matching[0].line, matching[0].column) == (3 if "regime" in names else 20, column)


def test_exogenous_variables_need_a_law():
    text = text_of(["e"], "")
    (fault,) = faults_of(text.replace("exogenous: \n", ""))
    assert fault.pointer == ("exogenous",)
    assert "e have no law: add exogenous" in fault.message


def test_several_faults_of_laws_come_at_once():
    laws = "{a: !AR1 {rho: 1, sigma: [[1]], mu: [1, 2]}, b: !Mixture {weights: [2], distributions: [!UNormal {s: 1}]}}"
    found = faults_of(text_of(["a", "b", "d"], laws))
    assert len(found) >= 5
    assert [fault.column for fault in found] == sorted(fault.column for fault in found)


def test_a_law_stands_in_options_in_the_oldest_files_only_where_there_is_no_other():
    text = text_of(["e"], "!UNormal {sigma: sd}").replace("exogenous: !", "options: {exogenous: !") + "}"
    text = text.replace("{sigma: sd}\n}", "{sigma: sd}}")
    assert load_model(text).trees.exogenous == laws_of(["e"], "!UNormal {sigma: sd}")
    both = text + "\nexogenous: !UNormal {sigma: p}\n"
    assert load_model(both).trees.exogenous == laws_of(["e"], "!UNormal {sigma: p}")
