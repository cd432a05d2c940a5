"""A million states in one call on the real stack, by the client that the documentation shows."""

import re
import subprocess
import sys
from pathlib import Path

import httpx2
import numpy as np
import pyarrow as pa
import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "bulk.md"
SAVE = """
import sys
with pa.ipc.new_stream(sys.argv[1], policy.schema) as writer:
    writer.write_table(policy)
"""


def test_the_documented_client_gets_a_million_states(stack, tmp_path):
    with httpx2.Client(base_url=stack.url, timeout=120.0) as api:
        body = {"model": "neoclassical", "method": {"policy": {"family": "polynomial", "degree": 8}}}
        record = api.post("/v1/solutions", json=body, headers={"Prefer": "wait=60"}).json()
        program = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[1]
        program = program.replace("http://127.0.0.1:8000", stack.url).replace("/ID/", f"/{record['id']}/")
        saved = tmp_path / "policy.arrows"
        subprocess.run([sys.executable, "-c", program + SAVE, saved], check=True)
        with pa.memory_map(str(saved)) as content:
            policy = pa.ipc.open_stream(content).read_all()
        assert policy.schema.names == ["a", "k", "i", "y", "c", "in_domain"]
        assert policy.num_rows == 1_000_000
        k, y = policy["k"].to_numpy(), policy["y"].to_numpy()
        np.testing.assert_array_equal(k, np.linspace(2.2, 6.4, 1_000_000))
        np.testing.assert_allclose(y, k**0.36, rtol=1e-14)
        np.testing.assert_allclose(policy["c"].to_numpy(), y - policy["i"].to_numpy(), rtol=1e-14)
        rows = np.linspace(0, 999_999, 50).astype(int)
        states = {"a": 0.0, "k": k[rows].tolist()}
        answer = api.post(record["links"]["policy"], json={"states": states}).json()
        assert answer["controls"]["i"] == pytest.approx(policy["i"].to_numpy()[rows].tolist(), rel=1e-12)
        one = api.get(record["links"]["policy"], params={"a": 0.0, "k": repr(float(k[7]))})
        assert one.json()["controls"]["i"] == pytest.approx(policy["i"][7].as_py(), rel=1e-12)
        again = api.get(one.request.url, headers={"If-None-Match": one.headers["etag"]})
        assert again.status_code == 304
