"""Messages on their way to a real receiver: signed, retried, given up."""

import asyncio
import base64
import json
import socket
import threading
import time
from contextlib import suppress

import pytest
import standardwebhooks
from structlog.testing import capture_logs

from worker.courier import SCHEDULE_S, Courier, describe
from worker.jobs import JobStore
from worker.outbox import Message, Outbox
from worker.store import OUTBOX, connect
from worker.tally import read_tally
from worker.webhook_settings import CourierSettings

SECRET, OLD_SECRET = (f"whsec_{base64.b64encode(bytes([byte]) * 32).decode()}" for byte in (1, 2))
NAME = "hooks.example.org"


def make_due(client):
    for message in client.zrange(OUTBOX, 0, -1):
        client.zadd(OUTBOX, {message: 1.0})


def test_a_message_is_what_standard_webhooks_says(client, receiver, make_courier, outbox, post, send_one):
    job_id = post(f"http://127.0.0.1:{receiver.port}/hook?token=a%20b")
    message = send_one(make_courier(f"127.0.0.1:{receiver.port}"), outbox)
    ((path, headers, body),) = receiver.received
    assert path == "/hook?token=a%20b"
    assert headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert headers["Content-Type"] == "application/json"
    assert headers["webhook-id"] == message.id
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 30
    signed = {name.lower(): value for name, value in headers.items()}
    told = standardwebhooks.Webhook(SECRET).verify(body, signed)
    assert told == {
        "type": "solution.cancelled",
        "timestamp": message.at,
        "data": {"id": job_id, "status": "cancelled", "links": {"self": f"/v1/solutions/{job_id}"}},
    }
    for other in (
        {**signed, "webhook-id": "other"},
        {**signed, "webhook-timestamp": str(int(signed["webhook-timestamp"]) - 1)},
    ):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(SECRET).verify(body, other)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SECRET).verify(body + b" ", signed)
    assert outbox.count() == 0
    assert read_tally(client).webhooks == {"delivered": 1}


def test_a_success_tells_where_the_policy_is():
    told = json.loads(describe(Message("msg", "https://a/", "5" * 32, "succeeded", "now", 1)))
    assert told["type"] == "solution.succeeded"
    assert told["data"]["links"]["policy"] == f"/v1/solutions/{'5' * 32}/policy"


def test_it_is_signed_by_every_secret_while_one_replaces_another(
    receiver, make_courier, outbox, post, send_one
):
    post(f"http://127.0.0.1:{receiver.port}/")
    send_one(make_courier(f"127.0.0.1:{receiver.port}", secret=f"{SECRET} {OLD_SECRET}"), outbox)
    ((_, headers, body),) = receiver.received
    for secret in (SECRET, OLD_SECRET):
        assert standardwebhooks.Webhook(secret).verify(
            body, {key.lower(): value for key, value in headers.items()}
        )


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 400, 404, 429, 500, 503])
def test_what_is_not_taken_is_sent_again_the_same_and_no_redirect_is_followed(
    client, receiver, make_courier, outbox, post, status, send_one
):
    courier = make_courier(f"127.0.0.1:{receiver.port}")
    receiver.answers.append(status)
    post(f"http://127.0.0.1:{receiver.port}/hook")
    began_s = time.time()
    message = send_one(courier, outbox)
    assert len(receiver.received) == 1
    due_s = client.zscore(OUTBOX, message.id)
    assert SCHEDULE_S[0] - 1 <= due_s - began_s <= 1.1 * SCHEDULE_S[0] + 2
    make_due(client)
    send_one(courier, outbox)
    (path, first, body), (again, second, same) = receiver.received
    assert (path, body, first["webhook-id"]) == (again, same, second["webhook-id"])
    assert outbox.count() == 0
    assert read_tally(client).webhooks == {"failed": 1, "delivered": 1}


def test_after_the_last_attempt_it_is_given_up(client, receiver, make_courier, outbox, post, send_one):
    courier = make_courier(f"127.0.0.1:{receiver.port}", schedule_s=(5, 300))
    receiver.answers += [500] * 9
    post(f"http://127.0.0.1:{receiver.port}/hook?token=secret")
    with capture_logs() as logs:
        for _ in range(3):
            assert outbox.count() == 1
            send_one(courier, outbox)
            make_due(client)
    assert outbox.claim(60) is None and outbox.count() == 0
    assert len(receiver.received) == 3
    assert read_tally(client).webhooks == {"failed": 2, "given_up": 1}
    assert [log["event"] for log in logs] == ["webhook not delivered"] * 2 + ["webhook given up"]
    assert "answered 500" in logs[-1]["reason"]
    assert "secret" not in str(logs)


