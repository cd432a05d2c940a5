"""The Open Inference Protocol over the same evaluation."""

import json

import numpy as np
import pytest

from solver.model.zoo import load_zoo

A, K = [0.0, 0.05, -0.1], [3.5, 4.2, 5.0]


@pytest.fixture
def solved(api, finisher):
    solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
    finisher.succeed(solution_id)
    return solution_id


def tensor(name, data, **changed):
    return {"name": name, "shape": [len(data)], "datatype": "FP64", "data": data} | changed


def infer(api, solution_id, inputs, **more):
    return api.post(f"/v2/models/{solution_id}/infer", json={"inputs": inputs, **more})


def test_it_answers_what_the_policy_answers(api, solved):
    answer = infer(api, solved, [tensor("k", K), tensor("a", A)], id="7").json()
    batch = api.post(f"/v1/solutions/{solved}/policy", json={"states": {"a": A, "k": K}}).json()
    assert (answer["model_name"], answer["model_version"], answer["id"]) == (solved, "1", "7")
    found = {output["name"]: output["data"] for output in answer["outputs"]}
    assert found == {**batch["controls"], **batch["definitions"], "in_domain": batch["in_domain"]}
    assert {output["datatype"] for output in answer["outputs"]} == {"FP64", "BOOL"}
    assert all(output["shape"] == [3] for output in answer["outputs"])


def test_only_what_is_wanted_is_answered_in_that_order(api, solved):
    inputs = [
        tensor("a", A, shape=[3, 1]),
        tensor("k", K, datatype="FP32", parameters={"binary_data": False}),
    ]
    answer = infer(api, solved, inputs, outputs=[{"name": "in_domain"}, {"name": "c"}]).json()
    assert [output["name"] for output in answer["outputs"]] == ["in_domain", "c"]
    assert "id" not in answer


def test_the_metadata_are_those_of_the_inference(api, solved):
    metadata = api.get(f"/v2/models/{solved}").json()
    assert [one["name"] for one in metadata["inputs"]] == list(load_zoo("neoclassical").states)
    inputs = [tensor(one["name"], [0.1]) for one in metadata["inputs"]]
    answer = infer(api, solved, inputs).json()
    told = [(one["name"], one["datatype"]) for one in metadata["outputs"]]
    assert told == [(one["name"], one["datatype"]) for one in answer["outputs"]]


def test_probes(api, solved):
    assert api.get("/v2/health/live").json() == {"live": True}
    assert api.get("/v2/health/ready").json() == {"ready": True}
    assert api.get("/v2").json()["name"] == "saddlepath"
    assert api.get(f"/v2/models/{solved}/ready").json() == {"name": solved, "ready": True}


def test_what_has_no_policy_is_not_ready(api):
    solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
    for path in ("", "/ready"):
        assert api.get(f"/v2/models/{solution_id}{path}").status_code == 409
    assert infer(api, solution_id, [tensor("k", K)]).status_code == 409
    assert api.get(f"/v2/models/{'0' * 32}/ready").status_code == 404


@pytest.mark.parametrize(
    ("inputs", "more", "names"),
    [
        ([tensor("k", K)], {}, "a is missing"),
        ([], {}, "a is missing"),
        ([tensor("k", K), tensor("a", A), tensor("z", A)], {}, "z is not a state"),
        ([tensor("k", K), tensor("a", A), tensor("a", A)], {}, "more than once"),
        ([tensor("k", K), tensor("a", A[:2])], {}, "has 2 values"),
        ([tensor("k", K, shape=[2]), tensor("a", A)], {}, "shape = [2]"),
        ([tensor("k", K, shape=[1, 3]), tensor("a", A)], {}, "shape = [1, 3]"),
        ([tensor("k", []), tensor("a", [])], {}, "0 states"),
        ([tensor("k", K, datatype="BYTES"), tensor("a", A)], {}, "BYTES"),
        ([tensor("k", ["x"]), tensor("a", [0.0])], {}, "data"),
        ([tensor("k", [-1.0]), tensor("a", [0.0])], {}, "k = -1.0"),
        ([tensor("k", K), tensor("a", A)], {"outputs": [{"name": "q"}]}, "is no output"),
        ([tensor("k", K), tensor("a", A)], {"outputs": 1000 * [{"name": "c"}]}, "more than once"),
        ([tensor("k", K), tensor("a", A)], {"outputs": 2 * [{"name": "c"}]}, "more than once"),
        ([tensor("k", K), tensor("a", A)], {"extra": 1}, "extra"),
        (
            [tensor("k", K), tensor("a", A)],
            {"parameters": {"binary_data_output": 1}},
            "neither true nor false",
        ),
        (1001 * [tensor("k", K)], {}, "1000"),
    ],
)
def test_what_is_wrong_is_a_422_that_its_clients_read(api, solved, inputs, more, names):
    answer = infer(api, solved, inputs, **more)
    assert answer.status_code == 422
    document = answer.json()
    assert document["error"] == document["detail"]
    assert any(
        names in text for text in [*(fault["pointer"] + fault["message"] for fault in document["errors"])]
    )


