"""When the store's memory is full the API explains, goes on reading, and lets solutions be deleted."""

import pytest

from solver.model.zoo import load_zoo

REQUEST = {"model": "neoclassical"}
STATE = {"a": 0.0, "k": 4.2}


@pytest.fixture
def full(api, client, finisher):
    """A solved, a failed and a queued solution in a store that is full by now."""
    ids = [api.post("/v1/solutions", json={**REQUEST, "seed": seed}).json()["id"] for seed in range(3)]
    finisher.succeed(ids[0])
    finisher.fail(ids[1])
    client.config_set("maxmemory", 1)
    yield ids
    client.config_set("maxmemory", 0)


def test_what_would_be_new_is_a_507_that_explains_itself(api, full):
    solved, failed, _ = full
    model = {**load_zoo("neoclassical").document, "title": "My own"}
    asked = [
        api.post("/v1/solutions", json={**REQUEST, "seed": 9}),
        api.post("/v1/solutions", json={**REQUEST, "seed": 9}, headers={"Prefer": "wait=10"}),
        api.post("/v1/models", json=model),
        api.post(f"/v1/solutions/{failed}/retry"),
        api.get(f"/v1/solutions/{solved}/certificate", params={"compare": "time_iteration"}),
        api.get(f"/v1/solutions/{solved}/artifact", params={"format": "savedmodel"}),
    ]
    for answer in asked:
        assert answer.status_code == 507, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        document = answer.json()
        assert document["code"] == "store-full"
        for said in ("memory is full", "what it has is safe", "Delete solutions", "maxmemory", "KEEP_BYTES"):
            assert said in document["detail"]
    assert len(api.get("/v1/solutions").json()["solutions"]) == len(full)


def test_what_is_there_can_be_read_and_found_again(api, full):
    for solution_id, status in zip(full, ("succeeded", "failed", "queued"), strict=True):
        assert api.get(f"/v1/solutions/{solution_id}").json()["status"] == status
    path = f"/v1/solutions/{full[0]}"
    for route in ("", "/certificate", "/artifact", "/record", "/events", "/moments"):
        assert api.get(path + route).status_code == 200
    assert api.get(f"{path}/policy", params=STATE).status_code == 200
    assert api.post(f"{path}/policy", json={"states": {"a": [0, 0.1], "k": 4.2}}).status_code == 200
    found = api.post("/v1/solutions", json={**REQUEST, "seed": 0})
    assert (found.status_code, found.json()["id"]) == (200, full[0])
    assert api.get("/readyz").status_code == api.get("/metrics").status_code == 200


def test_deleting_and_cancelling_lead_out_of_it(api, client, full):
    assert api.post(f"/v1/solutions/{full[2]}/cancel").status_code == 202
    used = client.info("memory")["used_memory"]
    for solution_id in full:
        assert api.delete(f"/v1/solutions/{solution_id}").status_code == 204
        assert api.get(f"/v1/solutions/{solution_id}").status_code == 410
    assert client.info("memory")["used_memory"] < used
    client.config_set("maxmemory", 0)
    assert api.post("/v1/solutions", json={**REQUEST, "seed": 9}).status_code == 202


def test_a_job_whose_message_cannot_be_queued_is_kept(api, client, finisher, monkeypatch):
    # The record is written with the last of the memory; its message is refused.
    submission = api.app.state.services.submission
    create = submission._jobs.create

    def create_and_fill(*arguments):
        answer = create(*arguments)
        client.config_set("maxmemory", 1)
        return answer

    monkeypatch.setattr(submission._jobs, "create", create_and_fill)
    try:
        answer = api.post("/v1/solutions", json=REQUEST)
        assert (answer.status_code, answer.json()["status"]) == (202, "queued")
        assert finisher.jobs.record(answer.json()["id"]).status == "queued"
    finally:
        client.config_set("maxmemory", 0)
