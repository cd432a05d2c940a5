"""The examples of the OpenAPI document. Tests send the requests and hold the answers against their schemas."""

from __future__ import annotations

from typing import Any

SOLUTION_ID = "5f0c6b2d9a3e41784c0d7f6e8b1a2c35"
SIMULATION_ID = "sim-0e3b1c8f5d2a4b76a9c1e7d403f28b5a"
_HASH = "9b74c9897bac770ffc029102a200c5de4f8a7b3c1d2e5f60718293a4b5c6d7e8"
_POLICY_HASH = "c2f1a07be5d34896b1e0f4a7d8c92635704be1f8a3d6c590e2748b1f6a0d9c3e"
_CALIBRATION = {"beta": 0.96, "delta": 0.1, "theta": 0.36, "gamma": 2.0, "rho": 0.1, "loading": 1.0}
_SELF = f"/v1/solutions/{SOLUTION_ID}"
_MODEL = {
    "name": "neoclassical",
    "title": "Deterministic neoclassical growth",
    "hash": _HASH,
    "states": ["a", "k"],
    "controls": ["i"],
    "shocks": [],
    "parameters": list(_CALIBRATION),
}
MODEL_FILE: dict[str, Any] = {
    "name": "Solow with a choice",
    "title": "Growth with full depreciation and log utility",
    "symbols": {"states": ["k"], "controls": ["i"], "exogenous": [], "parameters": ["beta", "theta"]},
    "definitions": ["y[t] = k[t]^theta", "c[t] = y[t] - i[t]"],
    "equations": {
        "transition": ["k[t] = i[t-1]"],
        "arbitrage": ["1 - beta*c[t]/c[t+1]*theta*y[t+1]/k[t+1]"],
    },
    "calibration": {"beta": 0.96, "theta": 0.36, "k": "(beta*theta)^(1/(1 - theta))", "i": "k"},
    "domain": {"k": ["0.5*k", "1.5*k"]},
    "parameters": {"beta": {"description": "discount factor", "symbol": "β", "bounds": [0.5, 0.9999]}},
}
_MODEL_FILE_IN_YAML = """\
name: Solow with a choice
title: Growth with full depreciation and log utility
symbols: {states: [k], controls: [i], exogenous: [], parameters: [beta, theta]}
definitions: |
  y[t] = k[t]^theta
  c[t] = y[t] - i[t]
equations:
  transition: |
    k[t] = i[t-1]
  arbitrage: |
    1 - beta*c[t]/c[t+1]*theta*y[t+1]/k[t+1]
calibration: {beta: 0.96, theta: 0.36, k: (beta*theta)^(1/(1 - theta)), i: k}
domain: {k: [0.5*k, 1.5*k]}
parameters: {beta: {description: discount factor, symbol: β, bounds: [0.5, 0.9999]}}
"""
MODEL_FILES_IN_YAML = {"file": {"summary": "A whole model file", "value": _MODEL_FILE_IN_YAML}}
_DYNARE_FILE = """\
var y c k;
parameters beta theta;
beta = 0.96;
theta = 0.36;
model;
[name='Euler equation']
1/c = beta/c(+1)*theta*y(+1)/k;
y = k(-1)^theta;
c = y - k;
end;
steady_state_model;
k = (beta*theta)^(1/(1 - theta));
y = k^theta;
c = y - k;
end;
"""
DYNARE_FILES = {"file": {"summary": "The same economy as a file of Dynare's", "value": _DYNARE_FILE}}
_STEADY_STATE = {"a": 0.0, "k": 4.2939, "i": 0.42939, "y": 1.6899, "c": 1.2605}
_ERRORS = {"mean_log10": -7.1, "p99_log10": -6.5, "max_log10": -6.3, "states": 1681}
_CERTIFICATE = {
    "verdict": "pass",
    "steady_state": {"a": 0.0, "k": 4.2939, "i": 0.42939},
    "euler_errors": {"units": "consumption", "box": _ERRORS, "ergodic": _ERRORS},
    "checks": [
        {
            "name": "euler-box",
            "verdict": "pass",
            "value": -6.3,
            "threshold": -4.0,
            "meaning": "log10 of the largest Euler error over fresh states of the domain",
        }
    ],
}
_SOLUTION: dict[str, Any] = {
    "id": SOLUTION_ID,
    "status": "succeeded",
    "model": {"name": "neoclassical", "hash": _HASH},
    "calibration": _CALIBRATION,
    "method": {
        "policy": {"family": "neural", "hidden": [128], "activation": "tanh"},
        "objective": "euler",
        "training": {"algorithm": "staged", "steps": 200, "seconds": 60.0},
        "sampling": {"region": "box", "states": 516},
    },
    "target": 1e-6,
    "seed": 0,
    "start": None,
    "created_at": "2026-01-31T12:00:00.000Z",
    "started_at": "2026-01-31T12:00:00.010Z",
    "finished_at": "2026-01-31T12:00:00.110Z",
    "attempts": 1,
    "progress": {
        "phase": "gauss-newton",
        "step": 3,
        "loss": 1.5e-15,
        "euler_error_max_log10": -6.9,
        "states_visited": 2064,
        "elapsed_s": 0.06,
        "eta_s": 0.0,
        "forecast": "converged",
    },
    "certificate": _CERTIFICATE,
    "provenance": {
        "status": "converged",
        "cpu": "AMD EPYC 7763 64-Core Processor (family 25, model 1, stepping 1)",
        "threads": {"blas": 1, "intra_op": 1, "inter_op": 1},
        "versions": {"python": "3.11.7", "numerics": "4", "tensorflow": "2.21.0", "numpy": "2.4.6"},
        "device": "cpu",
        "dtype": "float64",
        "solve_s": 0.09,
        "training_s": 0.06,
        "start": None,
        "hashes": {"job": SOLUTION_ID, "model": _HASH, "policy": _POLICY_HASH},
    },
    "problem": None,
    "links": {
        "self": _SELF,
        "policy": f"{_SELF}/policy",
        "certificate": f"{_SELF}/certificate",
        "artifact": f"{_SELF}/artifact",
        "events": f"{_SELF}/events",
        "record": f"{_SELF}/record",
    },
}

