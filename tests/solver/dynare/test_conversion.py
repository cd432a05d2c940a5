"""What becomes of each construct of a ``.mod`` file."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from solver.dynare.convert import convert
from solver.dynare.words import RESERVED, is_reserved
from solver.errors import ModelError
from solver.language.tree import FUNCTIONS, INFINITY
from solver.model.steady_state import find_steady_state
from tests.oracles.dynare import EXAMPLE, FILES, FOLDER

HEAD = "var c k y z; varexo e; parameters alpha beta delta rho;\nalpha = 0.3; beta = 0.96; delta = 0.1; rho = 0.9;\n"
EULER = "1/c = beta/c(+1)*(alpha*exp(z(+1))*k^(alpha - 1) + 1 - delta);\n"
REST = "y = exp(z)*k(-1)^alpha;\nc + k = y + (1 - delta)*k(-1);\n"
PRODUCTIVITY = "z = rho*z(-1) + e;\n"
TAIL = "initval; k = 3; c = 1; y = 1.3; end;\nshocks; var e; stderr 0.01; end;"


def growth(euler=EULER, rest=REST, productivity=PRODUCTIVITY, head=HEAD, tail=TAIL):
    return f"{head}model;\n{euler}{rest}{productivity}end;\n{tail}"


def document_of(path):
    return convert((FOLDER / f"{path}.mod").read_bytes()).document


def test_states_are_laws_of_shocks_and_lags():
    document = convert(growth()).document
    assert document["symbols"]["states"] == ["z", "k_lag"]
    assert document["equations"]["transition"] == ["z[t] = rho*z[t-1] + e[t]", "k_lag[t] = k[t-1]"]
    # Of the resources, what stands first and is not yet known follows; the rest is decided.
    assert document["definitions"] == [
        "y[t] = exp(z[t])*k_lag[t]^alpha",
        "c[t] = y[t] + (1 - delta)*k_lag[t] - k[t]",
    ]
    assert document["symbols"]["controls"] == ["k"]
    assert document["equations"]["arbitrage"] == [
        "1/c[t] = beta/c[t+1]*(alpha*exp(z[t+1])*k[t]^(alpha - 1) + 1 - delta)"
    ]


@pytest.mark.parametrize(
    "law",
    ["log(z) = rho*log(z(-1)) + e;", "e = log(z) - rho*log(z(-1));", "0 = rho*log(z(-1)) - log(z) + e;"],
)
def test_a_law_in_logarithms_is_solved_for_its_variable(law):
    text = growth(EULER.replace("exp(z(+1))", "z(+1)"), REST.replace("exp(z)", "z"), law)
    model = convert(text.replace("initval;", "initval; z = 1;")).model
    assert model.states == ("z", "k_lag")
    assert model.equations["transition"][0].startswith("z[t] = exp(")


def test_predetermined_variables_are_dated_by_dynare_s_other_convention():
    text = growth(
        EULER.replace("k^", "k(+1)^"),
        REST.replace("c + k = ", "c + k(+1) = ").replace("k(-1)", "k"),
        head=HEAD + "predetermined_variables k;\n",
    )
    assert convert(text).document == convert(growth()).document


def test_local_definitions_by_what_they_hold():
    text = growth(
        "# patience = beta*1;\n# gross = alpha*exp(z(+1))*k^(alpha - 1) + 1 - delta;\n# made = exp(z)*k(-1)^alpha;\n"
        "1/c = patience/c(+1)*gross;\n",
        REST.replace("y = exp(z)*k(-1)^alpha", "y = made"),
    )
    document = convert(text).document
    assert document["symbols"]["parameters"][-1] == "patience"
    assert document["calibration"]["patience"] == "beta*1"
    assert "made[t] = exp(z[t])*k_lag[t]^alpha" in document["definitions"]
    # What looks ahead is written out: its expectation is not the expectation of the product.
    assert "(alpha*exp(z[t+1])*k[t]^(alpha - 1) + 1 - delta)" in document["equations"]["arbitrage"][0]
    assert convert(text).model.hash != convert(growth()).model.hash


def test_leads_beyond_one_are_auxiliary_controls():
    document = document_of("habits")
    assert "term_ahead[t] = s[t+1]^-gamma" in document["equations"]["arbitrage"]
    assert "c_lag2[t] = c_lag[t-1]" in document["equations"]["transition"]
    assert document["calibration"]["term_ahead"] == "s^-gamma"


def test_a_lead_of_three_takes_two_auxiliary_variables():
    text = growth(EULER.replace("1/c =", "1/c + 0*y(+3) ="))
    found = convert(text).document["equations"]["arbitrage"]
    assert "y_ahead[t] = y[t+1]" in found and "y_ahead_ahead[t] = y_ahead[t+1]" in found


def test_auxiliary_variables_begin_where_the_definitions_of_today_in_them_are():
    text = growth(
        "# paid = alpha*y/k(-1);\n1/c = beta/c(+1)*(alpha*exp(z(+1))*k^(alpha - 1) + 1 - delta) + 0*log(paid*c(+2));\n",
        tail=TAIL.replace("initval;", "steady_state_model; z = 0;").replace(
            "k = 3; c = 1; y = 1.3;",
            "k = (alpha/(1/beta - 1 + delta))^(1/(1 - alpha)); y = k^alpha; c = y - delta*k;",
        ),
    )
    conversion = convert(text)
    assert conversion.document["calibration"]["paid"] == "alpha*y/k"
    assert conversion.document["calibration"]["paid_lag"] == "paid"
    assert conversion.document["calibration"]["term_ahead"] == "log(paid*c)"
    assert find_steady_state(conversion.model).notes == ()  # the file's own, not one that was searched


def test_lags_of_shocks_are_states():
    assert document_of("news")["equations"]["transition"][:4] == [
        "a[t] = rho*a[t-1] + eps[t] + news_lag3[t-1]",
        "news_lag[t] = news[t-1]",
        "news_lag2[t] = news_lag[t-1]",
        "news_lag3[t] = news_lag2[t-1]",
    ]


def test_the_tag_mcp_is_a_condition():
    document = document_of("lower_bound")
    assert document["equations"]["arbitrage"][-1] == (
        "r[t] - (rho_r*r_lag[t] + (1 - rho_r)*(phi_pi*pi[t] + phi_x*x[t])) ⟂ -0.01 <= r[t] <= inf  # Taylor rule"
    )


def test_the_steady_state_of_a_variable_is_a_parameter_that_follows():
    document = document_of("news")
    assert document["symbols"]["parameters"][-1] == "y_ss"
    assert document["calibration"]["y_ss"] == "y"


@pytest.mark.parametrize(
    ("shocks", "covariance"),
    [
        ("var e; stderr 0.02; var u; stderr 0.01;", [[4e-4, 0], [0, 1e-4]]),
        ("var e = 0.02^2; var u; stderr 0.01;", [[4e-4, 0], [0, 1e-4]]),
        ("var e, u; stderr 0.02;", [[4e-4, 0], [0, 4e-4]]),
        ("var e; stderr 0.02; var u; stderr 0.01; corr e, u = 0.5;", [[4e-4, 1e-4], [1e-4, 1e-4]]),
        ("var e; stderr 0.02; var u = 1e-4; corr u, e = 0.5;", [[4e-4, 1e-4], [1e-4, 1e-4]]),
        ("var e; stderr 0.02; var u = 1e-4; var e, u = -1e-4;", [[4e-4, -1e-4], [-1e-4, 1e-4]]),
        ("var e; stderr 0.02;", [[4e-4, 0], [0, 0]]),
        ("var e; stderr 0.02; end; stoch_simul; shocks; var e = 0; var u = 1e-4;", [[0, 0], [0, 1e-4]]),
    ],
)
def test_variances_and_covariances(shocks, covariance):
    text = growth(productivity="z = rho*z(-1) + e + u;\n", head=HEAD.replace("varexo e", "varexo e u"))
    model = convert(text.replace("var e; stderr 0.01;", shocks)).model
    found = find_steady_state(model).process.innovation_covariance
    assert found == pytest.approx(np.array(covariance), rel=1e-12)


def test_shocks_say_what_they_leave_open():
    text = growth().replace("var e; stderr 0.01;", "")
    assert "e has no variance in the block shocks: it is zero, as in Dynare." in convert(text).notes
    text = growth().replace("var e; stderr 0.01;", "var e; stderr 0.01; var e = 1;")
    assert "e is given a variance more than once: that of the last line stands." in convert(text).notes


def test_a_shock_that_initval_gives_a_value_has_that_mean():
    text = growth(
        rest=REST.replace("= y + ", "= (1 - tax)*y + "),
        head=HEAD.replace("varexo e", "varexo e tax"),
        tail=TAIL.replace("initval;", "initval; e = 0; tax = 0.2;"),
    )
    conversion = convert(text)
    assert conversion.document["exogenous"] == {
        "e": {"UNormal": {"sigma": 0.01}},
        "tax": {"UNormal": {"mu": 0.2, "sigma": 0.0}},
    }
    assert find_steady_state(conversion.model).values["tax"] == 0.2


def test_programs_of_matlab_after_the_model_are_left_out():
    program = "steady;\nR = exp(y(2:end)) ./ exp(y(1:end-1))\nif max(R) > 1\n plot(R);\nend\nE_R = mean(R)"
    assert convert(f"{growth()}\n{program}").document == convert(growth()).document


def test_steady_state_in_small_letters_is_the_same():
    text = (FOLDER / "news.mod").read_text()
    assert convert(text.replace("STEADY_STATE", "steady_state")).document == convert(text).document


def test_words_of_the_language_and_log_consumption_get_other_names():
    text = growth(EULER.replace("beta/", "beta*crra/"), head=HEAD.replace("rho;", "rho crra; crra = 1;"))
    conversion = convert(text)
    assert "crra_" in conversion.model.parameters
    assert conversion.notes[0] == "crra is called crra_ here: it is a word of the model language."
    assert "log_c" in convert((FOLDER / "hansen.mod").read_text()).model.definitions


WORDS = (*FUNCTIONS, INFINITY, "t")


@pytest.mark.parametrize("name", ["z", "k", "e"])
@pytest.mark.parametrize("word", [word for word in WORDS if not is_reserved(word)])
def test_a_word_of_the_language_may_name_a_variable_at_any_date(word, name):
    text = growth(productivity="z = rho*z(-1) + e + 0.1*e(-1);")
    conversion = convert(re.sub(rf"\b{name}\b", word, text))
    plain = json.dumps(convert(text).document)
    assert json.dumps(conversion.document) == re.sub(rf"\b{name}(?=\b|_lag)", f"{word}_", plain)
    assert f"{word} is called {word}_ here: it is a word of the model language." in conversion.notes


@pytest.mark.parametrize("word", ["exp", "Max", "inf", "NaN", "normcdf"])
def test_what_dynare_keeps_for_itself_names_nothing(word):
    with pytest.raises(ModelError, match=f"{word} is a word of Dynare's own: choose another name"):
        convert(re.sub(r"\bz\b", word, growth(EULER.replace("exp(z(+1))", "z(+1)"))))


def test_functions_may_be_written_in_large_letters():
    assert convert(growth().replace("exp", "EXP")).document == convert(growth()).document


@pytest.mark.skipif(shutil.which("dynare-preprocessor") is None, reason="Dynare is not installed")
@pytest.mark.parametrize("word", sorted({*WORDS, *RESERVED, "NaN", "EXP", "Crra", "asinh", "erfc", "pi"}))
def test_dynare_keeps_the_same_words_for_itself(word, tmp_path):
    (tmp_path / "model.mod").write_text(re.sub(r"\bk\b", word, growth()))
    command = ["dynare-preprocessor", "model.mod", "nopreprocessoroutput"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ("syntax error, unexpected" in done.stdout + done.stderr) == is_reserved(word)


def test_comments_of_every_kind_and_commands_are_left_out():
    text = growth(tail=TAIL + "\n// (\n% (\n/* ; ( */ steady; stoch_simul(order=1) y; figure; x = oo_.dr;")
    conversion = convert(text)
    assert conversion.document == convert(growth()).document
    assert [note.split(" is ")[0].split(": ")[1] for note in conversion.notes] == [
        "steady",
        "stoch_simul",
        "figure",
        "x",
    ]


def test_long_names_are_descriptions_and_names_of_equations_remarks():
    document = convert(EXAMPLE.read_text()).document
    assert document["variables"]["k"] == {"description": "capital at the end of the period"}
    assert document["definitions"][0] == "y[t] = exp(z[t])*k_lag[t]^alpha  # Production"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_other_spellings_are_the_same_model(path):
    text = path.read_text()
    other = "% head\r\n" + text.replace("\n", "\r\n").replace(";", " ;")
    assert convert(other).document == convert(text).document
    assert convert(b"\xef\xbb\xbf" + text.encode()).document == convert(text).document
