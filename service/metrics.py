"""What an operator watches, in the Prometheus format.

Requests are counted by this process, each by its route and never by its path: anybody may ask for any path. Everything
about jobs is read from the store when it is asked for, so that every process of the API tells the same.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping

import redis
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.methods import METHODS
from service.policies import PolicyCache
from worker.contract import JobStatus
from worker.jobs import JobStore
from worker.outbox import Outbox
from worker.presence import PresenceStore
from worker.simulations import SimulationStore
from worker.store import store_errors
from worker.tally import read_tally
from worker.usage import UsageStore

_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)
_UNMATCHED, _OTHER = "(none)", "(other)"
_WAIT = re.compile(rb"(?:^|&)wait=")


class RequestMetrics:
    """Counts requests, and how long they took, by method, route and status.

    Attributes:
        registry: where the figures are; one for each application.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._count = Counter("saddlepath_requests", "Requests.", labels, registry=self.registry)
        self._seconds = Histogram(
            "saddlepath_request_seconds",
            "Seconds to the first byte of an answer, but of requests that ask to be held.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        """One answer has begun."""
        method = scope["method"] if scope["method"] in METHODS else _OTHER
        route = getattr(scope.get("route"), "path", _UNMATCHED)
        self._count.labels(method, route, str(status)).inc()
        if not _is_held(scope):
            self._seconds.labels(method, route).observe(seconds)


def _is_held(scope: Scope) -> bool:
    """Whether a request asks to wait for a solution."""
    prefers_wait = any(name == b"prefer" and b"wait" in value for name, value in scope["headers"])
    return prefers_wait or _WAIT.search(scope["query_string"]) is not None


class CountRequests:
    """Tells :class:`RequestMetrics` of every answer."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = time.perf_counter()

        async def send_noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.note(scope, message["status"], time.perf_counter() - began_s)
            await send(message)

        await self._app(scope, receive, send_noting)


class ServiceCollector:
    """The jobs, the workers, the store and the policies in memory, as they are when asked for."""

    def __init__(
        self,
        client: redis.Redis,
        jobs: JobStore,
        simulations: SimulationStore,
        presence: PresenceStore,
        policies: PolicyCache,
    ) -> None:
        self._client = client
        self._jobs = jobs
        self._simulations = simulations
        self._presence = presence
        self._policies = policies

    def collect(self) -> Iterator[Metric]:
        """Every figure.

        Raises:
            StoreUnavailableError: the store does not answer.
        """
        yield from self._of_jobs()
        yield from self._of_the_store()
        asked = CounterMetricFamily(
            "saddlepath_policy_cache", "Policies asked for, by where they were.", labels=["where"]
        )
        asked.add_metric(["memory"], self._policies.hits)
        asked.add_metric(["store"], self._policies.misses)
        yield asked

    def _of_jobs(self) -> Iterator[Metric]:
        yield _gauge("saddlepath_jobs", "Solutions, by status.", self._jobs)
        yield _gauge("saddlepath_simulation_jobs", "Simulations that are jobs, by status.", self._simulations)
        tally = read_tally(self._client)
        for noun, ended, seconds in (
            ("solve", tally.ended, tally.seconds),
            ("simulation", tally.simulated, tally.simulated_seconds),
        ):
            what = "Jobs that ended." if noun == "solve" else "Simulations that ended."
            yield _by_model(f"saddlepath_{noun}s", what, ended)
            yield _by_model(f"saddlepath_{noun}_seconds", "Seconds that their last attempts took.", seconds)
        yield _counter("saddlepath_certificates", "Certificates.", "verdict", tally.verdicts)
        yield _counter("saddlepath_deleted", "Solutions that were deleted, by why.", "reason", tally.deleted)
        yield _counter(
            "saddlepath_deleted_simulations",
            "Simulations that were deleted, by why.",
            "reason",
            tally.deleted_simulations,
        )
        yield _counter(
            "saddlepath_webhooks",
            "Attempts to send a message to a webhook, by what came of them.",
            "outcome",
            tally.webhooks,
        )
        yield GaugeMetricFamily(
            "saddlepath_webhooks_waiting", "Messages not delivered yet.", Outbox(self._client).count()
        )

    def _of_the_store(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "saddlepath_workers", "Workers that gave a sign of life lately.", self._presence.count()
        )
        yield GaugeMetricFamily(
            "saddlepath_kept_bytes",
            "Memory of the store that solutions and simulations which are over take.",
            UsageStore(self._client).kept_bytes(),
        )
        with store_errors():
            memory = self._client.info("memory")
        yield GaugeMetricFamily(
            "saddlepath_store_memory_bytes", "Memory of the store.", memory["used_memory"]
        )
        yield GaugeMetricFamily(
            "saddlepath_store_memory_limit_bytes",
            "What it may use at most; 0 for no limit.",
            memory["maxmemory"],
        )


def _gauge(name: str, meaning: str, store: JobStore | SimulationStore) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=["status"])
    for status in JobStatus:
        family.add_metric([status.value], store.count(status))
    return family


def _by_model(name: str, meaning: str, sums: Mapping[tuple[str, str], float]) -> Metric:
    family = CounterMetricFamily(name, meaning, labels=["status", "model"])
    for label, value in sorted(sums.items()):
        family.add_metric(label, value)
    return family


def _counter(name: str, meaning: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, meaning, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def exposition(requests: CollectorRegistry, service: ServiceCollector) -> bytes:
    """All figures in the text format."""
    everything = CollectorRegistry()
    everything.register(service)
    return generate_latest(requests) + generate_latest(everything)
