"""Simulations that are jobs: the life of a solution's, from whose policy they start and with which they go."""

import json
import time

import numpy as np
import pytest

from solver.errors import ArtifactError
from solver.simulation.experiment import Experiment
from worker.artifacts import Artifact
from worker.celery_app import create_app
from worker.contract import QUEUE, JobStatus
from worker.errors import AttemptRefusedError, JobNotFoundError, SimulationGoneError, SimulationNotFoundError
from worker.reconciler import Reconciler
from worker.retention import Removal, Retention
from worker.settings import WorkerSettings
from worker.simulation_job import SimulationJob, SimulationProgress, SimulationSummary
from worker.simulations import Manifest, Page, ResultStore, SimulationStore, pack_page
from worker.store import SIZES, UNACKED_INDEX, USED, artifact_key, owners_key
from worker.submission import Submission
from worker.tenant import OPERATOR, Tenant
from worker.usage import UsageStore

ADA, BOB = Tenant("ada", False), Tenant("bob", False)
DAY_S = 86_400
GROUPS = {"states": {"k": np.array([1.0, 2.0, np.nan])}, "controls": {"i": np.array([0.1, 0.2, np.nan])}}


@pytest.fixture
def simulations(client):
    return SimulationStore(client)


@pytest.fixture
def solve(jobs, attempts, make_job, make_report):
    """Makes solved solutions: ``solve(seed, tenant)``."""

    def solve(seed=0, view=jobs):
        job_id = view.create(make_job(seed))[0].id
        if jobs.status(job_id) is JobStatus.QUEUED:
            attempt = attempts.begin(job_id, f"solve {seed}")
            assert attempts.succeed(attempt, make_report(), {"verdict": "pass"}, {}, Artifact(b"{}", b""))
        return job_id

    return solve


def describe(solution_id, seed=0):
    return SimulationJob.describe(solution_id, "own", Experiment(3, 1, 0, seed, {"k": 2}))


def complete(attempts, attempt):
    content = pack_page(GROUPS, slice(0, 3))
    assert attempts.keep_page(attempt, 0, content)
    page = Page(first=0, rows=3, sha256="0" * 64)
    manifest = Manifest(
        periods=3, lost=1, groups={name: list(its) for name, its in GROUPS.items()}, pages=[page]
    )
    summary = SimulationSummary(rows=3, lost=1, pages=1, n_bytes=len(content))
    return attempts.complete(attempt, SimulationProgress(3, 3, 0.1, 0.0), summary, manifest)


def test_the_identity_is_that_of_the_content(solve):
    job = describe(solve())
    assert job.id == describe(job.solution).id
    assert job.id == SimulationJob.model_validate_json(job.model_dump_json()).id
    assert job.id == job.model_copy(update={"label": "rbc"}).id
    others = [
        {"solution": "0" * 32},
        {"periods": 4},
        {"paths": 2},
        {"burn_in": 1},
        {"seed": 1},
        {"initial": {}},
    ]
    assert len({job.id, *(job.model_copy(update=one).id for one in others)}) == 1 + len(others)


def test_it_starts_from_a_solved_solution_of_the_same_tenant(jobs, simulations, solve, make_job):
    unsolved = jobs.create(make_job(7))[0].id
    for view, solution_id in (
        (simulations, "0" * 32),
        (simulations, unsolved),
        (simulations.seen_by(ADA), solve(1, jobs.seen_by(BOB))),
    ):
        with pytest.raises(JobNotFoundError):
            view.create(describe(solution_id))
        assert simulations.ids(JobStatus.QUEUED) == []


def test_an_attempt_that_is_over_writes_nothing(client, simulations, attempts, solve):
    job_id = simulations.create(describe(solve()))[0].id
    client.zadd(UNACKED_INDEX, {"first": time.time() - 60})
    first = attempts.begin(job_id, "first")
    assert attempts.keep_page(first, 0, b"zombie")
    second = attempts.begin(job_id, "second")
    assert not attempts.keep_page(first, 0, b"zombie")
    assert not complete_refused(attempts, first)
    assert complete(attempts, second)
    record = simulations.record(job_id)
    assert (record.status, record.attempts, record.summary.lost) == ("succeeded", 2, 1)
    with pytest.raises(AttemptRefusedError):
        attempts.begin(job_id, "third")


def complete_refused(attempts, attempt):
    manifest = Manifest(periods=3, lost=0, groups={}, pages=[])
    summary = SimulationSummary(rows=3, lost=0, pages=0, n_bytes=0)
    return attempts.complete(attempt, SimulationProgress(3, 3, 0.1, 0.0), summary, manifest)


