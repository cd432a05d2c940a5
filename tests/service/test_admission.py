"""The turn from open to closed, with answers of the store that come in another order than they were asked for."""

import asyncio
import threading

import pytest

from service.admission import Admission
from service.caller import ANYBODY
from service.errors import UnauthenticatedError
from worker.keys import KeyLimits, KeyStore, Scope


class SlowStore(KeyStore):
    """A store whose first answer comes late."""

    def __init__(self, client):
        super().__init__(client)
        self.has_answered, self.may_tell = threading.Event(), threading.Event()

    def is_any(self):
        found = super().is_any()
        if not self.has_answered.is_set():
            self.has_answered.set()
            assert self.may_tell.wait(20)
        return found


def test_an_answer_that_comes_late_does_not_open_what_is_closed(client):
    keys = SlowStore(client)
    admission = Admission(keys, is_required=False)

    async def race():
        early = asyncio.create_task(admission.admit([]))
        assert await asyncio.to_thread(keys.has_answered.wait, 20)
        keys.create("ada", [Scope.READ], None, KeyLimits())
        with pytest.raises(UnauthenticatedError):
            await admission.admit([])
        keys.may_tell.set()
        with pytest.raises(UnauthenticatedError):
            await early
        with pytest.raises(UnauthenticatedError):
            await admission.admit([])

    asyncio.run(race())


def test_many_requests_at_once_take_from_the_bucket_once(client):
    keys = KeyStore(client)
    _, shown = keys.create("ada", [Scope.READ], None, KeyLimits(rate=6000))
    admission = Admission(keys, is_required=False)

    async def burst():
        asked = [admission.admit([f"Bearer {shown}"]) for _ in range(50)]
        return await asyncio.gather(*asked)

    callers = asyncio.run(burst())
    assert ANYBODY not in callers and len(callers) == 50
    taken = 0
    while keys.take(callers[0].key).count == 100:
        taken += 100
    assert taken >= 5900  # more where it has filled up meanwhile
