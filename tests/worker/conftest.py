"""Jobs and stores for the worker's tests; no job here is ever solved, so its document may be anything."""

import pytest

from solver.progress import Progress
from solver.settings import ProblemSize, SolveSettings
from worker.attempts import AttemptStore
from worker.contract import Job, Problem
from worker.jobs import JobStore

LEASE_S = 10.0
MAX_ATTEMPTS = 3


def describe_job(seed=0, name="toy", **changes):
    """A job of no real model."""
    settings = SolveSettings(seed=seed).resolve(ProblemSize(2, 1))
    fields = {
        "model_name": name,
        "model_hash": "0" * 64,
        "document": {"name": name},
        "calibration": {"beta": 0.96},
        "method": settings.method,
        "target": settings.target,
        "seed": settings.seed,
        "numerics_version": "1",
    }
    return Job(**{**fields, **changes})


@pytest.fixture
def make_job():
    """Makes jobs: ``make_job(seed, name, **fields)``."""
    return describe_job


@pytest.fixture
def make_report():
    """Makes a report of training."""
    return lambda: Progress("adam", 1, 1e-3, -2.0, 128, 0.1, 1.0)


@pytest.fixture
def make_problem():
    """Makes what a job fails with."""
    return lambda: Problem(
        type="/problems/diverged", title="It diverged.", detail="Lower it.", code="diverged"
    )


@pytest.fixture
def jobs(client):
    """The jobs of an empty store."""
    return JobStore(client)


@pytest.fixture
def attempts(client):
    """The attempts at them."""
    return AttemptStore(client, LEASE_S, MAX_ATTEMPTS)