def test_one_that_takes_its_workers_down_fails(client, simulations, attempts, solve):
    job_id = simulations.create(describe(solve()))[0].id
    for number in range(3):
        client.zadd(UNACKED_INDEX, {f"tag {number}": time.time() - 60})
        attempts.keep_page(attempts.begin(job_id, f"tag {number}"), 0, b"some")
    with pytest.raises(AttemptRefusedError):
        attempts.begin(job_id, "tag 3")
    record = simulations.record(job_id)
    assert (record.status, record.problem.code) == ("failed", "worker-lost")
    assert "periods or paths" in record.problem.detail
    assert not client.exists(artifact_key(job_id))


def test_a_result_is_read_back_and_a_spoilt_page_is_not(client, simulations, attempts, solve):
    job_id = simulations.create(describe(solve()))[0].id
    complete(attempts, attempts.begin(job_id, "tag"))
    results = ResultStore(client)
    manifest = results.manifest(job_id)
    with pytest.raises(ArtifactError, match="does not match its manifest"):
        results.page(job_id, manifest, 0)
    with pytest.raises(SimulationNotFoundError):
        results.manifest("sim-" + "0" * 32)


def test_what_starts_from_a_solution_keeps_it_and_goes_with_it(client, jobs, simulations, attempts, solve):
    kept, gone = solve(0), solve(1)
    waiting, done = (simulations.create(describe(one))[0].id for one in (kept, gone))
    complete(attempts, attempts.begin(done, "tag"))
    other = simulations.create(describe(kept, seed=1))[0].id
    simulations.cancel(other)
    for job_id in (kept, gone, done, other):
        client.zadd(USED, {job_id: time.time() - 10 * DAY_S})
    removed = list(Retention(client, 5.0, None).sweep())
    assert {one.job_id for one in removed} - {done} == {gone, other}
    assert Removal(gone, "age") in removed
    with pytest.raises(SimulationGoneError, match="simulation"):
        simulations.record(done)
    assert jobs.status(kept) is JobStatus.SUCCEEDED and simulations.status(waiting) is JobStatus.QUEUED
    assert [record.id for record in simulations.of_solution(kept)] == [waiting]
    assert set(client.hkeys(SIZES)) == {b"*", kept.encode()}


def test_where_room_is_made_a_simulation_goes_before_its_solution(client, jobs, simulations, attempts, solve):
    solution = solve()
    ids = [simulations.create(describe(solution, seed))[0].id for seed in range(2)]
    for job_id in ids:
        complete(attempts, attempts.begin(job_id, job_id))
    UsageStore(client).note([ids[0], solution])
    assert client.zrange(USED, 0, -1) == [one.encode() for one in (ids[1], ids[0], solution)]
    enough = int(client.hget(SIZES, "*")) - 1
    assert list(Retention(client, None, enough).sweep()) == [Removal(ids[1], "size")]
    assert [record.id for record in simulations.of_solution(solution)] == [ids[0]]
    assert jobs.status(solution) is JobStatus.SUCCEEDED


@pytest.mark.parametrize("asking", [Tenant("root", sees_all=True), OPERATOR], ids=["admin", "before keys"])
def test_it_goes_with_its_solution_whoever_asked_for_it(client, jobs, simulations, solve, asking):
    solution_id = solve(1, jobs.seen_by(ADA))
    job_id = simulations.seen_by(asking).create(describe(solution_id))[0].id
    jobs.seen_by(ADA).delete(solution_id)
    with pytest.raises(SimulationGoneError):
        simulations.record(job_id)
    assert simulations.ids(JobStatus.QUEUED) == [] and not client.exists(owners_key(job_id))


def test_it_stays_with_a_solution_that_is_another_s_too(jobs, simulations, solve):
    solution_id = solve(1, jobs.seen_by(ADA))
    solve(1, jobs.seen_by(BOB))
    his, hers = (
        simulations.seen_by(one).create(describe(solution_id, seed))[0].id
        for seed, one in enumerate((BOB, ADA))
    )
    jobs.seen_by(ADA).delete(solution_id)
    assert simulations.ids(JobStatus.QUEUED) == [his] and simulations.status(hers) is None


def test_the_queue_s_message_names_its_task(client, jobs, simulations, solve, store_url):
    job_id = simulations.create(describe(solve()))[0].id
    with create_app(WorkerSettings(redis_url=store_url)) as app:
        submission = Submission(jobs, simulations, app)
        reconciler = Reconciler(client, submission, interval_s=60)
        assert reconciler.reconcile() == (job_id,)
    (message,) = client.lrange(QUEUE, 0, -1)
    assert json.loads(message)["headers"]["task"] == "saddlepath.simulate"
