"""Figures of what a worker has trained, on the real stack, before and after ``kill -9`` of all of it."""

import httpx2

NAMES = ("policy.svg", "euler-errors.png", "training.svg", "simulation.png")
BODY = {"model": "neoclassical", "method": {"training": {"algorithm": "adam", "steps": 1500}}}


def test_figures_of_a_trained_policy_outlive_the_stack(start_stack):
    running = start_stack(environment={"SADDLEPATH_WARM_UP_MODEL": ""})
    before = drawn(running.url)
    running.kill()
    again = start_stack(data=running.data, environment={"SADDLEPATH_WARM_UP_MODEL": ""})
    assert drawn(again.url) == before


def drawn(url):
    """Every figure of the solution, which is solved where it is not there, and how many reports its training left."""
    with httpx2.Client(base_url=url, timeout=120.0) as api:
        record = api.post("/v1/solutions", json=BODY, headers={"Prefer": "wait=60"}).json()
        assert record["status"] == "succeeded", record
        kept = api.get(record["links"]["record"]).json()["policy"]["manifest"]["history"]
        assert kept[-1]["step"] == record["progress"]["step"] == 1500
        answers = [api.get(f"{record['links']['self']}/figures/{name}") for name in NAMES]
        assert [one.status_code for one in answers] == [200] * len(NAMES)
        return len(kept), [one.content for one in answers]
