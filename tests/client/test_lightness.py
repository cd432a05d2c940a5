"""What the client needs, and what it does when it is imported."""

import json
import os
import subprocess
import sys

OPTIONAL = {"pandas", "xarray", "pyarrow", "tqdm", "typer", "rich", "mcp", "pydantic"}
SERVER = {"service", "worker", "solver", "tensorflow", "fastapi", "celery", "redis"}


def run(program, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_import_takes_neither_the_server_nor_what_is_optional():
    loaded = set(json.loads(run("import json, sys, saddlepath; print(json.dumps(list(sys.modules)))")))
    assert not (OPTIONAL | SERVER) & loaded
    assert {"httpx2", "numpy"} <= loaded


def test_the_environment_is_read_when_a_client_is_made():
    program = "import os, saddlepath as sp; os.environ['SADDLEPATH_URL'] = 'http://late:1'; print(sp.Client().server.url)"
    assert run(program, SADDLEPATH_URL="http://early:1").strip() == "http://late:1"


def test_what_is_not_installed_is_named_where_it_is_needed(server_url):
    program = """
import sys
for name in ("pandas", "tqdm", "pyarrow"):
    sys.modules[name] = None  # as if it were not installed
import saddlepath as sp, numpy as np
solution = sp.solve("neoclassical")
assert solution.policy(a=0.0, k=np.linspace(3, 4, 20_000)).i.shape == (20_000,)
for ask in (lambda: solution.simulate(), lambda: solution.moments().to_frame(), lambda: solution.tabulate("k")):
    try:
        ask()
    except sp.MissingExtraError as error:
        print(error)
"""
    told = run(program, SADDLEPATH_URL=server_url).splitlines()
    assert [line.split("'")[1] for line in told] == ["saddlepath[pandas]"] * 3
