"""Arrow streams that were valid until some of their bytes were changed: never a 5xx, never memory that they only claim."""

import random
import struct

import numpy as np
import pyarrow as pa
import pytest

from service.arrow import read_stream
from service.errors import MalformedBodyError, RequestError
from solver.errors import StateError
from tests.service.test_arrow_streams import ask, read, stream

CLAIMS = (0, 1, 7, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
MOST_BYTES = 8 * 1024**2
ROWS = 50
VALID = [
    stream({"a": np.zeros(ROWS), "k": np.full(ROWS, 4.0)}, chunk=20),
    stream({"a": np.zeros(ROWS, "float32"), "k": pa.array([4, 5] * (ROWS // 2))}),
    stream({"a": np.zeros(ROWS), "k": pa.array([4.0, None] * (ROWS // 2))}),
    stream({"a": np.zeros(ROWS), "k": pa.array(["4"] * ROWS).dictionary_encode()}),
    stream({"a": np.zeros(ROWS), "k": np.full(ROWS, 4.0)}, compression="zstd"),
    stream({"a": np.zeros(ROWS), "k": np.full(ROWS, 4.0)}, compression="lz4"),
]


def mutated(generator):
    """A valid stream with some bytes flipped, numbers replaced, parts cut out, repeated or taken from another stream."""
    content = bytearray(generator.choice(VALID))
    for _ in range(generator.randint(1, 4)):
        place = generator.randrange(len(content) - 8)
        kind = generator.randrange(5)
        if kind == 0:
            content[place] ^= 1 << generator.randrange(8)
        elif kind == 1:
            place -= place % 4
            content[place : place + 4] = struct.pack("<I", generator.choice(CLAIMS) % 2**32)
        elif kind == 2:
            place -= place % 8
            content[place : place + 8] = struct.pack("<Q", generator.choice(CLAIMS))
        elif kind == 3:
            del content[place : place + generator.randrange(1, 64)]
        else:
            other = generator.choice(VALID)
            start = generator.randrange(len(other))
            content[place:place] = other[start : start + generator.randrange(1, 400)]
    return bytes(content)


@pytest.fixture
def evaluator(api, solved):
    assert api.get(f"/v1/solutions/{solved}/policy?a=0&k=4").status_code == 200
    return api.app.state.services.policies.kept(solved)


@pytest.mark.parametrize("seed", range(8))
def test_a_mutated_stream_is_read_or_refused_in_bounded_memory(evaluator, seed):
    generator, pool, outcomes = random.Random(seed), pa.default_memory_pool(), set()
    peak = pool.max_memory()
    for _ in range(500):
        content = mutated(generator)
        before = pool.bytes_allocated()
        try:
            states = read_stream(bytearray(content), evaluator, 1000)
        except (MalformedBodyError, RequestError, StateError) as error:
            outcomes.add(type(error))
        else:
            outcomes.add("read")
            assert states.shape[1] == 2 and np.isfinite(states).all()
        assert pool.bytes_allocated() <= before + MOST_BYTES
    assert outcomes >= {MalformedBodyError, RequestError, "read"}
    assert pool.max_memory() <= max(peak, MOST_BYTES)


@pytest.mark.parametrize("seed", range(4))
def test_a_mutated_stream_is_never_the_service_s_fault(api, solved, seed):
    generator = random.Random(1000 + seed)
    for _ in range(50):
        answer = ask(api, solved, mutated(generator))
        if answer.status_code == 200:
            assert np.isfinite(read(answer.content)["i"]).all()
        else:
            assert answer.status_code in (400, 422), answer.text
            assert answer.headers["content-type"] == "application/problem+json"
