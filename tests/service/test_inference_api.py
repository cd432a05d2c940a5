"""The Open Inference Protocol over the same evaluation."""

import json

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
