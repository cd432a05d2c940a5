"""The application: a factory, so that importing this module does nothing and two applications share nothing.

Run by :func:`service.stack.api.serve`, which also ends the waits of clients when it is told to go down.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from service import problems
from service.admission import OPEN, Admission, AskForKeys
from service.allowance import Allowance
from service.dependencies import Services
from service.encoding import JsonResponse
from service.following import Followers
from service.gate import Gate
from service.last_answer import LastAnswer
from service.methods import HeadAsGet
from service.metrics import CountRequests, RequestMetrics, ServiceCollector
from service.models import ModelLibrary
from service.notifications import JobNews
from service.openapi import describe
from service.page import read_page
from service.policies import PolicyCache
from service.routes import (
    artifacts,
    batches,
    events,
    figures,
    inference,
    models,
    operations,
    page,
    policies,
    records,
    simulation_jobs,
    simulations,
    solutions,
)
from service.settings import ServiceSettings
from service.tracing import NameRequests
from service.uses import NoteUses, Uses
from service.version import VERSION
from worker.artifacts import ArtifactStore
from worker.celery_app import create_app as create_queue
from worker.events import EventLog
from worker.exports import ExportStore
from worker.jobs import JobStore
from worker.keys import KeyStore
from worker.models import ModelStore
from worker.presence import PresenceStore
from worker.settings import WorkerSettings
from worker.simulations import ResultStore, SimulationStore
from worker.store import connect
from worker.submission import Submission
from worker.usage import UsageStore


def create_app(settings: ServiceSettings | None = None) -> FastAPI:
    """The HTTP application.

    Args:
        settings: taken from the environment when left out.
    """
    settings = settings or ServiceSettings()
    requests = RequestMetrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with connect(settings.redis_url) as client:
            jobs = JobStore(client, settings.max_queued_jobs)
            simulated = SimulationStore(client, settings.max_queued_jobs)
            library = ModelLibrary(ModelStore(client, settings.max_models), size=settings.model_cache_size)
            artifact_store = ArtifactStore(client)
            kept = PolicyCache(
                library,
                jobs,
                artifact_store,
                size=settings.policy_cache_size,
                recheck_s=settings.policy_recheck_s,
            )
            presence = PresenceStore(client)
            news = JobNews(settings.redis_url, on_change=kept.drop)
            uses = Uses(UsageStore(client))
            queue = create_queue(WorkerSettings(redis_url=settings.redis_url))
            app.state.services = Services(
                settings,
                Admission(KeyStore(client), is_required=settings.require_keys),
                jobs,
                simulated,
                ResultStore(client),
                Submission(jobs, simulated, queue),
                presence,
                uses,
                news,
                Followers(EventLog(client), news, settings.max_event_streams),
                library,
                kept,
                ExportStore(client),
                artifact_store,
                requests,
                ServiceCollector(client, jobs, simulated, presence, kept),
                reading=Gate("requests", settings.max_waiting),
                batches=Gate("batches", settings.max_waiting_batches),
                drawing=Gate("figures", settings.max_waiting_figures, at_once=1),
                held=Allowance("batches", settings.max_held_batch_bytes),
            )
            async with news.listening(), uses.telling():
                yield
            queue.close()

    app = FastAPI(
        title="Saddlepath",
        version=VERSION,
        summary="Policy functions as a service: dynamic economic models solved by neural policies.",
        lifespan=lifespan,
        default_response_class=JsonResponse,
        redirect_slashes=False,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
    )
    app.state.page = read_page()
    # The busiest first: they are tried in order.
    for routes in (
        policies,
        batches,
        solutions,
        simulations,
        simulation_jobs,
        artifacts,
        figures,
        events,
        records,
        models,
        inference,
        operations,
        page,
    ):
        app.include_router(routes.router)
    app.add_middleware(AskForKeys, open_paths=OPEN | app.state.page.paths)
    app.add_middleware(LastAnswer)
    app.add_middleware(NoteUses)
    app.add_middleware(HeadAsGet)
    app.add_middleware(CountRequests, metrics=requests)
    app.add_middleware(NameRequests)
    problems.install(app)
    describe(app)
    return app
