"""A server beyond loopback, with keys: made before it starts and while it runs, and nowhere to be found afterwards."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

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
    seconds = float(keys(data, "list").splitlines()[1].split()[-3])
    assert seconds <= 60
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