def test_a_receiver_that_is_gone_is_not_asked_again(receiver, make_courier, outbox, post, send_one):
    receiver.answers.append(410)
    post(f"http://127.0.0.1:{receiver.port}/")
    send_one(make_courier(f"127.0.0.1:{receiver.port}"), outbox)
    assert outbox.count() == 0


def test_who_does_not_answer_in_time_has_failed(client, receiver, make_courier, outbox, post, send_one):
    receiver.holds.clear()
    post(f"http://127.0.0.1:{receiver.port}/")
    with capture_logs() as logs:
        send_one(make_courier(f"127.0.0.1:{receiver.port}", timeout_s=0.2), outbox)
    assert "no answer within 0.2 s" in logs[-1]["reason"]
    assert outbox.count() == 1


def test_who_answers_byte_by_byte_has_no_longer(make_courier, outbox, post, send_one):
    with socket.create_server(("127.0.0.1", 0)) as server:
        is_over = threading.Event()

        def drip():
            connection, _ = server.accept()
            with connection:
                while not is_over.wait(0.05):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        threading.Thread(target=drip, daemon=True).start()
        post(f"http://127.0.0.1:{server.getsockname()[1]}/")
        began_s = time.monotonic()
        with capture_logs() as logs:
            send_one(make_courier(f"127.0.0.1:{server.getsockname()[1]}", timeout_s=0.5), outbox)
        is_over.set()
    assert logs[-1]["event"] == "webhook not delivered"
    assert time.monotonic() - began_s < 10


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\xff\xfe" * 100,
        b"HTTP/1.1 999999 Strange\r\n\r\n",
        b"HTTP/1.1 -1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: \xff=\xff; Domain=.\xff\r\nContent-Encoding: br\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 1_000_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
)
def test_an_answer_that_is_none_is_a_failure_and_does_no_harm(make_courier, outbox, post, answer, refusal):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reply():
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(65_536)
                connection.sendall(answer)

        threading.Thread(target=reply, daemon=True).start()
        post(f"http://127.0.0.1:{server.getsockname()[1]}/")
        assert refusal(make_courier(f"127.0.0.1:{server.getsockname()[1]}", timeout_s=5), outbox)


def test_an_endless_answer_is_not_read(make_courier, outbox, post, send_one):
    with socket.create_server(("127.0.0.1", 0)) as server:
        sent = []

        def pour():
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
                try:
                    while len(sent) < 10_000:
                        connection.sendall(b"a" * 65_536)
                        sent.append(65_536)
                except OSError:
                    return

        pouring = threading.Thread(target=pour, daemon=True)
        pouring.start()
        post(f"http://127.0.0.1:{server.getsockname()[1]}/")
        send_one(make_courier(f"127.0.0.1:{server.getsockname()[1]}"), outbox)
        pouring.join(20)
    assert not pouring.is_alive()
    assert len(sent) < 10_000
    assert outbox.count() == 0


def test_one_that_hangs_does_not_hold_up_the_others(make_receiver, make_courier, outbox, post):
    slow, quick = make_receiver(), make_receiver()
    slow.holds.clear()
    post(f"http://127.0.0.1:{slow.port}/")
    is_stopping = threading.Event()
    courier = make_courier(f"127.0.0.1:{slow.port}, 127.0.0.1:{quick.port}")
    running = threading.Thread(target=asyncio.run, args=(courier.run(is_stopping),), daemon=True)
    running.start()
    slow.wait_for(1)
    for seed in range(1, 20):
        post(f"http://127.0.0.1:{quick.port}/", seed)
    quick.wait_for(19)
    is_stopping.set()
    slow.holds.set()
    running.join(20)
    assert not running.is_alive()
    assert outbox.count() == 0  # what was under way was finished


def test_a_courier_outlives_a_store_that_is_away(private_store, receiver, make_job):
    settings = CourierSettings(
        webhook_hosts=f"127.0.0.1:{receiver.port}", webhook_private=True, webhook_secret=SECRET
    )
    with connect(private_store.url) as client:
        is_stopping = threading.Event()
        job_id = JobStore(client).create(make_job(), webhook=f"http://127.0.0.1:{receiver.port}/")[0].id
        private_store.kill()
        courier = Courier(Outbox(client), settings)
        running = threading.Thread(target=asyncio.run, args=(courier.run(is_stopping),), daemon=True)
        with capture_logs() as logs:
            running.start()
            while not any(log["event"] == "outbox not read" for log in logs):
                assert running.is_alive()
        private_store.start()
        JobStore(client).cancel(job_id)
        receiver.wait_for(1)
        is_stopping.set()
        running.join(20)
        assert Outbox(client).count() == 0
