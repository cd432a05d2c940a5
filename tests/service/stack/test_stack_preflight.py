"""Each check names the cause and the remedy in one line, and holds what it has checked."""

import os
import socket
import threading
from contextlib import suppress

import pytest

from service.stack.errors import StackError
from service.stack.preflight import is_loopback, listen, lock_directory, require_broker


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_loopback_address_is_one(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", "", "127.0.0.1.example.org"])
def test_any_other_is_none(host):
    assert not is_loopback(host)


def test_a_data_directory_is_made_and_locked(tmp_path):
    data = tmp_path / "new" / "data"
    in_use = rf"in use by another .*process {os.getpid()}\): .*--data"
    with lock_directory(data), pytest.raises(StackError, match=in_use):
        lock_directory(data)
    lock_directory(data).close()


def test_a_data_directory_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"cannot write to the data directory .*--data"):
        lock_directory(tmp_path / "file" / "data")


def test_a_port_in_use_is_refused():
    with listen("127.0.0.1", 0) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(StackError, match=rf"cannot listen on 127\.0\.0\.1:{port} .*in use.*--port"):
            listen("127.0.0.1", port)


def test_the_socket_takes_connections_at_once():
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        pass


def test_a_broker_that_does_not_answer_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(StackError, match="no store answers at the --redis-url"):
        require_broker(f"redis://127.0.0.1:{port}/0")


def test_a_broker_that_accepts_and_stays_silent_is_refused():
    refused = pytest.raises(StackError, match="no store answers at the --redis-url")
    with socket.create_server(("127.0.0.1", 0)) as silent, refused:
        require_broker(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")


@pytest.fixture
def old_store():
    """The port of what answers as a Redis of version 6 would."""
    version = b"redis_version:6.2.14\r\n"
    told = b"$%d\r\n%s\r\n" % (len(version), version)

    def answer(connection):
        with connection, connection.makefile("rb") as commands:
            while line := commands.readline():
                words = [commands.read(int(commands.readline()[1:]) + 2)[:-2] for _ in range(int(line[1:]))]
                known = {b"INFO": told, b"HELLO": b"%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n"}
                connection.sendall(known.get(words[0].upper(), b"+OK\r\n"))

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with suppress(OSError):
                while True:
                    answer(server.accept()[0])

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def test_an_older_store_is_refused(old_store):
    with pytest.raises(StackError, match=r"version 6\.2\.14.*take Redis 7 or later"):
        require_broker(f"redis://127.0.0.1:{old_store}/0")


def test_a_store_of_today_is_taken(store_url):
    require_broker(store_url)


@pytest.mark.parametrize("url", ["127.0.0.1:6379", "http://127.0.0.1:6379", "redis://127.0.0.1:port/0", ""])
def test_a_url_that_is_not_one_of_a_store_is_refused(url):
    with pytest.raises(StackError, match="no store answers at the --redis-url"):
        require_broker(url)


def test_the_listener_knows_that_it_speaks_tcp():
    """The event loop switches Nagle's algorithm off only for sockets that do."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