_SIMULATED: dict[str, Any] = {
    "lost": 0,
    "path": [0, 0, 1, 1],
    "t": [0, 1, 0, 1],
    "states": {"a": [0.0, 0.0157, 0.0, -0.0084], "k": [4.2939, 4.2939, 4.2939, 4.2939]},
    "controls": {"i": [0.4295, 0.4417, 0.4295, 0.4230]},
    "definitions": {"y": [1.6898, 1.7166, 1.6898, 1.6757], "c": [1.2603, 1.2748, 1.2603, 1.2526]},
    "shocks": {"e": [None, 0.0157, None, -0.0084]},
}
_SIMULATION: dict[str, Any] = {
    "id": SIMULATION_ID,
    "solution": SOLUTION_ID,
    "status": "succeeded",
    "periods": 1000,
    "paths": 5000,
    "burn_in": 200,
    "seed": 1,
    "created_at": "2026-01-31T12:00:00.000Z",
    "started_at": "2026-01-31T12:00:00.010Z",
    "finished_at": "2026-01-31T12:00:06.110Z",
    "attempts": 1,
    "progress": {"periods_done": 6_000_000, "periods": 6_000_000, "elapsed_s": 6.1, "eta_s": 0.0},
    "summary": {"rows": 5_000_000, "lost": 0, "pages": 79, "n_bytes": 240_000_000},
    "problem": None,
    "links": {
        "self": f"{_SELF}/simulations/{SIMULATION_ID}",
        "result": f"{_SELF}/simulations/{SIMULATION_ID}/result",
        "solution": _SELF,
    },
}
_RUN = {
    "status": "succeeded",
    "verdict": "pass",
    "euler_errors": _CERTIFICATE["euler_errors"],
    "training_s": 0.06,
}
EVENTS = """retry: 2000

event: status
data: {"status":"running","at":"2026-01-31T12:00:00.000Z","attempts":1}
id: 1769860800000-0

event: progress
data: {"phase": "gauss-newton", "step": 3, "loss": 1.5e-15, "euler_error_max_log10": -6.9, \
"elapsed_s": 0.06, "eta_s": 0.02, "forecast": "converged"}
id: 1769860800060-0

event: status
data: {"status":"succeeded","at":"2026-01-31T12:00:00.100Z","attempts":1}
id: 1769860800100-0

"""

METRICS = """# HELP saddlepath_jobs Solutions, by status.
# TYPE saddlepath_jobs gauge
saddlepath_jobs{status="queued"} 3.0
"""

