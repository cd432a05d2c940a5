"""Whoever is answered about a solution uses it; the store is told now and then, in one write."""

import asyncio

import pytest

from service.uses import MOST, Uses
from worker.store import USED, connect
from worker.usage import UsageStore

STATE = {"a": 0.0, "k": 4.2}
READS = ["", "/policy", "/certificate", "/artifact", "/record", "/events", "/moments", "/steady-state"]


@pytest.fixture
def used_since(api, client, solved):
    """Whether the solution was used, as the store knows after it was told, by what a test did since."""

    def used_since(act):
        api.portal.call(api.app.state.services.uses.tell)
        client.zadd(USED, {solved: 1.0})
        act()
        api.portal.call(api.app.state.services.uses.tell)
        return client.zscore(USED, solved) > 1.0

    return used_since


@pytest.mark.parametrize("route", READS)
def test_every_read_is_a_use(api, solved, used_since, route):
    params = STATE if route == "/policy" else {}
    path = f"/v1/solutions/{solved}{route}"
    assert used_since(lambda: api.get(path, params=params).raise_for_status())
    assert used_since(lambda: api.head(path, params=params).raise_for_status())


def test_what_is_answered_from_memory_or_not_sent_again_is_used(api, solved, used_since):
    path = f"/v1/solutions/{solved}/policy"
    tag = api.get(path, params=STATE).headers["etag"]
    assert used_since(lambda: api.get(path, params=STATE))
    again = {"If-None-Match": tag}
    assert api.get(path, params=STATE, headers=again).status_code == 304
    assert used_since(lambda: api.get(path, params=STATE, headers=again))
    assert used_since(lambda: api.get(f"/v2/models/{solved}/ready"))


def test_the_same_request_again_is_a_use(api, used_since):
    assert used_since(lambda: api.post("/v1/solutions", json={"model": "neoclassical"}))


def test_a_refusal_a_listing_and_another_solution_are_none(api, solved, used_since):
    assert not used_since(lambda: api.get(f"/v1/solutions/{solved}/policy", params={"a": "nan"}))
    assert not used_since(lambda: api.get("/v1/solutions"))
    assert not used_since(lambda: api.post("/v1/solutions", json={"model": "neoclassical", "seed": 1}))


def test_reads_write_nothing_and_are_told_in_one_write(api, client, solved, finisher):
    other = api.post("/v1/solutions", json={"model": "neoclassical", "seed": 1}).json()["id"]
    finisher.succeed(other)
    api.portal.call(api.app.state.services.uses.tell)
    calls = writes(client)
    for _ in range(20):
        for solution_id in (solved, other):
            api.get(f"/v1/solutions/{solution_id}/policy", params=STATE).raise_for_status()
    assert writes(client) == calls
    api.portal.call(api.app.state.services.uses.tell)
    api.portal.call(api.app.state.services.uses.tell)
    assert writes(client) == calls + 1


def writes(client):
    """How often the store was told of uses."""
    return client.info("commandstats").get("cmdstat_zadd", {"calls": 0})["calls"]


def test_what_was_not_told_yet_is_told_at_the_end(make_api, client, finisher):
    with make_api() as api:
        solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        finisher.succeed(solution_id)
        client.zadd(USED, {solution_id: 1.0})
        api.get(f"/v1/solutions/{solution_id}").raise_for_status()
        assert client.zscore(USED, solution_id) == 1.0
    assert client.zscore(USED, solution_id) > 1.0


def test_it_is_told_again_and_again(client):
    client.zadd(USED, {"one": 1.0, "other": 1.0})

    async def note_both():
        uses = Uses(UsageStore(client), tell_s=0.01)
        async with uses.telling():
            for job_id in ("one", "other"):
                uses.note(job_id)
                while client.zscore(USED, job_id) == 1.0:
                    await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(note_both(), 20))


def test_a_store_that_is_full_or_away_is_told_later(private_store):
    async def tell():
        with connect(private_store.url) as client:
            uses = Uses(UsageStore(client))
            client.zadd(USED, {"one": 1.0})
            uses.note("one")
            client.config_set("maxmemory", 1)
            await uses.tell()
            client.config_set("maxmemory", 0)
            assert client.zscore(USED, "one") == 1.0
            private_store.kill()
            await uses.tell()
            private_store.start()
            await uses.tell()
            assert client.zscore(USED, "one") > 1.0

    asyncio.run(tell())


def test_what_is_remembered_is_bounded(client):
    client.zadd(USED, {str(number): 1.0 for number in range(MOST + 2)})

    async def tell():
        uses = Uses(UsageStore(client))
        for number in range(MOST + 2):
            uses.note(str(number))
        await uses.tell()

    asyncio.run(tell())
    assert client.zcount(USED, 1.0, 1.0) == 2
