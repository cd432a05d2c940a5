"""``saddlepath-server keys``: what it prints, and what it refuses."""

import re

import pytest
from typer.testing import CliRunner

from service.cli import cli
from worker.keys import KeyStore, Scope

FUTURE = "2999-12-31"


@pytest.fixture
def run(store_url):
    """Runs a command against the empty store: (exit code, stdout, stderr)."""

    def run(*arguments):
        result = CliRunner().invoke(cli, ["keys", *arguments, "--redis-url", store_url])
        return result.exit_code, result.stdout, re.sub(r"[\s│]+", " ", result.stderr)

    return run


@pytest.fixture
def keys(client):
    return KeyStore(client)


def test_a_key_is_made_and_printed_once(run, keys):
    code, shown, beside = run("create", "--name", "Ada Lovelace")
    assert code == 0
    key = keys.identify(shown.removesuffix("\n"))
    assert key.is_valid and key.expires_at is None
    assert (key.name, key.scopes) == ("Ada Lovelace", (Scope.READ, Scope.SOLVE))
    known = {"rate": 6000, "waiting": 100, "seconds_a_day": 36_000, "models": 100, "streams": 200}
    assert key.limits.model_dump() == known
    assert key.id in beside and shown.strip() not in beside


def test_everything_may_be_chosen(run, keys):
    chosen = (
        "--scopes",
        "admin",
        "--expires",
        FUTURE,
        "--rate",
        "5",
        "--waiting",
        "6",
        "--seconds-a-day",
        "7",
        "--models",
        "8",
        "--streams",
        "9",
    )
    _, shown, _ = run("create", "--name", "x", *chosen)
    key = keys.identify(shown.strip())
    assert key.scopes == (Scope.ADMIN,) and key.expires_at == "2999-12-31T00:00:00.000Z"
    chosen = {"rate": 5, "waiting": 6, "seconds_a_day": 7, "models": 8, "streams": 9}
    assert key.limits.model_dump() == chosen


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--scopes", "write"),
        ("--scopes", ""),
        ("--scopes", "read,read"),
        ("--scopes", "read, solve"),
        ("--expires", "2020-01-01"),
        ("--expires", "soon"),
        ("--rate", "0"),
        ("--rate", "-1"),
        ("--rate", "1000001"),
        ("--waiting", "0"),
        ("--seconds-a-day", "0"),
        ("--seconds-a-day", "1.5"),
        ("--name", ""),
        ("--name", "x" * 65),
        ("--name", "a\x1b[2Jb"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(run, keys, option, value):
    arguments = {"--name": "x", option: value}
    code, out, told = run("create", *(word for pair in arguments.items() for word in pair))
    assert (code, out) == (2, "")
    assert option in told
    assert not keys.is_any()


def test_the_list_tells_all_but_the_secret(run, keys, client):
    _, shown, _ = run("create", "--name", "ada", "--expires", FUTURE, "--seconds-a-day", "90")
    _, other, _ = run("create", "--name", "bob", "--scopes", "read")
    ada, bob = keys.identify(shown.strip()), keys.identify(other.strip())
    run("revoke", bob.id)
    keys.take(ada)
    code, out, _ = run("list")
    assert code == 0
    heading, first, second = out.splitlines()
    assert heading.split()[:4] == ["id", "name", "scopes", "state"]
    words = first.split()
    assert words[:5] == [ada.id, "ada", "read,solve", "valid", "2999-12-31T00:00:00.000Z"]
    assert words[5] == keys.find(ada.id).last_used_at
    assert words[6:] == ["6000", "100", "0", "of", "90"]
    assert second.split()[:6] == [bob.id, "bob", "read", "revoked", "never", "never"]
    for key, text in ((ada, shown), (bob, other)):
        assert text.strip()[-64:] not in out and key.sha256 not in out


def test_an_expired_key_is_listed_as_such(run, keys, client):
    key = keys.identify(run("create", "--name", "ada")[1].strip())
    client.hset(f"saddlepath:key:{key.id}", "expires_at", "2020-01-01T00:00:00.000Z")
    assert run("list")[1].splitlines()[1].split()[3] == "expired"


def test_a_revoked_key_says_since_when(run, keys):
    key = keys.identify(run("create", "--name", "ada")[1].strip())
    first, again = run("revoke", key.id), run("revoke", key.id)
    assert first == again
    assert first[0] == 0 and keys.find(key.id).revoked_at in first[1]


def test_revoking_an_unknown_key_is_one_line(run):
    code, out, told = run("revoke", "0" * 12)
    assert (code, out) == (1, "")
    assert "there is no key 000000000000" in told and "keys list" in told


def test_a_directory_without_data_is_refused(tmp_path):
    result = CliRunner().invoke(cli, ["keys", "list", "--data", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "--data" in result.stderr and not (tmp_path / "none").exists()
