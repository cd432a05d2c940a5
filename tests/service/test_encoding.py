import json
import math

from hypothesis import given
from hypothesis import strategies as st

from service.encoding import encode


@given(st.floats())
def test_numbers_read_back_exactly_and_undefined_ones_are_null(number):
    found = json.loads(encode({"x": [number]}))["x"][0]
    assert found == number if math.isfinite(number) else found is None


@given(st.text())
def test_any_text_can_be_written(text):
    assert json.loads(encode([text])) == [text]
