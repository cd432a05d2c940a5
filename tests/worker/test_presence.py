import time

from worker.presence import PRESENT_S, WORKERS, Announcer, PresenceStore


def test_workers_that_announce_themselves_are_counted(client):
    presence = PresenceStore(client)
    assert presence.count() == 0
    presence.announce("one")
    presence.announce("two")
    presence.announce("one")
    assert presence.count() == 2


def test_a_silent_worker_is_gone(client):
    presence = PresenceStore(client)
    client.zadd(WORKERS, {"silent": time.time() - PRESENT_S - 1})
    assert presence.count() == 0
    presence.announce("other")
    assert client.zrange(WORKERS, 0, -1) == [b"other"]


def test_the_announcer_announces_until_it_is_stopped(client):
    presence = PresenceStore(client)
    announcer = Announcer(presence, "one")
    announcer.start()
    deadline = time.monotonic() + 10
    while presence.count() == 0:
        assert time.monotonic() < deadline
    announcer.stop()
    announcer.join(10)
    assert not announcer.is_alive()
