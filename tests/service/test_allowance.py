"""What requests hold together is bounded, by bytes and not by their number."""

import json
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from service.allowance import Allowance
from service.errors import BusyError

MIB = 1024**2


def test_what_is_beyond_the_allowance_is_refused_and_changes_nothing():
    allowance = Allowance("batches", 100)
    with allowance.share() as first, allowance.share() as second:
        first.resize(60)
        second.resize(40)
        with pytest.raises(BusyError, match="batches hold 60 bytes, and may hold 100"):
            second.resize(41)
        assert allowance.taken_bytes == 100
        first.resize(10)  # less is always granted
        second.resize(90)
    assert allowance.taken_bytes == 0


def test_one_alone_may_hold_what_it_needs():
    allowance = Allowance("batches", 100)
    with allowance.share() as share:
        share.resize(1000)
        with allowance.share() as other, pytest.raises(BusyError):
            other.resize(1)
        share.resize(2000)


def test_batches_that_hold_too_much_are_turned_away(make_api, finisher, fill):
    with (
        make_api(max_held_batch_bytes=MIB) as api,
        ThreadPoolExecutor(2) as pool,
        fill(api, "batches") as empty,
    ):
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        finisher.succeed(solution_id)
        path = f"/v1/solutions/{solution_id}/policy"
        body = json.dumps({"states": {"a": 0, "k": [4.25] * 100_000}})  # some 600 KiB each
        headers = {"Content-Type": "application/json"}
        asked = [pool.submit(api.post, path, content=body, headers=headers) for _ in range(2)]
        (refused,), (waiting,) = wait(asked, timeout=30, return_when=FIRST_COMPLETED)
        answer = refused.result()
        assert (answer.status_code, answer.json()["code"]) == (429, "busy")
        assert "bytes" in answer.json()["detail"]
        empty()
        assert waiting.result(timeout=30).status_code == 200
        assert api.app.state.services.held.taken_bytes == 0


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b'{"states": {"a": 0}}', 422), (b'{"states": {"a": 0, "k": 4}}', 200)]
)
def test_nothing_is_held_once_a_request_is_over(api, solved, body, status):
    headers = {"Content-Type": "application/json"}
    assert api.post(f"/v1/solutions/{solved}/policy", content=body, headers=headers).status_code == status
    assert api.app.state.services.held.taken_bytes == 0
