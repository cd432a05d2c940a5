"""The API on a real store, and solutions finished through the stores' own calls: no worker, no TensorFlow."""

import threading
from contextlib import contextmanager

import numpy as np
import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.schemas.examples import ANSWERS
from service.settings import ServiceSettings
from solver.calibrate import calibrate
from solver.model.state_space import problem_size
from solver.model.zoo import load_zoo
from solver.policy.frame import Frame
from solver.policy.policy import Policy, numpy_rule
from solver.progress import Progress
from solver.settings import PolicySettings
from solver.solution import Provenance, Solution
from solver.status import Status
from worker.artifacts import Artifact, ArtifactStore
from worker.attempts import AttemptStore
from worker.contract import JobStatus, Problem
from worker.jobs import JobStore
from worker.keys import KeyLimits, KeyStore, Scope
from worker.simulating import Simulating
from worker.simulations import SimulationStore
from worker.stored import Stored

CERTIFICATE = {name: value for name, value in ANSWERS["ComparedCertificate"].items() if name != "comparison"}
BASE, SLOPE = 0.43, (0.02, 0.05)


def linear_solution(base=BASE):
    """A solution whose policy is known by heart: ``i = base + SLOPE · u``, with u in [-1, 1] over the domain."""
    model = load_zoo("neoclassical")
    calibration = calibrate(model)
    lower, upper = calibration.lower(), calibration.upper()
    settings = PolicySettings(family="polynomial", degree=1).resolve(problem_size(model))
    frame = Frame(
        center=(lower + upper) / 2,
        half_width=(upper - lower) / 2,
        base=np.array([[base]]),
        slope=np.array(SLOPE)[:, None],
        scale=np.ones(1),
        lowest=np.full(2, -np.inf),
        highest=np.full(2, np.inf),
    )
    weights = tuple(np.zeros(shape) for shape in numpy_rule(model, settings).family.shapes)
    return Solution(
        status=Status.CONVERGED,
        calibration=calibration,
        settings=None,
        policy=Policy(model, calibration, settings, frame, weights),
        certificate=None,
        history=(),
        provenance=Provenance({}, "cpu", "float64", 0.1, 0.1),
    )


class Finisher:
    """Does to jobs what a worker would."""

    def __init__(self, client):
        self.jobs = JobStore(client)
        self.simulations = SimulationStore(client)
        self._artifacts = ArtifactStore(client)
        self._attempts = AttemptStore(client, 10.0, 3)

    def begin(self, job_id):
        return self._attempts.begin(job_id, "tag")

    def report(self, job_id, progress):
        assert self._attempts.write_progress(self.begin(job_id), progress)

    def succeed(self, job_id, solution=None, **provenance):
        solution = solution or linear_solution()
        artifact = Artifact.pack(solution, solution.policy)
        report = Progress("gauss-newton", 3, 1e-15, -6.9, 1548, 0.05, 0.0)
        attempt = self.begin(job_id)
        told = {"status": solution.status.value, "solve_s": 0.1, **provenance}
        assert self._attempts.succeed(attempt, report, CERTIFICATE, told, artifact)
        return artifact.sha256

    def simulate(self, simulation_id):
        job = self.simulations.job(simulation_id)
        policy = Stored(self.jobs.job(job.solution), self._artifacts.load(job.solution)).read_policy()
        attempt = self.begin(simulation_id)
        simulating = Simulating(policy, job.experiment, lambda _: None, lambda: False)
        outcome = simulating.run(lambda number, page: self._attempts.keep_page(attempt, number, page))
        assert self._attempts.complete(attempt, *outcome)

    def keep_page(self, attempt, content):
        return self._attempts.keep_page(attempt, 0, content)

    def fail(self, job_id, attempt=None):
        problem = Problem(type="/problems/diverged", title="Diverged", detail="It diverged.", code="diverged")
        assert self._attempts.fail(attempt or self.begin(job_id), problem)


@pytest.fixture
def finisher(client):
    """Ends jobs of the empty store."""
    return Finisher(client)


@pytest.fixture
def make_solution():
    """Makes solutions as ``finisher.succeed`` takes them, the same every time."""
    return linear_solution


@pytest.fixture
def make_api(store_url):
    """Makes clients of the API on the empty store: ``make_api(limit=…)``; used as context managers."""

    def make(url=store_url, **settings):
        app = create_app(ServiceSettings(redis_url=url, **settings))
        return TestClient(app, raise_server_exceptions=False)

    return make


@pytest.fixture
def api(make_api):
    """A client of the API on the empty store."""
    with make_api() as api:
        yield api


@pytest.fixture
def make_key(client):
    """Makes keys: ``make_key(*scopes, expires_at=…, rate=…)``; the headers with which a client shows one."""

    def make(*scopes, expires_at=None, **limits):
        chosen = [Scope(scope) for scope in scopes or ("read", "solve")]
        _, shown = KeyStore(client).create("a test", chosen, expires_at, KeyLimits(**limits))
        return {"Authorization": f"Bearer {shown}"}

    return make


@pytest.fixture
def fill():
    """Fills a gate of an API's services: ``with fill(api, "batches") as empty``; ``empty()`` lets everything through."""

    @contextmanager
    def fill(api, name):
        gate, emptied = getattr(api.app.state.services, name), threading.Event()
        try:
            for _ in range(gate.at_once):
                started = threading.Event()
                api.portal.start_task_soon(gate.run, lambda started=started: started.set() or emptied.wait())
                assert started.wait(20)
            yield emptied.set
        finally:
            emptied.set()

    return fill


@pytest.fixture
def solved(api, finisher):
    """The id of a solved default model."""
    solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
    finisher.succeed(solution_id)
    return solution_id


@pytest.fixture
def refused(finisher):
    """Checks that an answer is a problem document and that no job was made: ``refused(response, status, pointer)``."""

    def check(response, status, *pointers):
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        document = response.json()
        assert document["status"] == status
        assert {"type", "title", "detail", "code"} <= document.keys()
        found = {fault["pointer"] for fault in document.get("errors", ())}
        assert set(pointers) <= found, document
        assert not any(finisher.jobs.ids(job_status) for job_status in JobStatus)
        return document

    return check
