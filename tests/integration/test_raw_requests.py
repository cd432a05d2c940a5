"""What no client library would send, over a socket, to the real server: it is refused, and everybody else is served."""

import gzip
import json
import random
import select
import socket
import time
import urllib.request
from urllib.parse import urlsplit

import pytest

TIMEOUT_S = 20.0
SLOW = 300
ID = "0" * 32
BODY = b'{"model": "neoclassical"}'
BOMB = gzip.compress(b" " * 50_000_000)


def connect(stack):
    address = urlsplit(stack.url)
    return socket.create_connection((address.hostname, address.port), TIMEOUT_S)


def exchange(stack, content, patience_s=1.0):
    """All that the server says to some bytes; where it waits for more, it is told that no more will come."""
    with connect(stack) as connection:
        answer, is_waiting = b"", True
        try:
            connection.sendall(content)
            while True:
                if is_waiting and not select.select([connection], [], [], patience_s)[0]:
                    is_waiting = False
                    connection.shutdown(socket.SHUT_WR)
                piece = connection.recv(65536)
                if not piece:
                    return answer
                answer += piece
        except OSError:  # it hung up in the middle
            return answer


def request(target=b"/healthz", method=b"GET", headers=(), body=b""):
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def post(body, *headers, target=b"/v1/solutions"):
    return request(target, b"POST", (b"Content-Type: application/json", *headers), body)


def sized(body, *headers, size=None):
    return post(body, b"Content-Length: %d" % (len(body) if size is None else size), *headers)


