"""Keys in the store: what is kept of them, what opens and what does not."""

import pytest

from worker.errors import KeyNotFoundError
from worker.keys import Grant, KeyLimits, KeyStore, Scope

PAST, FUTURE = "2020-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"


@pytest.fixture
def keys(client):
    return KeyStore(client)


@pytest.fixture
def make_key(keys):
    def make(scopes=(Scope.READ,), expires_at=None, **limits):
        return keys.create("ada", scopes, expires_at, KeyLimits(**limits))

    return make


def test_a_key_is_found_by_what_a_client_shows(keys, make_key):
    assert not keys.is_any()
    key, shown = make_key(rate=7, waiting=8, seconds_a_day=9)
    assert keys.is_any()
    assert keys.identify(shown) == key
    assert keys.all() == [key]
    assert (key.name, key.limits.rate, key.limits.waiting, key.limits.seconds_a_day) == ("ada", 7, 8, 9)


def test_two_keys_differ_in_all(make_key):
    (one, first), (other, second) = make_key(), make_key()
    assert one.id != other.id and one.sha256 != other.sha256
    assert first.rsplit("_", 1)[1] != second.rsplit("_", 1)[1]


def test_no_key_can_be_taken_for_the_name_of_a_request(make_key):
    assert len(make_key()[1]) > 64


def test_the_store_never_learns_a_secret(client, keys, make_key):
    _, shown = make_key()
    secret = shown.rsplit("_", 1)[1]
    with client.monitor() as monitor:
        assert keys.identify(shown) is not None
        client.echo("end")
        commands = []
        while "end" not in (command := monitor.next_command()["command"]):
            commands.append(command)
    dumps = b"".join(client.dump(name) for name in client.scan_iter())
    assert commands
    assert secret not in " ".join(commands)
    assert secret.encode() not in dumps


@pytest.mark.parametrize(
    "change",
    [
        lambda shown: shown[:-1] + ("0" if shown[-1] != "0" else "1"),
        lambda shown: shown[:3] + "0" * 12 + shown[15:],
        lambda shown: shown[:-64] + "0" * 64,
        lambda shown: "sp_" + "0" * 12 + "_" + "0" * 64,
        lambda shown: shown + "0",
        lambda shown: shown[:-1],
        lambda shown: shown.upper(),
        lambda shown: shown + "\n",
        lambda shown: " " + shown,
        lambda shown: "",
        lambda shown: "ключ",
    ],
)
def test_what_is_no_key_is_none(keys, make_key, change):
    _, shown = make_key()
    assert keys.identify(change(shown)) is None


def test_secrets_are_compared_in_constant_time_whether_or_not_there_is_such_a_key(
    keys, make_key, monkeypatch
):
    compared = []
    monkeypatch.setattr("worker.keys.hmac.compare_digest", lambda one, other: compared.append((one, other)))
    key, shown = make_key()
    for text in (shown, shown[:3] + "0" * 12 + shown[15:], "nothing"):
        assert keys.identify(text) is None  # the comparison says no
    assert len(compared) == 3
    assert compared[0] == (key.sha256, key.sha256)
    assert {len(digest) for pair in compared for digest in pair} == {64}


def test_a_revoked_key_is_known_and_not_valid(keys, make_key):
    key, shown = make_key()
    assert key.is_valid
    revoked = keys.revoke(key.id)
    assert not revoked.is_valid
    assert keys.identify(shown) == revoked
    assert keys.revoke(key.id) == revoked  # twice is as once
    assert keys.is_any()


def test_revoking_what_is_not_there_makes_nothing(client, keys):
    with pytest.raises(KeyNotFoundError, match="keys list"):
        keys.revoke("0" * 12)
    assert client.keys() == []


@pytest.mark.parametrize(("expires_at", "is_valid"), [(None, True), (FUTURE, True), (PAST, False)])
def test_a_key_is_valid_until_it_expires(make_key, expires_at, is_valid):
    key, _ = make_key(expires_at=expires_at)
    assert key.is_valid is is_valid


@pytest.mark.parametrize(
    ("scopes", "granted"),
    [
        (("read",), {"read"}),
        (("solve",), {"read", "solve"}),
        (("read", "solve"), {"read", "solve"}),
        (("admin",), {"read", "solve", "admin"}),
    ],
)
def test_a_scope_includes_the_ones_before(make_key, scopes, granted):
    key, _ = make_key(scopes=[Scope(scope) for scope in scopes])
    assert {scope for scope in Scope if key.grants(scope)} == granted
    assert key.tenant.sees_all is ("admin" in granted)


def test_a_bucket_gives_out_its_rate_and_then_tells_the_wait(keys, make_key):
    key, _ = make_key(rate=3)
    assert [keys.take(key).count for _ in range(3)] == [1, 1, 1]
    refused = keys.take(key)
    assert refused.count == 0
    assert 15 < refused.retry_after_s <= 20  # a third of a minute each


def test_a_second_of_a_busy_key_is_one_write(client, keys, make_key):
    key, _ = make_key(rate=600)
    grants = [keys.take(key) for _ in range(60)]
    assert {grant.count for grant in grants} == {10}
    assert keys.take(key).count < 10
    assert keys.find(key.id).last_used_at is not None


def test_a_refusal_writes_nothing(client, keys, make_key):
    key, _ = make_key(rate=1)
    keys.take(key)
    before = client.info("persistence")["aof_current_size"]
    assert keys.take(key).count == 0
    assert client.info("persistence")["aof_current_size"] == before


def test_a_bucket_fills_up_with_time(client, keys, make_key):
    key, _ = make_key(rate=2)
    assert [keys.take(key).count for _ in range(3)] == [1, 1, 0]
    name = f"saddlepath:key:{key.id}"
    client.hset(name, "full_at", float(client.hget(name, "full_at")) - 30)
    assert [keys.take(key).count for _ in range(2)] == [1, 0]


def test_a_key_whose_store_was_emptied_gets_nothing_and_leaves_nothing(client, keys, make_key):
    key, _ = make_key()
    client.flushall()
    assert keys.take(key) == Grant(0, 1.0)
    assert client.keys() == []
