"""Makes the data directory of this release that later ones are tested to open: ``python tests/data/upgrade/make.py``.

Run it once a release, from the root: it starts a server, makes a key, registers a model, solves, and keeps what the server
said beside the store's files. ``tests/integration/test_upgrade.py`` opens every directory that was ever made.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import httpx2
import yaml

HERE = Path(__file__).parent
OWN = """\
name: full depreciation
symbols: {states: [k], controls: [i], exogenous: [], parameters: [beta, theta]}
definitions: |
  c[t] = k[t]^theta - i[t]
equations:
  transition: |
    k[t] = i[t-1]
  arbitrage: |
    1 - beta*c[t]/c[t+1]*theta*k[t+1]^(theta - 1)  ⟂ 0 <= i[t] <= inf
calibration: {beta: 0.96, theta: 0.36, k: (beta*theta)^(1/(1 - theta)), i: k}
domain: {k: [0.5*k, 1.5*k]}
"""
POLYNOMIAL = {"policy": {"family": "polynomial", "degree": 5}}
REQUESTS = [
    {"model": "brock_mirman", "method": POLYNOMIAL},
    {"model": "brock_mirman", "method": POLYNOMIAL, "calibration": {"beta": 0.9}},
    {"model": "consumption_savings", "method": {"policy": {"family": "linear"}}},
    {"model": "neoclassical", "method": {"policy": {"family": "neural", "hidden": [8]}}},
]


def server(*arguments):
    """The command line of this release's server."""
    return [sys.executable, "-m", "service.cli", *arguments]


def answers(url, key):
    """Everything that a later release should answer in the same way."""
    headers = {"Authorization": f"Bearer {key}", "Prefer": "wait=60"}
    with httpx2.Client(base_url=url, timeout=90, headers=headers) as client:

        def ask(method, path, **options):
            answer = client.request(method, path, **options)
            answer.raise_for_status()
            return answer

        yaml_body = {"content": OWN.encode(), "headers": {"Content-Type": "application/yaml"}}
        handle = ask("POST", "/v1/models", **yaml_body).json()["name"]
        requests = [*REQUESTS, {"model": handle, "method": POLYNOMIAL, "calibration": {"beta": 0.95}}]
        solutions = []
        for request in requests:
            record = ask("POST", "/v1/solutions", json=request).json()
            links = record["links"]
            domain = ask("GET", f"/v1/models/{record['model']['name']}").json()["domain"]
            states = {
                name: [low + share * (high - low) for share in (0.1, 0.5, 0.8)]
                for name, (low, high) in domain.items()
            }
            evaluated = ask("POST", links["policy"], json={"states": states}).json()
            artifact = ask("GET", links["artifact"], params={"format": "npz"}).content
            certificate = ask("GET", links["certificate"]).json()
            told = {"request": request, "record": record, "evaluated": evaluated, "certificate": certificate}
            solutions.append((told, artifact))
        return handle, solutions


def main():
    """Makes the directory."""
    target = HERE / version("saddlepath-server")
    if target.exists():
        sys.exit(f"{target} is there already, and stays what that release has made")
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "data"
        made = subprocess.run(
            server("keys", "create", "--name", "ada", "--data", str(data)),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        key = made.stdout.strip()
        running = subprocess.Popen(
            server("up", "--port", "0", "--data", str(data)), stdout=subprocess.PIPE, text=True
        )
        try:
            handle, solutions = answers(running.stdout.readline().split()[1], key)
        finally:
            running.terminate()
            running.wait()
        shutil.copytree(data / "store" / "appendonlydir", target / "store" / "appendonlydir")
    for told, artifact in solutions:
        (target / f"{told['record']['id']}.npz").write_bytes(artifact)
    told = {
        "key": key,
        "model": handle,
        "file": yaml.safe_load(OWN),
        "solutions": [told for told, _ in solutions],
    }
    (target / "told.json").write_text(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
