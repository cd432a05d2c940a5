"""A server beyond loopback, with keys: made before it starts and while it runs, and nowhere to be found afterwards."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from service.stack.key_access import keys_of
from service.stack.store import CONFIG_NAME, read_url
from worker.store import connect

ENVIRONMENT = {"SADDLEPATH_WARM_UP_MODEL": ""}
REQUEST = {
    "model": "brock_mirman",
    "method": {"policy": {"family": "polynomial", "degree": 4}},
    "target": 1e-2,
}


def keys(data, *arguments):
    """What ``saddlepath-server keys`` prints."""
    command = [sys.executable, "-m", "service.cli", "keys", *arguments, "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def spent_s(data, name):
    """The seconds of solving that a key has had today, as the store has them."""
    with keys_of(data, None) as store:
        (key,) = (key for key in store.all() if key.name == name)
        return store.spent_s(key.id)


def ask(url, path, key=None, body=None, **headers):
    """Status and JSON of an answer."""
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=data)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def answers(url):
    """Whether the API is there."""
    try:
        return ask(url, "/healthz")[0] == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data directory with the key that was made before its server ran."""
    data = tmp_path_factory.mktemp("keyed") / "data"
    return data, keys(data, "create", "--name", "ada")


@pytest.fixture(scope="module")
def keyed(start_module_stack, made):
    """A server that listens on every address."""
    return start_module_stack("--host", "0.0.0.0", data=made[0], environment=ENVIRONMENT)


def test_a_key_opens_and_solves_and_is_nowhere_to_be_found(keyed, made):
    data, shown = made
    status, record = ask(keyed.url, "/v1/solutions", shown, REQUEST, Prefer="wait=60")
    assert (status, record["status"]) == (200, "succeeded")
    assert ask(keyed.url, f"/v1/models?key={shown}", shown)[0] == 422
    assert ask(keyed.url, f"/v1/models?key={shown}")[0] == 401
    assert ask(keyed.url, "/v1/solutions", shown, REQUEST, **{"X-Request-ID": shown})[0] == 200
    key_id = shown.split("_")[1]
    assert 0 < spent_s(data, "ada") < 60
    files = [path for path in data.rglob("*") if path.is_file()]
    written = {path.name: path.read_bytes() for path in files}
    assert {"api.log", "worker-1.log", "store.log"} <= written.keys()
    assert key_id.encode() in written["api.log"]
    told = b"".join(written.values()) + keyed.output().encode() + json.dumps(record).encode()
    assert shown.split("_")[2].encode() not in told


def test_keys_made_and_revoked_while_it_runs_count_at_once(keyed, made):
    data, _ = made
    shown = keys(data, "create", "--name", "bob", "--scopes", "read")
    assert ask(keyed.url, "/v1/models", shown)[0] == 200
    status, document = ask(keyed.url, "/v1/solutions", shown, REQUEST)
    assert (status, document["code"]) == (403, "scope")
    keys(data, "revoke", shown.split("_")[1])
    status, document = ask(keyed.url, "/v1/models", shown)
    assert (status, document["code"]) == (401, "unauthenticated")


def test_a_cancelled_solve_is_charged_and_one_that_others_want_goes_on(keyed, made):
    data, shown = made
    other = keys(data, "create", "--name", "carol")
    training = {"algorithm": "adam", "steps": 1_000_000, "seconds": 60}
    request = {"model": "brock_mirman", "target": 1e-12, "method": {"training": training}}
    path = f"/v1/solutions/{ask(keyed.url, '/v1/solutions', shown, request)[1]['id']}"
    assert ask(keyed.url, "/v1/solutions", other, request)[0] == 202
    keyed.wait_for(lambda: ask(keyed.url, path, other)[1]["progress"])
    before = spent_s(data, "carol")
    assert ask(keyed.url, f"{path}/cancel", shown, {})[1]["status"] == "cancelled"
    assert ask(keyed.url, path, shown)[0] == 404
    assert ask(keyed.url, path, other)[1]["status"] == "running"
    assert ask(keyed.url, f"{path}/cancel", other, {})[1]["status"] == "cancelled"
    assert ask(keyed.url, path, other)[1]["status"] == "cancelled"
    assert spent_s(data, "carol") > before


def test_what_is_owned_outlives_kill_of_everything(keyed, made, start_module_stack):
    data, shown = made
    status, record = ask(keyed.url, "/v1/solutions", shown, {**REQUEST, "seed": 1})
    assert status == 202
    other = keys(data, "create", "--name", "eve")
    keyed.kill()
    again = start_module_stack("--host", "0.0.0.0", data=data, environment=ENVIRONMENT)
    path = f"/v1/solutions/{record['id']}"
    assert ask(again.url, path)[0] == 401
    assert ask(again.url, path, other)[0] == 404
    status, found = ask(again.url, f"{path}?wait=60", shown)
    assert (status, found["status"]) == (200, "succeeded")
    with connect(read_url(data / "store" / CONFIG_NAME)) as client:
        client.flushall()
    (before,) = again.children("api")
    before.kill()
    before.wait(10)
    again.wait_for(lambda: again.children("api") and answers(again.url))
    assert ask(again.url, "/v1/models")[0] == 401  # a store that has lost its keys does not open the server