ANSWERS: dict[str, dict[str, Any]] = {
    "ModelList": {"models": [_MODEL]},
    "ModelEntry": {
        **_MODEL,
        "source": "Stokey, Lucas and Prescott (1989)",
        "definitions": ["y", "c"],
        "policy_states": ["a", "k"],
        "symbols": {"beta": {"description": "discount factor", "symbol": "β", "bounds": [0.5, 0.9999]}},
        "equations": {"transition": ["a[t] = (1-rho)*a[t-1]", "k[t] = (1-delta)*k[t-1] + i[t-1]"]},
        "exogenous": {},
        "calibration": _CALIBRATION,
        "steady_state": _STEADY_STATE,
        "domain": {"a": [-0.2, 0.2], "k": [2.147, 6.4409]},
        "notes": [],
    },
    "ModelRegistration": {
        "name": "solow-with-a-choice-9b74c9897bac770f",
        "hash": _HASH,
        "steady_state": {"k": 0.1902, "i": 0.1902, "y": 0.5502, "c": 0.3601},
        "checks": [
            {
                "name": "steady-state",
                "verdict": "pass",
                "message": "At the calibrated values no state moves and every arbitrage equation holds, within 1e-06.",
            }
        ],
    },
    "SolutionRecord": _SOLUTION,
    "Record": {
        "format": 1,
        "id": SOLUTION_ID,
        "job": {
            "model_name": "neoclassical",
            "model_hash": _HASH,
            "document": MODEL_FILE,
            **{name: _SOLUTION[name] for name in ("calibration", "method", "target", "seed")},
            "numerics_version": "4",
        },
        "policy": {
            "manifest": {"format": 2, "sha256": _POLICY_HASH, "status": "converged"},
            "arrays": "UEsDBC0AAAAAAAAAIQ==",
        },
        "start": None,
        "certificate": _CERTIFICATE,
        "provenance": _SOLUTION["provenance"],
    },
    "SolutionPage": {"solutions": [_SOLUTION], "next_cursor": "2a"},
    "Evaluation": {
        "states": {"a": 0.0, "k": 4.2},
        "controls": {"i": 0.4351},
        "definitions": {"y": 1.6764, "c": 1.2413},
        "in_domain": True,
        "sensitivities": {
            "beta": {"controls": {"i": 4.503}, "definitions": {"y": 0.0, "c": -4.503}, "misfit": 1.1e-08}
        },
    },
    "EvaluationColumns": {
        "states": {"a": [0.0, 0.0], "k": [3.5, 4.2]},
        "controls": {"i": [0.4766, 0.4351]},
        "definitions": {"y": [1.5699, 1.6764], "c": [1.0933, 1.2413]},
        "in_domain": [True, True],
        "sensitivities": {
            "beta": {
                "controls": {"i": [3.951, 4.503]},
                "definitions": {"y": [0.0, 0.0], "c": [-3.951, -4.503]},
                "misfit": 1.1e-08,
            }
        },
    },
    "SimulatedColumns": _SIMULATED,
    "SimulationPage": _SIMULATED | {"page": 0, "pages": 79},
    "SimulationTold": _SIMULATION,
    "SimulationList": {"simulations": [_SIMULATION]},
    "ImpulseResponse": {
        "impulse": {"e": 0.02},
        "lost": 0,
        "t": [0, 1],
        "baseline": {"a": [0.0007, 0.0009], "k": [4.3062, 4.3060]},
        "response": {"a": [0.02, 0.018], "k": [0.0, 0.0156]},
        "standard_error": {"a": [0.0, 0.0], "k": [0.0, 0.0]},
    },
    "Moments": {
        "lost": 0,
        "mean": {"a": 0.0003, "k": 4.3121},
        "standard_error": {"a": 0.0006, "k": 0.0111},
        "standard_deviation": {"a": 0.0459, "k": 0.3502},
        "correlation": {"a": {"a": 1.0, "k": 0.7012}, "k": {"a": 0.7012, "k": 1.0}},
        "autocorrelation": {"a": [0.9, 0.81], "k": [0.991, 0.972]},
    },
    "SteadyState": {
        "calibration": {"e": 0.0, **_STEADY_STATE},
        "domain": {"a": [-0.2, 0.2], "k": [2.1471, 6.4411]},
        "policy": [
            {
                "found": True,
                "change": 8.1e-13,
                "states": {"a": 0.0, "k": 4.2990},
                "controls": {"i": 0.4299},
                "definitions": {"y": 1.6906, "c": 1.2607},
                "shocks": {"e": 0.0},
            }
        ],
    },
    "InferenceAnswer": {
        "model_name": SOLUTION_ID,
        "model_version": "1",
        "outputs": [
            {"name": "i", "shape": [2], "datatype": "FP64", "data": [0.4766, 0.4351]},
            {"name": "in_domain", "shape": [2], "datatype": "BOOL", "data": [True, True]},
        ],
    },
    "ModelMetadata": {
        "name": SOLUTION_ID,
        "versions": ["1"],
        "platform": "saddlepath",
        "inputs": [{"name": name, "datatype": "FP64", "shape": [-1]} for name in ("a", "k")],
        "outputs": [
            *({"name": name, "datatype": "FP64", "shape": [-1]} for name in ("i", "y", "c")),
            {"name": "in_domain", "datatype": "BOOL", "shape": [-1]},
        ],
    },
    "ServerMetadata": {"name": "saddlepath", "version": "0.1.0", "extensions": []},
    "Liveness": {"live": True},
    "ServerReadiness": {"ready": True},
    "ModelReadiness": {"name": SOLUTION_ID, "ready": True},
    "ComparedCertificate": {
        **_CERTIFICATE,
        "comparison": {
            "this": {
                **_RUN,
                "solution": SOLUTION_ID,
                "algorithm": "staged",
                "steps": 3,
                "states_visited": 2064,
            },
            "other": {
                **_RUN,
                "solution": "9f" * 16,
                "algorithm": "time_iteration",
                "steps": 12,
                "states_visited": 18576,
            },
            "differences": {"i": {"largest": 6.2e-07, "mean": 9.1e-08, "at": {"a": -0.198, "k": 2.161}}},
        },
    },
    "Health": {"status": "ok"},
    "Readiness": {"status": "ready", "workers": 1, "queued": 0, "running": 0},
}
