"""``/healthz`` and ``/readyz``: for probes; ``/metrics``: for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from service.dependencies import Services, services_of
from service.encoding import JsonResponse
from service.metrics import exposition
from service.openapi import operation
from service.query import Query, read_query
from service.schemas.examples import METRICS
from service.schemas.operations import Health, Readiness
from worker.contract import JobStatus
from worker.keys import Scope

router = APIRouter(tags=["Operations"])


@router.get("/healthz", **operation("healthz", "Is the process alive?", Health, errors=(422,), scope=None))
async def healthz(request: Request) -> Response:
    """Answers as long as the event loop turns; asks nothing of the store."""
    read_query(request, Query)
    return JsonResponse({"status": "ok"})


@router.get(
    "/readyz", **operation("readyz", "Would a request be served?", Readiness, errors=(422, 503), scope=None)
)
async def readyz(request: Request) -> Response:
    """Answers 200 when the store does; the workers and the depth of the queue are information only."""
    read_query(request, Query)
    return JsonResponse(await run_in_threadpool(_readiness, services_of(request)))


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    **operation(
        "metrics",
        "Figures for Prometheus",
        None,
        errors=(422, 503),
        scope=Scope.ADMIN,
        content={"text/plain": {"schema": {"type": "string"}, "example": METRICS}},
    ),
)
async def metrics(request: Request) -> Response:
    """Requests of this process; jobs, solves, certificates, workers and memory of the whole service."""
    read_query(request, Query)
    services = services_of(request)
    content = await run_in_threadpool(exposition, services.requests.registry, services.collector)
    return Response(content, media_type=CONTENT_TYPE_LATEST)


def _readiness(services: Services) -> dict[str, object]:
    services.jobs.ping()
    return {
        "status": "ready",
        "workers": services.presence.count(),
        "queued": _count(services, JobStatus.QUEUED),
        "running": _count(services, JobStatus.RUNNING),
    }


def _count(services: Services, status: JobStatus) -> int:
    """Jobs of all kinds."""
    return services.jobs.count(status) + services.simulations.count(status)
