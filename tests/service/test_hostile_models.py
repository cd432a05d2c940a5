"""Hostile model files: a 4xx problem document each, and neither a model nor a job comes of it."""

import json

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from solver.model.zoo import load_zoo, zoo_names

ZOO = load_zoo("neoclassical").document
TEXT = json.dumps(ZOO)  # JSON is YAML


def changed(**sections):
    return json.dumps({**ZOO, **sections})


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{below}: &{below} [{', '.join([f'*{above}'] * 9)}]\n"
    for above, below in zip("abcdefgh", "bcdefghi", strict=True)
)
IN_YAML = {
    "bomb": BOMB,
    "alias": "name: &n x\ntitle: *n\n",
    "merge": "x: &x {name: x}\n<<: *x\n",
    "python tag": "name: !!python/object/apply:os.system ['touch /tmp/owned']\n",
    "python name": "name: !!python/name:os.system\n",
    "unknown tag": "name: !Secret x\n",
    "invalid UTF-8": b"name: \xff\xfe\n",
    "UTF-16": "name: x\n".encode("utf-16"),
    "null byte": "name: a\x00b\n",
    "lone surrogate": 'name: "\\ud800"\n',
    "no character": 'name: "\\UFFFFFFFF"\n',
    "not YAML": "name: [\n",
    "two documents": "name: x\n---\nname: y\n",
    "empty": "",
    "blank": " \n\n",
    "a scalar": "model",
    "a list": "[1, 2]",
    "deep flow": "[" * 20_000 + "]" * 20_000,
    "deep block": "\n".join(" " * depth + "a:" for depth in range(300)),
    "duplicate key": TEXT[:-1] + ', "name": "again"}',
    "duplicate key within": TEXT.replace('"beta": 0.96', '"beta": 0.96, "beta": 0.5'),
    "NaN": TEXT.replace("0.96", ".nan"),
    "nan": TEXT.replace("0.96", "nan"),
    "infinity": TEXT.replace("0.96", ".inf"),
    "huge number": TEXT.replace("0.96", "1e999"),
    "long number": TEXT.replace("0.96", "9" * 3_000),
    "long file": TEXT[:-1] + " " * 100_000 + "}",
    "boolean": TEXT.replace("0.96", "true"),
    "null": TEXT.replace("0.96", "null"),
    "deep expression": TEXT.replace("0.96", '"' + "-" * 3_000 + '1"'),
    "call": TEXT.replace("0.96", "\"__import__('os').system('x')\""),
    "attribute": TEXT.replace("0.96", '"().__class__"'),
}
IN_JSON = {
    "NaN": changed(calibration={**ZOO["calibration"], "beta": float("nan")}),
    "infinity": changed(calibration={**ZOO["calibration"], "beta": float("inf")}),
    "1e999": TEXT.replace("0.96", "1e999"),
    "10^400": TEXT.replace("0.96", "1" + "0" * 400),
    "boolean": changed(calibration={**ZOO["calibration"], "beta": True}),
    "null": changed(calibration=None),
    "duplicate key": TEXT[:-1] + ', "name": "again"}',
    "deep": changed(definitions=json.loads("[" * 30 + "]" * 30)),
    "very deep": '{"name": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "invalid UTF-8": b'{"name": "\xff"}',
    "lone surrogate": '{"name": "\\ud800"}',
    "many members": json.dumps({f"k{index}": 1 for index in range(50_000)}),
    "many symbols": changed(symbols={**ZOO["symbols"], "states": [f"s{index}" for index in range(900)]}),
    "long text": changed(title="x" * 100_000),
    "a list": "[]",
    "a text": '"neoclassical"',
    "null body": "null",
    "empty": "",
    "not JSON": "{",
    "YAML": "name: x",
}


@pytest.fixture
def untouched(api, refused):
    """Checks that a response is a 4xx problem document and that neither a job nor a model was made."""

    def check(response):
        assert 400 <= response.status_code < 500, response.text
        refused(response, response.status_code)
        assert len(api.get("/v1/models").json()["models"]) == len(zoo_names())

    return check


@pytest.mark.parametrize("case", IN_YAML)
@pytest.mark.parametrize("query", ["", "?validate_only=true"])
def test_hostile_yaml(api, untouched, case, query):
    body = IN_YAML[case]
    content = body if isinstance(body, bytes) else body.encode()
    untouched(api.post(f"/v1/models{query}", content=content, headers={"Content-Type": "application/yaml"}))


@pytest.mark.parametrize("case", IN_JSON)
def test_hostile_json(api, untouched, case):
    headers = {"Content-Type": "application/json"}
    untouched(api.post("/v1/models", content=IN_JSON[case], headers=headers))


@pytest.mark.parametrize("case", [case for case in IN_JSON if case not in ("a text", "null body")])
def test_hostile_json_sent_along(api, untouched, case):
    body = IN_JSON[case]
    inner = body if isinstance(body, bytes) else body.encode()
    headers = {"Content-Type": "application/json"}
    untouched(api.post("/v1/solutions", content=b'{"model": ' + inner + b"}", headers=headers))


@pytest.mark.parametrize("content_type", ["application/json", "application/yaml"])
def test_ten_megabytes_are_not_read(api, untouched, content_type):
    chunks = (b" " * 100_000 for _ in range(100))
    untouched(api.post("/v1/models", content=chunks, headers={"Content-Type": content_type}))


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/yaml; charset=latin-1", "multipart/form-data"]
)
def test_other_media_types_are_refused(api, untouched, content_type):
    response = api.post(
        "/v1/models", content=TEXT, headers={"Content-Type": content_type} if content_type else {}
    )
    untouched(response)
    assert response.status_code == 415
    assert "application/yaml" in response.json()["detail"]


@pytest.mark.parametrize(
    "query", ["validate_only=1x", "validate_only=", "validate=true", "validate_only=true&validate_only=true"]
)
def test_bad_queries_are_refused(api, untouched, query):
    untouched(api.post(f"/v1/models?{query}", json=ZOO))


FRAGMENTS = st.sampled_from(
    [
        "k[t]",
        "beta",
        "⟂",
        "<=",
        "^",
        "-",
        "(",
        ")",
        "[t+1]",
        "exp(",
        "inf",
        ":",
        "\n",
        "  ",
        "- ",
        "!Normal",
        "&a",
        "*a",
        "{",
        "}",
        "é",
    ]
)


@settings(
    max_examples=80, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@seed(7)
@given(
    start=st.integers(0, len(TEXT)),
    length=st.integers(0, 40),
    inserted=st.lists(FRAGMENTS, max_size=6).map("".join) | st.text(max_size=10),
)
def test_a_mutated_file_is_never_a_defect(api, start, length, inserted):
    text = TEXT[:start] + inserted + TEXT[start + length :]
    headers = {"Content-Type": "application/yaml"}
    answer = api.post(
        "/v1/models?validate_only=true", content=text.encode("utf-8", "replace"), headers=headers
    )
    assert answer.status_code in (200, 422), answer.text