def test_batches_are_bounded(make_api, finisher):
    with make_api(max_batch_states=2) as api:
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        finisher.succeed(solution_id)
        answer = infer(api, solution_id, [tensor("k", K), tensor("a", A)])
        assert answer.status_code == 422
        assert "between 1 and 2" in answer.json()["detail"]


def test_a_body_without_a_media_type_is_json_as_its_clients_send_it(api, solved):
    body = json.dumps({"inputs": [tensor("a", A), tensor("k", K)]}).encode()
    path = f"/v2/models/{solved}/infer"
    assert api.post(path, content=body).status_code == 200
    assert api.post(path, content=body, headers={"Content-Type": "text/plain"}).status_code == 415


def infer_bytes(api, solution_id, inputs, tail, *, length=None, **more):
    head = json.dumps({"inputs": inputs, **more}).encode()
    headers = {"Inference-Header-Content-Length": str(len(head)) if length is None else length}
    return api.post(f"/v2/models/{solution_id}/infer", content=head + tail, headers=headers)


def as_bytes(name, size, **changed):
    data = {"name": name, "shape": [3], "datatype": "FP64", "parameters": {"binary_data_size": size}}
    return data | changed


def test_tensors_may_be_bytes_behind_the_json(api, solved):
    tail = np.array(K, "<f8").tobytes() + np.array(A, "<f4").tobytes()
    inputs = [as_bytes("k", 24), as_bytes("a", 12, datatype="FP32")]
    truth = infer(api, solved, [tensor("k", K), tensor("a", np.array(A, "f4").tolist())]).json()["outputs"]
    assert infer_bytes(api, solved, inputs, tail).json()["outputs"] == truth
    outputs = [{"name": "in_domain"}, {"name": "i", "parameters": {"binary_data": False}}, {"name": "c"}]
    answer = infer_bytes(api, solved, inputs, tail, outputs=outputs, parameters={"binary_data_output": True})
    assert answer.headers["content-type"] == "application/octet-stream"
    length = int(answer.headers["inference-header-content-length"])
    told = json.loads(answer.content[:length])["outputs"]
    assert [(one["name"], one.get("parameters")) for one in told] == [
        ("in_domain", {"binary_data_size": 3}),
        ("i", None),
        ("c", {"binary_data_size": 24}),
    ]
    by_name = {one["name"]: one["data"] for one in truth}
    assert told[1]["data"] == by_name["i"]
    assert np.frombuffer(answer.content, "?", 3, length).tolist() == by_name["in_domain"]
    assert np.frombuffer(answer.content, "<f8", 3, length + 3).tolist() == by_name["c"]


TAIL = np.array([*K, *A]).tobytes()


@pytest.mark.parametrize(
    ("inputs", "tail", "length", "status", "names"),
    [
        ([as_bytes("k", 24), as_bytes("a", 24)], TAIL, "100000", 400, "100000"),
        ([as_bytes("k", 24), as_bytes("a", 24)], TAIL, "-1", 400, "between 0 and"),
        ([as_bytes("k", 24), as_bytes("a", 24)], TAIL, "²", 400, "between 0 and"),
        ([as_bytes("k", 24), as_bytes("a", 24)], TAIL, "9" * 30, 400, "between 0 and"),
        ([as_bytes("k", 24), as_bytes("a", 24)], TAIL[:-1], None, 422, "up to the 23 bytes left"),
        ([as_bytes("k", 24), as_bytes("a", 24)], TAIL + b"x", None, 422, "1 bytes behind"),
        ([as_bytes("k", 23), as_bytes("a", 24)], TAIL, None, 422, "multiple of 8"),
        ([as_bytes("k", -24), as_bytes("a", 24)], TAIL, None, 422, "= -24"),
        ([as_bytes("k", "24"), as_bytes("a", 24)], TAIL, None, 422, "multiple"),
        ([as_bytes("k", True), as_bytes("a", 24)], TAIL, None, 422, "multiple"),
        ([as_bytes("k", 24, data=K), as_bytes("a", 24)], TAIL, None, 422, "either data or"),
        ([as_bytes("k", None), as_bytes("a", 24)], TAIL, None, 422, "either data or"),
        (
            [as_bytes("k", 24), as_bytes("a", 24)],
            np.array([*K, 0, np.nan, 0]).tobytes(),
            None,
            422,
            "value 1 of",
        ),
        ([as_bytes("k", 24, shape=[2]), as_bytes("a", 24)], TAIL, None, 422, "shape = [2]"),
        (
            [as_bytes("k", 12, datatype="FP32"), as_bytes("a", 24)],
            3 * b"\x01\x00\xa0\x7f" + TAIL[24:],  # signalling
            None,
            422,
            "value 0 of",
        ),
    ],
)
def test_bytes_that_are_not_what_is_said_are_refused(api, solved, inputs, tail, length, status, names):
    length = None if length is None else length.encode()
    answer = infer_bytes(api, solved, inputs, tail, length=length)
    assert answer.status_code == status
    document = answer.json()
    assert names in document["detail"] + "".join(fault["message"] for fault in document.get("errors", []))
