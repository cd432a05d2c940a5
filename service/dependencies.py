"""What the routes work with: made once by the application's lifespan, reached through the request."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from service.allowance import Allowance
from service.following import Followers
from service.gate import Gate
from service.metrics import RequestMetrics, ServiceCollector
from service.models import ModelLibrary
from service.notifications import JobNews
from service.policies import PolicyCache
from service.settings import ServiceSettings
from worker.artifacts import ArtifactStore
from worker.exports import ExportStore
from worker.jobs import JobStore
from worker.presence import PresenceStore
from worker.submission import Submission


@dataclass(frozen=True)
class Services:
    """The parts that every request shares."""

    settings: ServiceSettings
    jobs: JobStore
    submission: Submission
    presence: PresenceStore
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


def services_of(request: Request) -> Services:
    """The services of the application that serves ``request``."""
    services: Services = request.app.state.services
    return services
