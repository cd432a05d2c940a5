"""The whole path in one program: start a server, solve two models over HTTP, check one by its closed form.

Needs nothing but the standard library and an installed ``saddlepath-server``. Run it by ``make demo``.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

STOP_TIMEOUT_S = 10
OFFSETS = (-0.2, 0.0, 0.2)
SCALES = (0.5, 1.0, 1.5)
Rule = Callable[[float, float], tuple[float, float]]
"""Investment and consumption as a function of (a, k)."""


def main() -> int:
    """Run the demonstration; the exit code says whether every policy was found and right."""
    began_s = time.monotonic()
    with running_server() as url:
        say(f"The server is ready at {url}")
        certificates = [show_solution(url, "neoclassical"), show_solution(url, "brock_mirman")]
        say("\nThe same by hand, on a server of your own (make serve):")
        print(curl_lines("http://127.0.0.1:8000"))
        say("\nTaking everything down ...")
    say(f"Done in {time.monotonic() - began_s:.0f} s.")
    return 0 if all(certificate["verdict"] == "pass" for certificate in certificates) else 1


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of a server on a free port with its data in a temporary directory; both are gone afterwards."""
    say("Starting store, worker and API (the worker loads TensorFlow and solves once to warm up) ...")
    command = [sys.executable, "-m", "service.cli", "up", "--port", "0", "--data"]
    with tempfile.TemporaryDirectory(prefix="saddlepath-demo-") as directory:
        server = subprocess.Popen([*command, directory], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None  # it was opened as a pipe
            ready = server.stdout.readline()
            if not ready:
                raise SystemExit("The server did not start; its last line above says why.")
            yield ready.split()[1]
        finally:
            server.terminate()
            server.wait(STOP_TIMEOUT_S)


def show_solution(url: str, model: str) -> dict[str, Any]:
    """Solve a model with its default calibration, print what came out, and return its certificate."""
    say(f"\nSolving {model} ...")
    solution = solve(url, {"model": model})
    certificate: dict[str, Any] = solution["certificate"]
    provenance = solution["provenance"]
    say(f"{model}: {solution['status']} in {provenance['solve_s']:.2f} s, solution {solution['id']}")
    print_certificate(certificate)
    closed_form = brock_mirman_rule(solution["calibration"]) if model == "brock_mirman" else None
    print_table(url, solution, closed_form)
    return certificate


def solve(url: str, request: dict[str, Any]) -> dict[str, Any]:
    """Post a solve, follow it to its end and return its record.

    Raises:
        SystemExit: it did not succeed.
    """
    solution: dict[str, Any] = call(f"{url}/v1/solutions", request)
    while solution["status"] in ("queued", "running"):
        say(f"  {solution['status']} {json.dumps(solution['progress'] or {})}")
        solution = call(f"{url}/v1/solutions/{solution['id']}?wait=2")
    if solution["status"] != "succeeded":
        raise SystemExit(f"The solve {solution['status']}: {solution['problem']}")
    return solution


def brock_mirman_rule(calibration: dict[str, float]) -> Rule:
    """The closed form i = βθ y, c = (1 - βθ) y, y = exp(λa) k^θ, with full depreciation and log utility."""
    beta, theta, loading = (calibration[name] for name in ("beta", "theta", "loading"))

    def rule(a: float, k: float) -> tuple[float, float]:
        output = math.exp(loading * a) * k**theta
        return beta * theta * output, (1 - beta * theta) * output

    return rule


def print_certificate(certificate: dict[str, Any]) -> None:
    """The verdict, the Euler errors and each check."""
    print(f"  certificate: {certificate['verdict']}")
    for region in ("box", "ergodic"):
        errors = certificate["euler_errors"][region]
        figures = ", ".join(f"{name} {power(errors[f'{name}_log10'])}" for name in ("mean", "p99", "max"))
        print(f"    Euler errors, {region:<8} {figures}  ({errors['states']} states)")
    for check in certificate["checks"]:
        print(f"    {check['verdict']:<4}  {check['name']}: {check['meaning']}")


def power(log10: float | None) -> str:
    """An error as a power of ten; one that is not defined as such."""
    return "undefined" if log10 is None else f"10^{log10:.1f}"


def print_table(url: str, solution: dict[str, Any], closed_form: Rule | None) -> None:
    """Investment and consumption at some states, beside the closed form where there is one."""
    k_ss = solution["certificate"]["steady_state"]["k"]
    states = [(a, scale * k_ss) for a in OFFSETS for scale in SCALES]
    columns = {"a": [a for a, _ in states], "k": [k for _, k in states]}
    answer = call(f"{url}/v1/solutions/{solution['id']}/policy", {"states": columns})
    investment, consumption = answer["controls"]["i"], answer["definitions"]["c"]
    exact = ["i exact", "c exact", "difference"] if closed_form else []
    print("  " + "".join(f"{heading:>12}" for heading in ["a", "k", "i(a,k)", "c(a,k)", *exact]))
    for (a, k), i, c in zip(states, investment, consumption, strict=True):
        line = f"{a:12.2f}{k:12.4f}{i:12.6f}{c:12.6f}"
        if closed_form is not None:
            i_exact, c_exact = closed_form(a, k)
            line += f"{i_exact:12.6f}{c_exact:12.6f}{max(abs(i - i_exact), abs(c - c_exact)):12.1e}"
        print("  " + line)


def curl_lines(url: str) -> str:
    """What to type to solve and to evaluate."""
    return (
        f"  curl -s {url}/v1/solutions -H 'Content-Type: application/json' -H 'Prefer: wait=30' \\\n"
        """    -d '{"model": "neoclassical", "calibration": {"beta": 0.95}}'\n"""
        f"  curl -s '{url}/v1/solutions/ID/policy?a=0.0&k=4.2'      # ID: the id in that answer"
    )


def call(url: str, body: dict[str, Any] | None = None) -> Any:
    """GET, or POST of a JSON body; returns the JSON answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by way of a proxy
    with opener.open(request, timeout=90) as response:
        return json.load(response)


def say(text: str) -> None:
    """A line of progress."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
