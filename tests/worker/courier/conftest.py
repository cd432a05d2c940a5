"""Couriers on a real store, and real receivers."""

import asyncio
import base64
import socket

import pytest
from structlog.testing import capture_logs

from worker.courier import Courier
from worker.jobs import JobStore
from worker.outbox import Outbox
from worker.webhook_settings import CourierSettings

SECRET = f"whsec_{base64.b64encode(bytes([1]) * 32).decode()}"


@pytest.fixture
def outbox(client):
    return Outbox(client)


@pytest.fixture
def receiver(make_receiver):
    return make_receiver()


@pytest.fixture
def resolve(monkeypatch):
    """Makes names lead to addresses: ``resolve(name, *addresses)``; returns the names that were asked for."""
    known, asked, real = {}, [], socket.getaddrinfo

    def getaddrinfo(host, port, *rest, **options):
        asked.append(host)
        addresses = known.get(host)
        if addresses is None:
            return real(host, port, *rest, **options)
        return [found for address in addresses for found in real(address, port, *rest, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    def resolve(name, *addresses):
        known[name] = addresses
        return asked

    return resolve


@pytest.fixture
def make_courier(outbox):
    """Makes couriers that may call this machine, unless told otherwise."""

    def make(hosts, private=True, secret=SECRET, **options):
        settings = CourierSettings(webhook_hosts=hosts, webhook_private=private, webhook_secret=secret)
        return Courier(outbox, settings, **options)

    return make


@pytest.fixture
def post(client, make_job):
    """Ends a job of which a URL is to be told; returns the job's id."""
    jobs = JobStore(client)

    def post(url, seed=0):
        job_id = jobs.create(make_job(seed), webhook=url)[0].id
        jobs.cancel(job_id)
        return job_id

    return post


@pytest.fixture
def send_one():
    """Makes one attempt at the message that is due: ``send_one(courier, outbox)``."""

    def send(courier, outbox):
        message = outbox.claim(60)
        asyncio.run(courier.send(message))
        return message

    return send


@pytest.fixture
def refusal(send_one):
    """Why the message that is due is not sent: ``refusal(courier, outbox)``."""

    def send(courier, outbox):
        with capture_logs() as logs:
            send_one(courier, outbox)
        assert outbox.count() == 1
        assert logs[-1]["event"] == "webhook not delivered"
        return logs[-1]["reason"]

    return send
