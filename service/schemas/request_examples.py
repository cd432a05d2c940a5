"""Examples of requests in the OpenAPI document: they work as they stand."""

from __future__ import annotations

from typing import Any

from service.schemas.examples import MODEL_FILE, SOLUTION_ID

REQUESTS: dict[str, dict[str, Any]] = {
    "SolutionRequest": {
        "defaults": {"summary": "The default calibration and method", "value": {"model": "neoclassical"}},
        "calibrated": {
            "summary": "Other parameters, by a polynomial",
            "value": {
                "model": "neoclassical",
                "calibration": {"beta": 0.95, "gamma": 1.5},
                "method": {"policy": {"family": "polynomial", "degree": 12}},
                "target": 1e-8,
                "seed": 1,
            },
        },
        "warm": {
            "summary": "From the policy of another calibration",
            "value": {"model": "neoclassical", "calibration": {"beta": 0.955}, "start": SOLUTION_ID},
        },
        "drawn": {
            "summary": "Adam on draws of the shocks, at states that the economy visits",
            "value": {
                "model": "rbc",
                "method": {
                    "training": {"algorithm": "adam", "steps": 5000},
                    "expectation": {"rule": "all_in_one", "nodes": 2},
                    "sampling": {"region": "ergodic"},
                },
            },
        },
        "lifetime": {
            "summary": "The reward of a lifetime, maximised along paths",
            "value": {
                "model": "rbc",
                "calibration": {"beta": 0.9},
                "method": {"objective": "lifetime_reward"},
            },
        },
        "bellman": {
            "summary": "Value and policy together, by the Bellman equation",
            "value": {"model": "neoclassical", "method": {"objective": "bellman"}},
        },
        "inline": {
            "summary": "A model of your own, sent along",
            "value": {"model": MODEL_FILE, "calibration": {"beta": 0.95}},
        },
    },
    "ModelFile": {"file": {"summary": "A whole model file", "value": MODEL_FILE}},
    "StatesRequest": {
        "columns": {
            "summary": "Three capital stocks at one productivity",
            "value": {"states": {"a": 0.0, "k": [3.5, 4.2, 5.0]}},
        },
        "sensitivity": {
            "summary": "With the derivatives by two parameters",
            "value": {"states": {"a": 0.0, "k": [3.5, 4.2]}, "sensitivity": ["beta", "delta"]},
        },
    },
    "SimulationRequest": {
        "random": {
            "summary": "Ten paths in the long run",
            "value": {"periods": 40, "paths": 10, "burn_in": 200, "seed": 1},
        },
        "transition": {
            "summary": "The way home from three capital stocks",
            "value": {"periods": 60, "paths": 3, "initial": {"a": 0.0, "k": [3.0, 4.0, 5.0]}},
        },
        "job": {
            "summary": "More than one request may have",
            "value": {"periods": 1000, "paths": 5000, "burn_in": 200, "seed": 1},
        },
    },
    "InferenceRequest": {
        "tensors": {
            "summary": "A tensor for each state",
            "value": {
                "inputs": [
                    {"name": "a", "shape": [2], "datatype": "FP64", "data": [0.0, 0.0]},
                    {"name": "k", "shape": [2], "datatype": "FP64", "data": [3.5, 4.2]},
                ],
                "outputs": [{"name": "i"}, {"name": "in_domain"}],
            },
        },
    },
}
