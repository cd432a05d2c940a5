"""The ledger tells what a real store was made to write, also when its file ends in the middle of a command."""

import pytest

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.progress import Progress
from solver.settings import SolveSettings
from tests.integration.fire.ledger import Change, read_ledger
from worker.attempts import AttemptStore
from worker.contract import Job
from worker.jobs import JobStore
from worker.store import artifact_key, connect


@pytest.fixture
def job():
    model = load_zoo("brock_mirman")
    return Job.describe("brock_mirman", model, calibrate(model), SolveSettings())


def test_every_change_is_told_in_order(private_store, job):
    with connect(private_store.url) as client:
        jobs, attempts = JobStore(client), AttemptStore(client, 10.0, 3)
        jobs.create(job)
        attempt = attempts.begin(job.id, "tag")
        attempts.write_progress(attempt, Progress("adam", 1, 1e-6, -3.0, 128, 0.1, None))
        attempts.release(job.id, "tag")
        attempts.begin(job.id, "other")
        jobs.cancel(job.id)
        client.hset(artifact_key(job.id), mapping={"manifest": '{"sha256": "told"}', "arrays": b"\r\n*1\r\n"})
        jobs.delete(job.id)
    expected = [
        Change(job.id, "status", "queued"),
        Change(job.id, "status", "running", "1", 1),
        Change(job.id, "progress", "running", "1", 1),
        Change(job.id, "status", "queued"),
        Change(job.id, "status", "running", "2", 1),
        Change(job.id, "status", "cancelled", None, 1),
    ]
    *found, policy, deleted = read_ledger(private_store.directory)
    assert found == expected
    assert (policy.kind, policy.told, len(policy.found)) == ("policy", "told", 64)
    assert deleted == Change(job.id, "deleted")

    (path,) = (private_store.directory / "appendonlydir").glob("*.incr.aof")
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"DEL") + 2])
    assert read_ledger(private_store.directory) == (*found, policy)
