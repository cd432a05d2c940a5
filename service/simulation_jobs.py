"""Simulations that are too large for one request: what they may take, how they are asked for, and their results."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from service.dependencies import Services
from service.errors import RequestError, UnfinishedError
from service.simulation import MAX_WORK, most_periods
from service.solving import acknowledged
from solver.errors import Fault
from solver.policy.policy import Policy
from solver.simulation.experiment import Experiment
from worker.contract import JobStatus
from worker.errors import SimulationNotFoundError
from worker.simulation_job import SimulationJob, SimulationRecord
from worker.tally import label_of

#: What one job may take: as much as a hundred requests, minutes of one core.
MAX_JOB_WORK = 100 * MAX_WORK
_BYTES_A_NUMBER = 8


def check_job(policy: Policy, experiment: Experiment, max_bytes: int) -> None:
    """Checks that a simulation is none that not even a job may do.

    Args:
        policy: that is simulated.
        experiment: what is asked for.
        max_bytes: that its result may take in the store.

    Raises:
        RequestError: it takes too long, or its result too much.
    """
    paths = experiment.paths
    periods = experiment.burn_in + experiment.periods
    most = most_periods(policy, paths, MAX_JOB_WORK)
    if periods > most:
        message = (
            f"{periods} periods (those burnt in included) of {paths} paths are above {most}, the most that one job "
            "simulates of so many paths of this policy; ask for fewer periods or fewer paths"
        )
        raise RequestError([Fault(("periods" if most else "paths",), message)])
    model, space = policy.model, policy.space
    n_shocks = len(model.exogenous) - len(space.exogenous)
    n_columns = len(space.names) + len(model.controls) + len(model.definitions) + n_shocks
    n_bytes = experiment.n_rows * n_columns * _BYTES_A_NUMBER
    if n_bytes > max_bytes:
        message = (
            f"{experiment.periods} periods of {paths} paths are {experiment.n_rows} rows of {n_columns} numbers, {n_bytes} "
            f"bytes, above {max_bytes}, the most that one result has; ask for fewer, in several jobs, or for the moments"
        )
        raise RequestError([Fault(("periods",), message)])


async def submit_simulation(
    services: Services, solution_id: str, experiment: Experiment, trace: str
) -> SimulationRecord:
    """The record of the job of an experiment with a solution's policy, acknowledged.

    Raises:
        JobNotFoundError: the solution is not there any more.
        QueueFullError, WaitingLimitError, SecondsLimitError: one of the limits of jobs.
        StoreUnavailableError: the store does not answer.
    """

    def submit() -> SimulationRecord:
        model_name = services.jobs.record(solution_id).model.name
        job = SimulationJob.describe(solution_id, label_of(model_name), experiment)
        return acknowledged(
            lambda: services.submission.simulate(job, trace)[0],
            lambda: services.simulations.record(job.id),
        )

    record = await run_in_threadpool(submit)
    services.uses.note(record.id)
    return record


def find_simulation(services: Services, solution_id: str, simulation_id: str) -> SimulationRecord:
    """The record of a solution's simulation. Blocks.

    Raises:
        JobNotFoundError, JobGoneError: its solution is not there, or was deleted lately.
        SimulationNotFoundError: it is not there, not the caller's, or of another solution.
        SimulationGoneError: it was deleted lately.
        StoreUnavailableError: the store does not answer.
    """
    services.jobs.require(solution_id)
    record = services.simulations.record(simulation_id)
    if record.solution != solution_id:
        raise SimulationNotFoundError(simulation_id)
    return record


def require_finished(record: SimulationRecord) -> None:
    """Checks that a simulation has a result.

    Raises:
        UnfinishedError: it has none (yet).
    """
    if record.status is JobStatus.SUCCEEDED:
        return
    self = f"/v1/solutions/{record.solution}/simulations/{record.id}"
    members: dict[str, object] = {
        "simulation": {"id": record.id, "status": record.status.value, "progress": record.progress}
    }
    if record.problem is not None:
        members["problem"] = record.problem.model_dump(mode="json")
        detail = f"the simulation failed: {record.problem.detail}"
    elif record.status is JobStatus.CANCELLED:
        detail = f"the simulation was cancelled; POST {self}/retry simulates it"
    else:
        detail = f"the simulation is {record.status.value}; GET {self}?wait=60 waits for it"
    raise UnfinishedError(detail, members)
