import contextlib
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import MalformedBodyError, RequestError
from service.faults import MAX_FAULTS
from service.parsing import parse_json

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc~/é", max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_what_is_fine_reads_as_the_standard_library_reads_it(value):
    text = json.dumps(value)
    assert parse_json(text.encode(), max_nesting=100, max_items=100) == json.loads(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    with contextlib.suppress(MalformedBodyError, RequestError):
        parse_json(body, max_nesting=10, max_items=100)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"a": NaN}', ("a",)),
        ('{"a": [1, -Infinity]}', ("a", 1)),
        ('{"a": {"b": 1e999}}', ("a", "b")),
        ('{"a": ' + "9" * 400 + "}", ("a",)),
        ('{"a": ' + "9" * 10_000 + "}", ("a",)),
        ('{"a": 1, "a": 1}', ("a",)),
        ('{"a": "\\ud800"}', ("a",)),
        ("NaN", ()),
    ],
)
def test_values_that_no_field_may_have_are_named(body, pointer):
    with pytest.raises(RequestError) as caught:
        parse_json(body.encode(), max_nesting=10, max_items=100)
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_all_faults_come_at_once():
    with pytest.raises(RequestError) as caught:
        parse_json(b'{"a": NaN, "b": [1e999], "c": 1, "c": 2}', max_nesting=10, max_items=100)
    assert [fault.pointer for fault in caught.value.faults] == [("a",), ("b", 0), ("c",)]


@pytest.mark.parametrize("body", [b"", b"{", b"{'a': 1}", b"\xff\xfe{}", b'{"a": 1} x', b"\xef\xbb\xbf{}"])
def test_what_is_not_json_in_utf8_is_refused(body):
    with pytest.raises(MalformedBodyError):
        parse_json(body, max_nesting=10, max_items=100)


@pytest.mark.parametrize("depth", [11, 100, sys.getrecursionlimit() * 3, 200_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_is_limited(depth, opening, closing):
    with pytest.raises(RequestError, match="nests deeper than 10"):
        parse_json((opening * depth + "0" + closing * depth).encode(), max_nesting=10, max_items=100)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ("[" + ",".join(["0"] * 101) + "]", ()),
        (json.dumps({"a": {f"k{index}": 0 for index in range(101)}}), ("a",)),
        (json.dumps({"a": [0] * 100, "b": ["x"] * 60_000}), ("b",)),
    ],
)
def test_items_are_limited(body, pointer):
    with pytest.raises(RequestError, match="above 100") as caught:
        parse_json(body.encode(), max_nesting=10, max_items=100)
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_a_document_full_of_faults_tells_the_first_of_them():
    body = json.dumps([[float("nan")] * 99] * 90)
    with pytest.raises(RequestError) as caught:
        parse_json(body.encode(), max_nesting=10, max_items=100)
    assert [fault.pointer for fault in caught.value.faults] == [
        (index // 99, index % 99) for index in range(MAX_FAULTS)
    ]


def test_the_deepest_nesting_is_read():
    assert parse_json(b"[" * 10 + b"]" * 10, max_nesting=10, max_items=100)
