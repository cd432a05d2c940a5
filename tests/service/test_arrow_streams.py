"""Batches as Arrow streams: the same answers as JSON, and every bad stream a clear 4xx."""

import json
import math
import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.routes.batches import ARROW

STREAM = {"Content-Type": ARROW, "Accept": ARROW}
A, K = np.array([0.0, 0.1, -0.1]), np.array([3.5, 4.2, 7.0])


def stream(columns, **options):
    """A closed stream of a table, or of columns by name."""
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    chunk = options.pop("chunk", None)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=chunk)
    return sink.getvalue().to_pybytes()


def read(content):
    return pa.ipc.open_stream(content).read_all()


def ask(api, solved, content, headers=STREAM, query=""):
    return api.post(f"/v1/solutions/{solved}/policy{query}", content=content, headers=headers)


def refusal(api, solved, content, query=""):
    """Status, code, and messages by pointer of a stream that is refused."""
    answer = ask(api, solved, content, query=query)
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    faults = {fault["pointer"]: fault["message"] for fault in document.get("errors", ())}
    return answer.status_code, document["code"], faults or document["detail"]


def test_a_stream_is_answered_by_a_stream(api, solved):
    answer = ask(api, solved, stream({"k": K, "a": A}))
    assert (answer.status_code, answer.headers["content-type"]) == (200, ARROW)
    assert int(answer.headers["content-length"]) == len(answer.content)
    table = read(answer.content)
    assert table.schema.names == ["a", "k", "i", "y", "c", "in_domain"]
    assert table["k"].to_pylist() == K.tolist()
    assert table["in_domain"].to_pylist() == [True, True, False]
    np.testing.assert_allclose(table["y"], np.exp(A) * K**0.36, rtol=1e-14)  # the model's definition
    np.testing.assert_allclose(table["c"], table["y"].to_numpy() - table["i"].to_numpy(), rtol=1e-14)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    states=st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(0.5, 9.0)), min_size=1, max_size=40),
    chunk=st.integers(1, 50),
)
def test_arrow_and_json_and_single_answers_agree(api, solved, states, chunk):
    a, k = map(list, zip(*states, strict=True))
    content, body = stream({"a": a, "k": k}, chunk=chunk), json.dumps({"states": {"a": a, "k": k}})
    tables = {}
    for media_type, sent in ((ARROW, content), ("application/json", body)):
        for wanted in (ARROW, "application/json"):
            answer = ask(api, solved, sent, {"Content-Type": media_type, "Accept": wanted})
            assert (answer.status_code, answer.headers["content-type"]) == (200, wanted)
            tables[media_type, wanted] = answer.content if wanted == ARROW else answer.json()
    assert tables[ARROW, ARROW] == tables["application/json", ARROW]
    document = tables[ARROW, "application/json"]
    assert document == tables["application/json", "application/json"]
    flat = document["states"] | document["controls"] | document["definitions"]
    assert read(tables[ARROW, ARROW]).to_pydict() == {**flat, "in_domain": document["in_domain"]}
    one = api.get(f"/v1/solutions/{solved}/policy", params={"a": repr(a[-1]), "k": repr(k[-1])}).json()
    single = one["states"] | one["controls"] | one["definitions"]
    for name, column in flat.items():
        assert column[-1] == pytest.approx(single[name], rel=1e-14)
    assert one["in_domain"] == document["in_domain"][-1]


@pytest.mark.parametrize(
    "kind", ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint64"]
)
def test_numbers_of_other_widths_are_read(api, solved, kind):
    column = pa.array(np.array([3, 4, 5]).astype(kind))
    answer = ask(api, solved, stream({"a": pa.array([0.0, 0.0, 0.0]), "k": column}))
    assert read(answer.content)["k"].to_pylist() == [3.0, 4.0, 5.0]