def statuses(answer):
    """The statuses of all answers; of none where the server hung up."""
    return [int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


def is_serving(stack):
    with urllib.request.urlopen(f"{stack.url}/healthz", timeout=TIMEOUT_S) as answer:
        return answer.status == 200


PATHS = [
    b"/../../../../etc/passwd",
    b"/v1/models/../../../../etc/passwd",
    b"/v1/models/..%2f..%2f..%2fetc%2fpasswd",
    b"/v1/models/%252e%252e%252fetc%252fpasswd",
    b"/v1/models/....//....//etc/passwd",
    b"/v1/models/..\\..\\etc\\passwd",
    b"/v1/models/file:%2f%2f%2fetc%2fpasswd",
    b"/v1/solutions/../models/neoclassical.yaml",
    b"/v1/models/neoclassical%00.yaml",
    b"/v1/models/neoclassical%0d%0aX-Injected:%20yes",
    b"/v1/solutions/%0d%0aX-Injected:%20yes/policy",
    b"/v1/solutions/" + b"f" * 30_000,
    b"/v1/models/" + b"%41" * 10_000,
    b"http://elsewhere.example/v1/models/none",
    b"//elsewhere.example/v1/models",
    b"*",
]


@pytest.mark.parametrize("target", PATHS, ids=lambda target: target[:40].decode())
def test_a_path_leads_nowhere_else(stack, target):
    answer = exchange(stack, request(target))
    (status,) = statuses(answer)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status in (400, 404, 414)
    assert b"root:" not in body
    assert b"x-injected" not in head.lower()


REQUESTS = {
    "a header of two lines": request(headers=[b"X-Request-ID: a\r\nX-Injected: yes"]),
    "a bare line feed": request(headers=[b"X-Request-ID: a\nX-Injected: yes"]),
    "a bare carriage return": request(headers=[b"X-Request-ID: a\rX-Injected: yes"]),
    "a folded header": request(headers=[b"X-Request-ID: a\r\n X-Injected: yes"]),
    "a null byte": request(headers=[b"X-Request-ID: a\x00b"]),
    "a header without a name": request(headers=[b": yes"]),
    "a space before the colon": request(headers=[b"X-Request-ID : a"]),
    "a long header": request(headers=[b"X-Request-ID: " + b"a" * 500_000]),
    "many headers": request(headers=[b"X-%d: a" % number for number in range(5_000)]),
    "an encoded line feed in an ETag": request(
        b"/v1/models", headers=[b'If-None-Match: "\xe2\x80\xa8%0d%0a"']
    ),
    "no end of the head": b"GET /healthz HTTP/1.1\r\nHost: x\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an unknown version": b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
    "two lengths": post(BODY, b"Content-Length: 3", b"Content-Length: %d" % len(BODY)),
    "a length and chunks": post(b"0\r\n\r\n", b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    "a negative length": sized(BODY, size=-1),
    "no number for a length": post(BODY, b"Content-Length: many"),
    "a length beyond the limit": sized(BODY, size=10**15),
    "a length of 400 digits": post(BODY, b"Content-Length: " + b"9" * 400),
    "less than the length": sized(BODY, size=len(BODY) + 10),
    "a chunk that is not one": post(b"zz\r\nnothing\r\n", b"Transfer-Encoding: chunked"),
    "a chunk that lies": post(b"ffffffff\r\n" + BODY, b"Transfer-Encoding: chunked"),
    "a bomb": sized(BOMB, b"Content-Encoding: gzip"),
    "a compressed body": sized(gzip.compress(BODY), b"Content-Encoding: gzip"),
}
READ = {
    "a header of two lines",
    "a bare line feed",
    "a folded header",
    "many headers",
    "an encoded line feed in an ETag",
    "an unknown version",
}
"""Which may be read as requests; nothing of them comes back."""
REFUSED = REQUESTS.keys() - READ


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_that_is_none_is_not_served(stack, name):
    answer = exchange(stack, REQUESTS[name])
    assert all(status < 500 for status in statuses(answer)), answer[:500]
    assert b"x-injected" not in answer.lower()
    if name in REFUSED:
        assert all(status >= 400 for status in statuses(answer)), answer[:500]
    assert is_serving(stack)


def mutated(generator):
    """A valid request with some bytes flipped, cut out, doubled or drawn."""
    targets = (b"/v1/models", b"/v1/solutions?limit=1", b"/v1/solutions/" + ID.encode() + b"/policy?a=0&k=4")
    valid = [request(target, headers=[b'If-None-Match: "a"', b"Accept: */*"]) for target in targets]
    content = bytearray(generator.choice([*valid, sized(b'{"model": "unknown"}')]))
    for _ in range(generator.randint(1, 5)):
        place, length = generator.randrange(len(content)), generator.randint(1, 8)
        content[place : place + length] = generator.choice(
            [
                b"",
                bytes([content[place] ^ 1 << generator.randrange(8)]),
                2 * content[place : place + length],
                generator.randbytes(length),
                b"\r\n",
            ]
        )
    return bytes(content)


@pytest.mark.parametrize("seed", range(2))
def test_mutated_requests_are_never_the_server_s_fault(stack, seed):
    generator, seen = random.Random(seed), set()
    for _ in range(100):
        content = mutated(generator)
        answered = statuses(exchange(stack, content, patience_s=0.1))
        assert all(status < 500 for status in answered), content
        seen.update(answered)
    assert {200, 400} <= seen
    assert is_serving(stack)


def test_slow_bodies_hold_up_nobody(stack):
    """As many as come, each with a byte now and then, take neither a thread nor a place in the queue."""
    connections = [connect(stack) for _ in range(SLOW)]
    try:
        for connection in connections:
            connection.sendall(sized(b"", size=len(BODY)))
        for number in range(len(BODY) - 1):
            for connection in connections[:: 1 if number == 0 else 50]:
                connection.sendall(BODY[number : number + 1])
            began_s = time.monotonic()
            assert is_serving(stack)
            assert statuses(exchange(stack, sized(b'{"model": "unknown"}'))) == [422]
            assert time.monotonic() - began_s < 10  # and not the patience of those that are slow
        connections[0].sendall(BODY[-1:])
        answer = b"".join(iter(lambda: connections[0].recv(65536), b""))
        assert statuses(answer)[0] in (200, 202)
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["model"]["name"] == "neoclassical"
    finally:
        for connection in connections:
            connection.close()
