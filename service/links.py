"""Where an answer leads: links of the OpenAPI document from what it names to the operations that ask for that name."""

from __future__ import annotations

from typing import Any

_OF_A_SOLUTION = (
    "get_solution",
    "cancel_solution",
    "retry_solution",
    "delete_solution",
    "follow_solution",
    "evaluate_policy",
    "evaluate_policy_batch",
    "get_certificate",
    "get_artifact",
    "get_record",
    "simulate_policy",
    "list_simulations",
    "get_impulse_response",
    "get_moments",
    "get_steady_state",
    "draw_policy",
    "draw_euler_errors",
    "draw_training",
    "draw_simulation",
    "draw_impulse_response",
    "model_metadata",
    "model_ready",
    "infer",
)

_OF_A_SIMULATION = (
    "get_simulation",
    "get_simulation_result",
    "cancel_simulation",
    "retry_simulation",
    "delete_simulation",
)


def solution_links(place: str = "/id") -> dict[str, Any]:
    """Links from an answer that has the id of a solution at ``place``, a JSON pointer."""
    return {
        name: {"operationId": name, "parameters": {"solution_id": f"$response.body#{place}"}}
        for name in _OF_A_SOLUTION
    }


def model_links(place: str = "/name") -> dict[str, Any]:
    """Links from an answer that has the name of a model at ``place``, a JSON pointer."""
    name = f"$response.body#{place}"
    return {
        "get_model": {"operationId": "get_model", "parameters": {"name": name}},
        "create_solution": {"operationId": "create_solution", "requestBody": {"model": name}},
    }


def simulation_links(place: str = "") -> dict[str, Any]:
    """Links from an answer that has a simulation's record at ``place``, a JSON pointer."""
    ids = {
        "solution_id": f"$response.body#{place}/solution",
        "simulation_id": f"$response.body#{place}/id",
    }
    return {name: {"operationId": name, "parameters": ids} for name in _OF_A_SIMULATION}
