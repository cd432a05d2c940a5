"""Names of axes and numbers of legends."""

import dataclasses

import pytest

from service.figures.labels import label_of, short_number, shortened, symbol_of, values_of
from solver.model.spec import SymbolInfo
from solver.model.zoo import load_zoo


@pytest.fixture
def described():
    model = load_zoo("neoclassical")
    return lambda **words: dataclasses.replace(model, symbols={"k": SymbolInfo(**words)})


def test_text_is_one_line_of_what_can_be_seen():
    assert shortened("a\x07\x00b\n\u202e c") == "a b c"
    assert shortened("x" * 300, 10) == "xxxxxxxxx…"


def test_a_label_is_symbol_and_description(described):
    assert label_of(described(description="capital", symbol="κ"), "k", 30) == "κ: capital"
    assert label_of(described(), "k", 30) == "k"
    assert symbol_of(described(symbol="\x07"), "k") == "k"


def test_a_long_label_is_wrapped_and_cut(described):
    label = label_of(described(description="capital " * 40), "k", 20, 3)
    assert label.count("\n") == 2 and label.endswith("…")
    assert max(map(len, label.split("\n"))) <= 20


def test_numbers_are_short(described):
    assert [short_number(one) for one in (-0.0, 4.29391, -1e-9, 12345678)] == [
        "0",
        "4.294",
        "−1e−09",
        "1.235e+07",
    ]
    assert values_of(described(symbol="κ"), {"k": 2.0, "a": -1.0}) == "κ = 2, a = −1"
