"""The keys of a server, whether it runs or not: they lie in its store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from service.stack.embedded import embedded_store
from service.stack.errors import StackError
from service.stack.preflight import is_loopback, require_broker, require_format
from worker.keys import KeyStore
from worker.store import connect


@contextmanager
def keys_of(data: Path, redis_url: str | None, *, is_made: bool = False) -> Iterator[KeyStore]:
    """The keys in the embedded store of a data directory, or in a store that is there.

    Args:
        data: the data directory; of no account with ``redis_url``.
        redis_url: a store that is there.
        is_made: whether a data directory that is not there is made.

    Raises:
        StackError: there is no such store, or it does not answer.
    """
    with ExitStack() as until_done:
        if redis_url is not None:
            require_broker(redis_url)
            require_format(redis_url)
            url = redis_url
        else:
            url = until_done.enter_context(embedded_store(data, is_made=is_made))
        yield KeyStore(until_done.enter_context(connect(url)))


def require_keys(host: str, data: Path, redis_url: str | None) -> None:
    """Refuse an address that other machines can reach where no key was ever made: everyone there could run solves.

    Raises:
        StackError: it is one, and there is none.
    """
    if is_loopback(host):
        return
    if redis_url is not None or (data / "store").is_dir():
        with keys_of(data, redis_url) as keys:
            if keys.is_any():
                return
    raise StackError(
        f"--host {host} is not a loopback address and no keys are configured: make one with `saddlepath-server keys "
        "create`, or use --host 127.0.0.1"
    )
