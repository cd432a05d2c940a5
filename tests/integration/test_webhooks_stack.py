"""Webhooks on the real stack: told once a solve is over, and told although every process that knew of it was killed."""

import httpx2
import psutil
import pytest
import standardwebhooks

from worker.store import OUTBOX, connect

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FAST = {"policy": {"family": "polynomial", "degree": 4}}


@pytest.fixture
def receiver(make_receiver):
    return make_receiver()


@pytest.fixture
def environment(receiver):
    return {
        "SADDLEPATH_LEASE_S": "3",
        "SADDLEPATH_WARM_UP_MODEL": "",
        "SADDLEPATH_WEBHOOK_HOSTS": f"127.0.0.1:{receiver.port}",
        "SADDLEPATH_WEBHOOK_PRIVATE": "true",
        "SADDLEPATH_WEBHOOK_SECRET": SECRET,
    }


def ask(stack, receiver, seed, wait=60):
    body = {"model": "brock_mirman", "method": FAST, "target": 1e-2, "seed": seed}
    with httpx2.Client(base_url=stack.url, timeout=70) as api:
        return api.post(
            "/v1/solutions",
            json={**body, "webhook": f"http://127.0.0.1:{receiver.port}/{seed}"},
            headers={"Prefer": f"wait={wait}"},
        ).json()


def read(request):
    path, headers, body = request
    return path, standardwebhooks.Webhook(SECRET).verify(
        body, {name.lower(): headers[name] for name in headers}
    )


def test_a_webhook_is_told_whatever_is_killed(start_stack, environment, receiver):
    stack = start_stack(environment=environment)
    record = ask(stack, receiver, 1)
    path, told = read(receiver.wait_for(1)[0])
    assert (path, told["type"]) == ("/1", "solution.succeeded")
    assert told["data"]["id"] == record["id"]
    assert told["timestamp"] == record["finished_at"]
    with httpx2.Client(base_url=stack.url) as api:
        state = {"a": 0, "k": 0.2}
        assert api.get(told["data"]["links"]["policy"], params=state).status_code == 200

    # Killed while the receiver thinks about it: nobody knows whether it took it, so it is sent again, by the same id.
    receiver.holds.clear()
    record = ask(stack, receiver, 2)
    receiver.wait_for(2)
    stack.kill()
    receiver.holds.set()
    again = start_stack(data=stack.data, environment=environment)
    (worker,) = again.children("worker")
    with connect(worker.environ()["SADDLEPATH_REDIS_URL"]) as client:
        (message,) = client.zrange(OUTBOX, 0, -1)
        client.zadd(OUTBOX, {message: 1.0})  # spares the test the minute until it is due again
        first, second = receiver.wait_for(3)[1:]
        again.wait_for(lambda: client.zcard(OUTBOX) == 0)
    assert read(first) == read(second)
    assert first[1]["webhook-id"] == second[1]["webhook-id"] == message.decode()
    assert read(second)[1]["data"]["id"] == record["id"]

    # The solving process alone is killed, which tells nobody; the end of the job does.
    worker = again.children("worker")[0]
    pool = [child for child in worker.children() if "spawn_main" in " ".join(child.cmdline())]
    for process in pool:
        process.kill()
    psutil.wait_procs(pool, timeout=10)
    assert ask(again, receiver, 3)["status"] == "succeeded"
    assert read(receiver.wait_for(4)[3])[0] == "/3"
    assert again.stop() == 0


def test_without_a_secret_the_stack_says_what_to_do(start_stack, environment):
    with pytest.raises(AssertionError, match="SADDLEPATH_WEBHOOK_SECRET is not set"):
        start_stack(environment={**environment, "SADDLEPATH_WEBHOOK_SECRET": ""})
