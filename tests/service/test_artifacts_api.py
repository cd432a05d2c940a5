"""Artifacts over HTTP: what is downloaded gives what the service answers."""

import hashlib
import io
import json

import numpy as np
import onnxruntime
import pytest

from worker.contract import EXPORT_TASK, QUEUE
from worker.exports import ExportStore

STATES = {"a": [-0.1, 0.0, 0.17], "k": [2.3, 4.1, 6.4]}
HEADERS = {
    "npz": ("application/zip", ".npz"),
    "onnx": ("application/octet-stream", ".onnx"),
    "savedmodel": ("application/zip", ".savedmodel.zip"),
}


@pytest.fixture
def path(solved):
    return f"/v1/solutions/{solved}/artifact"


@pytest.fixture
def exports(client, solved):
    """The store of exports, with one of the solved job."""
    exports = ExportStore(client)
    assert exports.keep(solved, b"PK of TensorFlow")
    return exports


def test_the_onnx_model_gives_what_the_service_answers(api, solved, path):
    session = onnxruntime.InferenceSession(api.get(f"{path}?format=onnx").content)
    metadata = json.loads(session.get_modelmeta().custom_metadata_map["metadata"])
    states = np.column_stack([STATES[name] for name in metadata["states"]])
    controls, definitions = session.run(None, {"states": states})
    answer = api.post(f"/v1/solutions/{solved}/policy", json={"states": STATES}).json()
    for group, found in (("controls", controls), ("definitions", definitions)):
        assert list(answer[group]) == metadata[group]
        for column, name in enumerate(metadata[group]):
            np.testing.assert_allclose(found[:, column], answer[group][name], rtol=1e-12)


def test_the_npz_holds_the_policy_and_says_whose_it_is(api, solved, path):
    with np.load(io.BytesIO(api.get(path).content), allow_pickle=False) as file:  # npz is the default
        assert file["frame_base"].item() == 0.43
        metadata = json.loads(str(file["metadata"]))
    record = api.get(f"/v1/solutions/{solved}").json()
    assert metadata["model"]["hash"] == record["model"]["hash"]
    assert metadata["calibration"] == record["calibration"]
    assert metadata["origin"] == {"solution": solved, "status": "converged", "verdict": "pass"}


@pytest.mark.parametrize("name", HEADERS)
def test_an_artifact_is_a_file_that_may_be_kept_for_good(api, solved, path, exports, name):
    answer = api.get(path, params={"format": name})
    media_type, ending = HEADERS[name]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert (
        answer.headers["content-disposition"] == f'attachment; filename="neoclassical-{solved[:8]}{ending}"'
    )
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    for condition, status in (
        (answer.headers["etag"], 304),
        (f'"other", W/{answer.headers["etag"]}', 304),
        ("*", 304),
        ('"other"', 200),
        ("", 200),
    ):
        again = api.get(path, params={"format": name}, headers={"If-None-Match": condition})
        assert again.status_code == status
        assert again.content == (b"" if status == 304 else answer.content)
        assert again.headers["etag"] == answer.headers["etag"]
    head = api.head(path, params={"format": name})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(answer.content))


def test_a_saved_model_is_asked_of_a_worker_once(api, client, solved, path):
    for _ in range(3):
        answer = api.get(f"{path}?format=savedmodel")
        assert (answer.status_code, answer.content) == (202, b"")
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["cache-control"] == "no-store"
    asked = [json.loads(message)["headers"] for message in client.lrange(QUEUE, 0, -1)]
    assert [headers["id"] for headers in asked if headers["task"] == EXPORT_TASK] == [f"{solved}-export"]


def test_a_saved_model_that_could_not_be_written_is_a_failure_of_the_service(api, client, solved, path):
    exports = ExportStore(client)
    exports.ask(solved)
    exports.fail(solved)
    answer = api.get(f"{path}?format=savedmodel")
    assert (answer.status_code, answer.json()["code"]) == (500, "export")


@pytest.mark.parametrize(
    "query", ["format=pickle", "format=", "format=NPZ", "form=npz", "format=npz&format=onnx"]
)
def test_a_bad_query_is_refused(api, path, query):
    answer = api.get(f"{path}?{query}")
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == f"/{query.split('=')[0]}"
    if query in ("format=pickle", "format=", "format=NPZ"):
        assert "'npz', 'onnx' or 'savedmodel'" in fault["message"]


@pytest.mark.parametrize("name", HEADERS)
def test_a_solution_without_a_policy_is_a_conflict(api, finisher, name):
    path = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["links"]["artifact"]
    queued = api.get(path, params={"format": name})
    assert (queued.status_code, queued.json()["code"]) == (409, "unsolved")
    assert queued.json()["solution"]["status"] == "queued"
    finisher.fail(path.split("/")[3])
    failed = api.get(path, params={"format": name})
    assert (failed.status_code, failed.json()["problem"]["code"]) == (409, "diverged")


def test_what_does_not_exist_is_not_found(api, solved, path, exports):
    assert api.get(f"/v1/solutions/{'0' * 32}/artifact").status_code == 404
    api.delete(f"/v1/solutions/{solved}")
    for name in HEADERS:
        assert api.get(path, params={"format": name}).status_code == 410
