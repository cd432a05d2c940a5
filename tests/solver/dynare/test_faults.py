"""What is wrong with a ``.mod`` file is told all at once, each with its line and column and what to do."""

import pytest

from solver.dynare.convert import convert
from solver.errors import ModelError
from tests.oracles.dynare import EXAMPLE

RBC = EXAMPLE.read_text()


def faults_of(text):
    with pytest.raises(ModelError) as raised:
        convert(text)
    return raised.value.faults


def changed(old, new):
    assert RBC.count(old) == 1 or old.endswith(";")
    return RBC.replace(old, new, 1)


def test_all_faults_are_told_at_their_places():
    text = changed("beta = 0.99;", "beta = 0.99 1;")
    text = text.replace("y = c + i;", "y = c + ii;").replace("var e; stderr sd_e;", "var y; stderr sd;")
    found = [(fault.line, fault.column, fault.symbol) for fault in faults_of(text)]
    lines = text.splitlines()
    expected = [
        (row + 1, lines[row].index(at) + 1, symbol)
        for row, at, symbol in (
            (lines.index("beta = 0.99 1;"), "1;", None),
            (lines.index("y = c + ii;"), "ii", "ii"),
            (lines.index("var y; stderr sd;"), "y", "y"),
        )
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("old", "new", "message", "at"),
    [
        ("check;", "estimation(datafile=d);", "estimation is not done here", "estimation"),
        ("check;", "varobs y;", "estimation is not done here", "varobs"),
        ("model;", "@#define n = 1\nmodel;", "macro processor", "@#define"),
        ("varexo e", "varexo_det e", "whose path is known", "varexo_det"),
        ("shocks;", "endval; y = 1; end; shocks;", "perfect foresight", "endval"),
        ("y = c + i;", "y = c + EXPECTATION(-1)(i);", "operator EXPECTATION", "EXPECTATION"),
        ("y = c + i;", "y = c + normcdf(i);", "not a function that is read here", "normcdf"),
        ("y = c + i;", "y = c + i(-99);", "99 periods away, above 50", "i(-99)"),
        ("y = c + i;", "y = c + (i;", "ends too early", None),
        ("y = c + i;", "y = c + i; y = c + i;", "6 equations for 5 endogenous variables", "model;"),
        ("beta = 0.99;", "", "the parameter beta has no value", "beta delta"),
        ("beta = 0.99;", "beta = 0.99; beta = 0.98;", "beta is given twice", "beta = 0.98"),
        ("beta = 0.99;", "beta = 0.99; c = 1;", "initval or steady_state_model", "c = 1"),
        ("beta = 0.99;", "beta = 0.99; plot(beta);", "is not read here", "plot"),
        ("z = 0;", "z = 0; [k, y] = f(z);", "functions of other files", "[k, y]"),
        ("var e; stderr sd_e;", "var e; periods 1:4; values 1;", "no law", "periods"),
        ("[name='Capital']", "[mcp='i']", "mcp = 'variable > value'", "[mcp"),
        ("[name='Capital']", "[mcp='i > y']", "the bound of i holds y", "[mcp"),
        ("[name='Capital']", "[mcp='q > 0']", "bounds q, which is not declared", "[mcp"),
        (
            "[name='Capital']",
            "[mcp='i > 0', mcp='k < 9']",
            "lower and one upper bound of one variable",
            "[mcp",
        ),
        (
            "[name='Capital']",
            "[mcp='i > 0'] [mcp='i > 1']",
            "lower and one upper bound of one variable",
            "[mcp",
        ),
        ("beta = 0.99;", "close all\nbeta = 0.99;", "does not end on its line", "close all"),
        ("y = c + i;", "y = c + i + e - STEADY_STATE(e);", "STEADY_STATE is read of endogenous", "e)"),
        ("[name='Capital']", "# x = c; 0*STEADY_STATE(x) +", "read of endogenous", "x)"),
        ("[name='Capital']", "[static]", "tagged static", "[static"),
        ("shocks;", "shocks(overwrite);", "leave out (overwrite)", "shocks(overwrite)"),
        ("var y", "var(log) y", "declare var without", "(log)"),
    ],
)
def test_a_fault_says_what_is_wrong_and_where(old, new, message, at):
    text = changed(old, new)
    faults = [fault for fault in faults_of(text) if message in fault.message]
    assert faults
    if at is not None:
        before = text[: text.index(at)]
        assert faults[0].line == before.count("\n") + 1
        assert faults[0].column == len(before) - (before.rfind("\n") + 1) + 1


def test_a_block_that_does_not_end_is_told_where_the_next_begins():
    text = changed("z = rho*z(-1) + e;\nend;", "z = rho*z(-1) + e;\n")
    fault = faults_of(text)[0]
    assert "the block model of line 15 is still open" in fault.message
    assert text.splitlines()[fault.line - 1] == "steady_state_model;"


def test_a_comment_that_does_not_end():
    fault = faults_of(changed("parameters", "/* parameters"))[0]
    assert "close it with */" in fault.message and (fault.line, fault.column) == (6, 1)


def test_what_only_the_model_shows_is_told_by_the_line_of_the_file():
    text = changed("i = delta*k;", "i = log(-k);")
    (fault,) = faults_of(text)
    assert "i is not finite" in fault.message
    assert text.splitlines()[fault.line - 1] == "i = log(-k);"


def test_a_variable_of_matlab_that_parameters_were_computed_from_keeps_its_value():
    text = changed("beta = 0.99;", "r = 0.01; beta = 1/(1 + r);").replace("z = 0;", "z = 0; r = 0.5;")
    (fault,) = faults_of(text)  # Dynare's beta is 1/1.01 all the same
    assert "r has had another value" in fault.message and fault.line == 29


def test_a_parameter_that_a_variance_was_computed_from_keeps_its_value():
    text = changed("z = 0;", "z = 0; sd_e = 0.05;")
    (fault,) = faults_of(text)  # Dynare's variance is 0.007^2 all the same
    assert "sd_e has had another value" in fault.message and fault.line == 29


def test_the_steady_state_of_a_linear_model_need_not_be_zero():
    text = (
        "var x y; varexo e; model(linear); x = 0.5*x(-1) + 1 + e; y = 0.5*y(+1) + x - STEADY_STATE(x); end;"
    )
    (fault,) = faults_of(text)
    assert "STEADY_STATE(x) needs the formula of x" in fault.message


def test_a_model_without_decisions_is_refused():
    text = "var x; varexo e; model; x = 0.9*x(-1) + e; end; shocks; var e; stderr 1; end;"
    assert "no decision to solve for" in faults_of(text)[0].message


def test_a_declaration_that_cannot_be_read_is_one_fault():
    assert len(faults_of(changed("varexo e", "varexo_det e"))) == 1