def test_derivatives_are_columns_with_their_misfit(api, solved):
    answer = ask(api, solved, stream({"a": A[:2], "k": K[:2]}), query="?sensitivity=beta,delta&strict=true")
    table = read(answer.content)
    assert table.schema.names[6:] == ["i.beta", "y.beta", "c.beta", "i.delta", "y.delta", "c.delta"]
    body = {"states": {"a": A[:2].tolist(), "k": K[:2].tolist()}, "sensitivity": ["beta", "delta"]}
    told = api.post(f"/v1/solutions/{solved}/policy", json=body).json()["sensitivities"]
    assert table["i.beta"].to_pylist() == told["beta"]["controls"]["i"]
    assert table["c.delta"].to_pylist() == told["delta"]["definitions"]["c"]
    assert float(table.schema.field("i.beta").metadata[b"misfit"]) == told["beta"]["misfit"]


@pytest.mark.parametrize(
    ("columns", "pointer", "words"),
    [
        ({"a": A}, "/k", ("k is missing", "a, k")),
        ({"a": A, "k": K, "z": K}, "/z", ("z is not a state",)),
        ({"a": A, "k": ["4", "5", "6"]}, "/k", ("k is of type 'string'", "float64")),
        ({"a": A, "k": [True, False, True]}, "/k", ("k is of type 'bool'",)),
        ({"a": A, "k": [[4.0]] * 3}, "/k", ("k is of type 'list<",)),
        ({"a": A, "k": pa.nulls(3)}, "/k", ("k is of type 'null'",)),
        ({"a": A, "k": pa.array(K).dictionary_encode()}, "/k", ("k is of type 'dictionary<",)),
        ({"a": A, "k": pa.array([4, 5, 6], pa.decimal128(5))}, "/k", ("k is of type 'decimal128",)),
        ({"a": A, "k": pa.array([4, 5, 6], pa.timestamp("s"))}, "/k", ("k is of type 'timestamp",)),
        ({"a": A, "k": pa.array([1, 0, 1], pa.bool8())}, "/k", ("k is of type 'extension<",)),
        ({"a": A, "k": [4.0, None, 5.0]}, "/k/1", ("k is null in row 1",)),
        ({"a": A, "k": [4.0, 5.0, math.nan]}, "/k/2", ("k = nan is not a finite number",)),
        ({"a": [math.inf, 0.0, 0.0], "k": K}, "/a/0", ("a = inf",)),
        ({"a": A, "k": [4, 2**53 + 1, 5]}, "/k", ("2^53", "float64")),
        ({"a": A, "k": [4.0, -1.0, 5.0]}, "/k/1", ("k = -1.0", "not defined")),
        ({"a": A[:0], "k": K[:0]}, "", ("no state",)),
    ],
)
def test_a_column_that_is_not_read_is_named(api, solved, columns, pointer, words):
    status, _, faults = refusal(api, solved, stream(columns))
    assert status == 422
    assert set(faults) == {pointer} or pointer == "/k/1"
    assert all(word in faults[pointer] for word in words)


def test_an_unknown_extension_of_numbers_is_refused(api, solved):
    field = pa.field("k", pa.float64(), metadata={"ARROW:extension:name": "my.money"})
    table = pa.table([pa.array(A), pa.array(K)], schema=pa.schema([pa.field("a", pa.float64()), field]))
    assert "extension type" in refusal(api, solved, stream(table))[2]["/k"]


def test_columns_are_counted(api, solved):
    status, _, faults = refusal(api, solved, stream({f"k{number}": K for number in range(1001)}))
    assert (status, "1001 columns" in faults[""]) == (422, True)


def test_a_state_that_stands_twice_is_refused(api, solved):
    table = pa.Table.from_arrays([pa.array(A), pa.array(K), pa.array(K)], names=["a", "k", "k"])
    assert "more than once" in refusal(api, solved, stream(table))[2]["/k"]


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_what_is_compressed_is_refused_before_it_is_unpacked(api, solved, codec):
    zeros = np.zeros(1_000_000)
    status, _, faults = refusal(api, solved, stream({"a": zeros, "k": zeros + 4.0}, compression=codec))
    assert (status, "compressed" in faults[""]) == (422, True)


