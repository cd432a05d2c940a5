"""Asking for a job and waiting for it, as more than one call does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

from service.dependencies import Services
from service.notifications import REREAD_S
from worker.contract import Job, JobRecord
from worker.errors import JobNotFoundError, StoreUnavailableError
from worker.job_lives import RecordT


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
        return await until_over(services, record, news, deadline, services.jobs.record)


async def until_over(
    services: Services,
    record: RecordT,
    news: asyncio.Event,
    deadline: float,
    look: Callable[[str], RecordT],
) -> RecordT:
    """The record once the job is over, or as it is at ``deadline`` (monotonic seconds) or when the server goes down.

    Args:
        services: of the application.
        record: as it is now.
        news: see :meth:`JobNews.waiting`.
        deadline: monotonic seconds.
        look: reads the record; blocks.
    """
    while (
        not (record.status.is_terminal or services.news.is_closing)
        and (left_s := deadline - time.monotonic()) > 0
    ):
        with suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), min(left_s, REREAD_S))
        news.clear()
        record = await run_in_threadpool(look, record.id)
    return record


def acknowledged(submit: Callable[[], RecordT], look: Callable[[], RecordT]) -> RecordT:
    """The record of a job that is submitted, if need be as it is found. Blocks.

    Args:
        submit: writes the record, then puts the job on the queue.
        look: reads the record.

    Raises:
        StoreUnavailableError: the record is not there.
    """
    try:
        return submit()
    except StoreUnavailableError as failure:
        # The record is the promise: once it is there the reconciler puts the job on the queue.
        try:
            return look()
        except JobNotFoundError:
            raise failure from None


def _submit(services: Services, job: Job, trace: str, webhook: str) -> JobRecord:
    def look() -> JobRecord:
        if webhook and not services.jobs.has_webhook(job.id, webhook):
            raise JobNotFoundError(job.id)  # as it was asked for
        return services.jobs.record(job.id)

    return acknowledged(lambda: services.submission.submit(job, trace, webhook)[0], look)
