"""A solution beside the same model's by time iteration, the classical method: how far apart the two policies are.

The other one is a solution like any other, with an id of its own: it is solved once, and found again.
"""

from __future__ import annotations

from typing import Any, Final

from service.errors import RequestError
from service.evaluation import Evaluator
from service.models import ModelLibrary
from solver.calibrate import calibrate
from solver.diagnostics.distances import distances
from solver.errors import Fault, MethodError
from solver.policy.kinks import size_of_problem
from solver.settings import Method, PolicySettings, SamplingSettings, SolveSettings, TrainingSettings
from worker.contract import Job, JobRecord

TIME_ITERATION: Final = "time_iteration"


def comparing_job(models: ModelLibrary, job: Job) -> Job:
    """The same model, calibration, policy, target, seed and budget of seconds, by time iteration.

    On the same states, where the job was trained on some that stay; else on as many of the domain as time iteration takes.

    Raises:
        RequestError: the job is itself one by time iteration.
        MethodError: its policy is too large for least squares.
    """
    method = job.method
    if method.training.algorithm == TIME_ITERATION:
        message = (
            "compare = 'time_iteration' is what this solution was solved by; compare one by another algorithm"
        )
        raise RequestError([Fault(("compare",), message)])
    model = models.read(job.document)
    calibration = calibrate(model, job.calibration)
    stays = method.training.is_least_squares and method.sampling.region != "adaptive"
    # Of the linear rule nothing is trained, and hinges are not laid by time iteration.
    is_kept = method.policy.family not in ("linear", "hinged")
    by_time_iteration = Method(
        policy=method.policy if is_kept else PolicySettings(),
        training=TrainingSettings(algorithm=TIME_ITERATION, seconds=method.training.seconds),
        expectation=method.expectation.judging(size_of_problem(model, calibration)),
        sampling=method.sampling if stays and is_kept else SamplingSettings(),
    )
    settings = SolveSettings(method=by_time_iteration, target=job.target, seed=job.seed)
    try:
        return Job.describe(job.model_name, model, calibration, settings)
    except ValueError as error:
        message = f"compare = 'time_iteration' cannot be had of this solution: {error}"
        raise MethodError([Fault(("compare",), message)]) from error


def describe_comparison(
    record: JobRecord, other: JobRecord, evaluators: tuple[Evaluator, Evaluator] | None
) -> dict[str, Any]:
    """Both solves side by side; how far apart their policies are, where both have one."""
    return {
        "this": _run(record),
        "other": _run(other),
        "differences": None if evaluators is None else _differences(*evaluators, record.seed),
    }


def _run(record: JobRecord) -> dict[str, Any]:
    progress, provenance = record.progress or {}, record.provenance or {}
    certificate = record.certificate or {}
    return {
        "solution": record.id,
        "status": record.status.value,
        "algorithm": record.method["training"]["algorithm"],
        "verdict": certificate.get("verdict"),
        "euler_errors": certificate.get("euler_errors"),
        "steps": progress.get("step"),
        "states_visited": progress.get("states_visited"),
        "training_s": provenance.get("training_s"),
    }


def _differences(one: Evaluator, other: Evaluator, seed: int) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "largest": distance.largest,
            "mean": distance.mean,
            "at": dict(zip(one.state_names, distance.at.tolist(), strict=True)),
        }
        for name, distance in distances(one.policy, other.policy, seed).items()
    }