def test_rows_are_counted(make_api, finisher):
    with make_api(max_batch_states=1000) as api:
        solved = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        finisher.succeed(solved)
        many = {"a": np.zeros(1001), "k": np.full(1001, 4.0)}
        for chunk in (None, 10):
            status, _, faults = refusal(api, solved, stream(many, chunk=chunk))
            assert (status, "1000 states" in faults[""]) == (422, True)
        assert ask(api, solved, stream(pa.table(many)[:1000], chunk=10)).status_code == 200
        derived = refusal(api, solved, stream(pa.table(many)[:501]), query="?sensitivity=beta")
        assert "500 states" in derived[2][""]


def test_record_batches_are_counted(api, solved):
    many = {"a": np.zeros(20_001), "k": np.full(20_001, 4.0)}
    status, _, faults = refusal(api, solved, stream(many, chunk=1))
    assert (status, "20000 record batches" in faults[""]) == (422, True)
    assert ask(api, solved, stream(pa.table(many)[:20_000], chunk=1)).status_code == 200


def test_a_body_is_bounded_by_what_so_many_states_take(make_api, finisher):
    with make_api(max_batch_states=1000) as api:
        solved = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        finisher.succeed(solved)
        assert refusal(api, solved, bytes(200_000))[:2] == (413, "body-too-large")


def test_a_big_endian_stream_is_refused(api, solved):
    content = bytearray(stream({"a": A, "k": K}))
    # The order of bytes is the first field of the schema's table; where it is absent, as here, it is little-endian.
    metadata = 8 + struct.unpack_from("<I", content, 8)[0]
    vtable = metadata - struct.unpack_from("<i", content, metadata)[0]
    header = metadata + struct.unpack_from("<H", content, vtable + 4 + 2 * 2)[0]
    table = header + struct.unpack_from("<I", content, header)[0]
    table_vtable = table - struct.unpack_from("<i", content, table)[0]
    size = struct.unpack_from("<H", content, table_vtable)[0]
    assert struct.unpack_from("<H", content, table_vtable + 4)[0] == 0 and size >= 8
    # Point the field at the offset of the fields, whose low bytes are no zero.
    struct.pack_into("<H", content, table_vtable + 4, struct.unpack_from("<H", content, table_vtable + 6)[0])
    status, _, faults = refusal(api, solved, bytes(content))
    assert (status, "big-endian" in faults[""]) == (422, True)


@pytest.mark.parametrize("cut", [0, 1, 8, 100, -1, -8, -9])
def test_a_truncated_stream_is_refused(api, solved, cut):
    content = stream({"a": A, "k": K}, chunk=1)
    status, code, detail = refusal(api, solved, content[:cut])
    assert (status, code) == (400, "malformed-body")
    assert "no Arrow stream" in detail


def test_a_file_is_no_stream(api, solved):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, pa.schema([("a", pa.float64())])) as writer:
        writer.write_table(pa.table({"a": A}))
    assert refusal(api, solved, sink.getvalue().to_pybytes())[:2] == (400, "malformed-body")


@pytest.mark.parametrize(
    ("query", "pointer"), [("?strict=1", "/strict"), ("?sensitivity=x", "/sensitivity"), ("?x=1", "/x")]
)
def test_options_of_a_stream_are_checked(api, solved, query, pointer):
    assert pointer in refusal(api, solved, stream({"a": A[:2], "k": K[:2]}), query)[2]


def test_strict_refuses_states_outside_the_domain(api, solved):
    status, code, faults = refusal(api, solved, stream({"a": A, "k": K}), "?strict=true")
    assert (status, code, list(faults)) == (422, "invalid-state", ["/k/2"])


def test_options_of_a_json_body_stand_in_it(api, solved):
    answer = api.post(f"/v1/solutions/{solved}/policy?strict=true", json={"states": {"a": 0, "k": 4}})
    assert answer.status_code == 422
