"""The server of the Model Context Protocol over stdio, asked by the protocol's own client, against the real stack."""

import asyncio
import json
import os
import sys

import pytest
from mcp import Client, StdioServerParameters

from tests.client.conftest import FAST
from tests.client.test_solving import OWN


@pytest.fixture(scope="module")
def ask(server_url):
    """Calls tools in one session: ``ask((name, arguments), ...)`` returns their results."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-W", "error", "-m", "saddlepath", "mcp"],
        env={"SADDLEPATH_URL": server_url, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )

    async def session(calls):
        async with Client(command) as client:
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return lambda *calls: asyncio.run(session(calls))


def content(result):
    assert not result.is_error, result.content
    found = result.structured_content
    return found["result"] if set(found) == {"result"} else found


def test_the_tools_describe_themselves(server_url):
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "saddlepath", "--url", server_url, "mcp"],
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )

    async def look():
        async with Client(command) as client:
            return await client.list_tools(), client.instructions

    listed, instructions = asyncio.run(look())
    tools = {tool.name: tool for tool in listed.tools}
    names = {"list_models", "show_model", "check_model", "solve", "certificate", "evaluate", "simulate"}
    assert set(tools) == names
    assert all(tool.description for tool in listed.tools)
    assert "Euler errors are unit-free" in instructions
    properties = tools["solve"].input_schema["properties"]
    assert "context" not in properties and all(one.get("description") for one in properties.values())
    assert tools["evaluate"].annotations.read_only_hint and not tools["solve"].annotations.read_only_hint


def test_an_agent_finds_solves_evaluates_and_judges(ask, brock_mirman):
    models, solved = map(content, ask(("list_models", {}), ("solve", {"model": "brock_mirman"})))
    assert "brock_mirman" in [model["name"] for model in models]
    assert (solved["id"], solved["verdict"], solved["not_passed"]) == (brock_mirman.id, "pass", [])
    found, one, judged = map(
        content,
        ask(
            (
                "evaluate",
                {
                    "solution_id": solved["id"],
                    "states": {"a": 0.0, "k": [0.15, 0.2]},
                    "sensitivity": ["beta"],
                },
            ),
            ("evaluate", {"solution_id": solved["id"], "states": {"a": 0.0, "k": 0.2}}),
            ("certificate", {"solution_id": solved["id"]}),
        ),
    )
    truth = [0.96 * 0.36 * k**0.36 for k in (0.15, 0.2)]
    assert found["i"] == pytest.approx(truth, rel=1e-6) and found["in_domain"] == [True, True]
    assert found["sensitivities"]["beta"]["i"] == pytest.approx([value / 0.96 for value in truth], rel=1e-5)
    assert one["i"] == pytest.approx(truth[1], rel=1e-6) and one["in_domain"] is True
    assert judged["verdict"] == "pass" and {"meaning", "threshold", "value"} <= judged["checks"][0].keys()


def test_an_agent_simulates_and_looks_at_a_model(ask, rbc):
    simulated, model = map(
        content,
        ask(
            ("simulate", {"solution_id": rbc.id, "periods": 5, "initial": {"k": 4.0}, "seed": 1}),
            ("show_model", {"name": "rbc"}),
        ),
    )
    assert simulated["states"]["k"] == pytest.approx(
        rbc.simulate(5, seed=1, initial={"k": 4.0})["k"].tolist()
    )
    assert model["bounds"]["beta"] == [0.5, 0.9999]


def test_an_agent_gets_the_rows_of_a_simulation_that_is_a_job(ask, rbc):
    options = {"periods": 20, "paths": 50, "burn_in": 20_000, "seed": 1}
    (simulated,) = map(content, ask(("simulate", {"solution_id": rbc.id, **options})))
    assert simulated["states"]["k"] == pytest.approx(rbc.simulate(**options)["k"].tolist())
    assert simulated["t"][:3] == [0, 1, 2]


def test_a_file_that_is_not_even_json_is_an_answer(ask):
    (checked,) = map(content, ask(("check_model", {"text": "{", "form": "json"})))
    assert checked["is_valid"] is False and "not JSON" in checked["errors"][0]["message"]


def test_an_agent_checks_mends_registers_and_solves_a_file(ask):
    faulty, registered = map(
        content,
        ask(
            ("check_model", {"text": OWN.replace("theta*y[t+1]", "zeta*y[t+1]")}),
            ("check_model", {"text": OWN, "register": True}),
        ),
    )
    (fault,) = faulty["errors"]
    assert faulty["is_valid"] is False and fault["symbol"] == "zeta" and fault["line"] and fault["column"]
    assert registered["is_valid"] is True
    (solved,) = map(content, ask(("solve", {"model": registered["name"], "method": FAST})))
    assert solved["verdict"] == "pass"


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("solve", {"model": "rbc", "calibration": {"beta": 1.9}}, "beta = 1.9 is outside its bounds"),
        ("show_model", {"name": "nosuch"}, "there is no built-in model 'nosuch'"),
        ("certificate", {"solution_id": "0" * 32}, "There is no such solution"),
        ("simulate", {"solution_id": "0" * 32, "periods": 3000}, "3000 rows are more than 2000"),
    ],
)
def test_what_is_refused_is_told_so_that_it_can_be_mended(ask, tool, arguments, told):
    (result,) = ask((tool, arguments))
    assert result.is_error
    assert told in result.content[0].text


def test_answers_are_text_as_well(ask):
    (result,) = ask(("show_model", {"name": "rbc"}))
    assert json.loads(result.content[0].text)["name"] == "rbc"
