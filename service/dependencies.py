"""What the routes work with: made once by the application's lifespan, reached through the request."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from service.admission import Admission
from service.allowance import Allowance
from service.caller import caller_of
from service.evaluation import Evaluator
from service.following import Followers
from service.gate import Gate
from service.identity import solution_id_of
from service.metrics import RequestMetrics, ServiceCollector
from service.models import ModelLibrary
from service.notifications import JobNews
from service.policies import PolicyCache
from service.settings import ServiceSettings
from service.uses import Uses
from worker.artifacts import ArtifactStore
from worker.exports import ExportStore
from worker.jobs import JobStore
from worker.presence import PresenceStore
from worker.simulations import ResultStore, SimulationStore
from worker.submission import Submission
from worker.tenant import OPERATOR, Tenant


@dataclass(frozen=True)
class Services:
    """The parts that every request shares."""

    settings: ServiceSettings
    admission: Admission
    jobs: JobStore
    simulations: SimulationStore
    results: ResultStore
    submission: Submission
    presence: PresenceStore
    uses: Uses
    news: JobNews
    followers: Followers
    models: ModelLibrary
    policies: PolicyCache
    exports: ExportStore
    artifacts: ArtifactStore
    requests: RequestMetrics
    collector: ServiceCollector
    reading: Gate
    batches: Gate
    drawing: Gate
    held: Allowance

    def seen_by(self, tenant: Tenant) -> Services:
        """The same with jobs and models as ``tenant`` sees them; whatever else is asked of one is asked after these."""
        return replace(
            self,
            jobs=self.jobs.seen_by(tenant),
            simulations=self.simulations.seen_by(tenant),
            submission=self.submission.seen_by(tenant),
            models=self.models.seen_by(tenant),
        )


def services_of(request: Request) -> Services:
    """The services of the application that serves ``request``, as its caller sees them."""
    services: Services = request.app.state.services
    tenant = caller_of(request).tenant
    return services if tenant is OPERATOR else services.seen_by(tenant)


async def evaluator_of(request: Request) -> Evaluator:
    """The policy of the solution in the request's path.

    Raises:
        JobNotFoundError: there is no such solution, or it is not the caller's.
        UnsolvedError: it has no policy (yet).
        StoreUnavailableError: the store does not answer.
    """
    solution_id, services = solution_id_of(request), services_of(request)
    if not caller_of(request).tenant.sees_all:
        await run_in_threadpool(services.jobs.require, solution_id)
    return services.policies.kept(solution_id) or await services.policies.load(solution_id)
