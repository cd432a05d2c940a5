"""Whatever is sent as a ``.mod`` file is a model or a list of faults, soon."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.dynare.convert import convert
from solver.errors import ModelError
from solver.model.node import MAX_CHARACTERS, MAX_FAULTS
from tests.oracles.dynare import FILES

TEXTS = [path.read_text() for path in FILES]
PIECES = [
    *(
        "model;",
        "end;",
        "var ",
        "varexo ",
        "parameters ",
        "shocks;",
        "initval;",
        "steady_state_model;",
        "#",
        "[mcp='k > 0']",
    ),
    *(
        "(+1)",
        "(-1)",
        "(-50)",
        "(+2)",
        "^",
        "(",
        ")",
        "=",
        ";",
        "'",
        "/*",
        "//",
        "%",
        "@#if",
        "$",
        "stderr 1;",
        "\n",
        "\x00",
    ),
    *(
        "STEADY_STATE(c)",
        "exp(",
        "log(",
        "1e999",
        "1d3",
        "c",
        "k",
        "e",
        "é",
        "∞",
        "corr e, u = 2;",
        "t",
        "inf",
        "min(",
    ),
]


def outcome(text):
    """The conversion, or the faults, which are whole."""
    try:
        return convert(text)
    except ModelError as error:
        assert 0 < len(error.faults) <= MAX_FAULTS
        for fault in error.faults:
            assert fault.message
            assert (fault.line is None or fault.line >= 1) and (fault.column is None or fault.column >= 1)
        return None


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_random_bytes(text):
    assert outcome(text) is None


@given(st.lists(st.sampled_from(PIECES), max_size=60))
@settings(deadline=None)
def test_random_words(pieces):
    outcome(" ".join(pieces))


@st.composite
def mutants(draw):
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        text = text[:start] + draw(st.sampled_from(["", *PIECES, text[end : end + 40]])) + text[end:]
    return text


@given(mutants())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_files(text):
    outcome(text)


HEAD = "var x y; varexo e; parameters a; a = 0.5;\n"
TAIL = "\ny = a*x(+1); end; shocks; var e; stderr 1; end;"


def balanced(names, operator):
    """All names in one expression, no deeper than it must be."""
    while len(names) > 1:
        pairs = [names[place : place + 2] for place in range(0, len(names), 2)]
        names = [operator % tuple(pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return names[0]


NAMES = [f"v{number}" for number in range(400)]
LONG = {
    "wide": f"var {' '.join(NAMES)}; model;"
    + "".join(f"1={balanced(NAMES, '(%s+%s)')};" for _ in range(25))
    + "".join(
        f"{name}={after};" for name, after in zip(NAMES[25:], [*NAMES[25:], "v24(-1)"][1:], strict=True)
    )
    + "end;",
    "circular": f"var {' '.join(NAMES)}; model;"
    + "".join(f"1={balanced(NAMES, '(%s*%s)')};" for _ in range(30))
    + "".join(f"{name}={after}^2+1;" for name, after in zip(NAMES[30:], NAMES[29:], strict=False))
    + "end;",
    "comments": "/*" * 50_000,
    "semicolons": ";" * 100_000,
    "quotes": "'" * 99_999,
    "parentheses": f"{HEAD}model; x = {'(' * 3_000}x(-1){')' * 3_000} + e;{TAIL}",
    "signs": f"{HEAD}model; x = {'-' * 3_900}x(-1);{TAIL}",
    "declarations": f"var {' '.join(f'v{number}' for number in range(14_000))};",
    "equations": f"{HEAD}model;{'x=x(-1);' * 12_000}{TAIL}",
    "doubling": HEAD
    + "model; # d0 = x(+1);"
    + "".join(f"# d{number + 1} = d{number}*d{number};" for number in range(200))
    + f"x = d200;{TAIL}",
    "leads": f"{HEAD}model; x = {'+'.join(f'exp(y(50)+{number})' for number in range(200))};{TAIL}",
    "lags": HEAD.replace("x y", " ".join(f"v{number}" for number in range(400)))
    + f"model;{''.join(f'v{number}=v{number}(-50)+e;' for number in range(400))}end;",
    "tags": f"{HEAD}model; {'[a]' * 1_300} x = e;{TAIL}",
    "macros": "@#x\n" * 25_000,
    "lines": "\n" * 100_000,
}


@pytest.mark.parametrize("name", LONG)
def test_the_time_that_a_hostile_file_takes_is_bounded(name):
    assert len(LONG[name]) <= MAX_CHARACTERS
    start = time.process_time()
    outcome(LONG[name])
    # Processor time, far above what any takes (2 s) and far below what any of them takes where it is not bounded.
    assert time.process_time() - start < 20


def test_a_file_that_is_too_long_is_refused():
    with pytest.raises(ModelError, match=f"above {MAX_CHARACTERS}"):
        convert(" " * (MAX_CHARACTERS + 1))
