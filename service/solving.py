"""Asking for a job and waiting for it, as more than one call does."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

from service.dependencies import Services
from service.notifications import REREAD_S
from worker.contract import Job, JobRecord
from worker.errors import JobNotFoundError, StoreUnavailableError


async def submit_and_wait(
    services: Services, job: Job, trace: str, deadline: float, webhook: str = ""
) -> JobRecord:
    """The record of a job once it is over, or as it is at ``deadline`` (monotonic seconds) or when the server goes down.

    A new job is put on the queue; one that is there already is found. ``webhook`` is the URL to be told as well, if any.

    Raises:
        QueueFullError: it is new, and as many jobs are waiting as may wait.
        WebhooksFullError: as many webhooks are asked for of it as may be.
        JobNotFoundError: it was deleted meanwhile.
        StoreUnavailableError: the store does not answer.
    """
    with services.news.waiting(job.id) as news:
        record = await run_in_threadpool(_submit, services, job, trace, webhook)
        services.uses.note(job.id)
        return await until_over(services, record, news, deadline)


async def until_over(
    services: Services, record: JobRecord, news: asyncio.Event, deadline: float
) -> JobRecord:
    """The record once the job is over, or as it is at ``deadline`` (monotonic seconds) or when the server goes down."""
    while (
        not (record.status.is_terminal or services.news.is_closing)
        and (left_s := deadline - time.monotonic()) > 0
    ):
        with suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), min(left_s, REREAD_S))
        news.clear()
        record = await run_in_threadpool(services.jobs.record, record.id)
    return record


def _submit(services: Services, job: Job, trace: str, webhook: str) -> JobRecord:
    try:
        return services.submission.submit(job, trace, webhook)[0]
    except StoreUnavailableError as failure:
        # The record is the promise: once it is there the reconciler puts the job on the queue.
        if webhook and not services.jobs.has_webhook(job.id, webhook):
            raise
        try:
            return services.jobs.record(job.id)
        except JobNotFoundError:
            raise failure from None
