"""The same client as a server of the Model Context Protocol, for agents: ``saddlepath mcp``.

Every tool is an exchange of the client. What the service refuses is an error whose text names the value, the bound and the
remedy, so that an agent can mend its request.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from saddlepath import economy
from saddlepath.client import AsyncClient
from saddlepath.errors import InvalidError, SaddlepathError
from saddlepath.plain import plain
from saddlepath.solution import AsyncSolution
from saddlepath.version import __version__

P = ParamSpec("P")
T = TypeVar("T")
INSTRUCTIONS = """\
Solves dynamic economic models globally and serves their policy functions. list_models tells what there is and which
parameters a model has; solve returns a solution's id with its certificate, the same request always the same solution;
evaluate and simulate apply the policy. Euler errors are unit-free, as log10: -3 is a mistake of 0.1 % of consumption.
Do not rely on a solution whose verdict is fail; certificate tells why. check_model reads a model file and tells every
fault with its line and column."""
LOOK = ToolAnnotations(read_only_hint=True, open_world_hint=False)
MAKE = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
MAX_ROWS = 2_000
"""Rows of one answer: what is longer is of no use to who reads it."""

SolutionId = Annotated[str, Field(description="id of a solution, as solve returns it")]
Numbers = dict[str, float]


def serve(url: str | None) -> None:
    """Serves on stdin and stdout until stdin ends.

    Args:
        url: where the Saddlepath server is; None for the default.
    """
    tools_of(url).run("stdio")


def tools_of(url: str | None) -> MCPServer[AsyncClient]:
    """A server of the protocol with its tools.

    Args:
        url: where the Saddlepath server is; None for the default.
    """

    @asynccontextmanager
    async def with_client(_: MCPServer[AsyncClient]) -> AsyncIterator[AsyncClient]:
        async with AsyncClient(url) as client:
            yield client

    server = MCPServer(
        "saddlepath",
        instructions=INSTRUCTIONS,
        version=__version__,
        lifespan=with_client,
        log_level="WARNING",
    )
    for tool, hints in (
        (list_models, LOOK),
        (show_model, LOOK),
        (check_model, MAKE),
        (solve, MAKE),
        (certificate, LOOK),
        (evaluate, LOOK),
        (simulate, LOOK),
    ):
        server.tool(annotations=hints)(_told(tool))
    return server


async def list_models(context: Context[AsyncClient]) -> list[dict[str, Any]]:
    """Every model that can be solved: its name, title, states, controls, shocks and parameters."""
    return [asdict(summary) for summary in await _client(context).models()]


async def show_model(
    name: Annotated[str, Field(description="as list_models tells it")], context: Context[AsyncClient]
) -> dict[str, Any]:
    """A model in full: equations as written, parameters with their values and bounds, steady state, domain, source."""
    return asdict(await _client(context).model(name))


async def check_model(
    text: Annotated[str, Field(description="the whole model file")],
    context: Context[AsyncClient],
    form: Annotated[Literal["yaml", "json", "mod"], Field(description="mod is Dynare's")] = "yaml",
    register: Annotated[
        bool, Field(description="keep it, if it has no faults, so that it can be solved")
    ] = False,
) -> dict[str, Any]:
    """Reads and checks a model file. Either its steady state and checks, or every fault with equation, line and column.

    With register=true it is kept for good; the answer's name is then the model to solve.
    """
    client = _client(context)
    with TemporaryDirectory(prefix="saddlepath-") as folder:
        file = Path(folder) / f"model.{form}"
        file.write_text(text, encoding="utf-8")
        try:
            found = await (client.register(file) if register else client.check(file))
        except InvalidError as error:
            if not error.model_faults:
                raise
            return {"is_valid": False, "errors": [asdict(fault) for fault in error.model_faults]}
    return {"is_valid": True, **found}


async def solve(
    model: Annotated[str, Field(description="as list_models tells it, or as check_model has registered it")],
    context: Context[AsyncClient],
    calibration: Annotated[Numbers, Field(description="parameters that differ from the model's own")] = {},  # noqa: B006
    method: Annotated[
        dict[str, Any] | None, Field(description="how to solve; leave it out, so that the model chooses")
    ] = None,
    target: Annotated[float | None, Field(description="largest Euler error to aim at, e.g. 1e-6")] = None,
    start: Annotated[str | None, Field(description="id of a solution to start from")] = None,
    timeout_s: Annotated[float, Field(description="seconds to wait; the solve goes on after that")] = 300.0,
) -> dict[str, Any]:
    """Solves a model, and waits for it: the solution's id, verdict, Euler errors, steady state, and checks not passed."""
    client = _client(context)
    options: dict[str, Any] = {"method": method, "target": target, "start": start, "timeout": timeout_s}
    return _summary(await client.solve(model, calibration=calibration, progress=False, **options))


async def certificate(solution_id: SolutionId, context: Context[AsyncClient]) -> dict[str, Any]:
    """The independent verdict on a solution: every check with its value, its threshold and what it means."""
    return asdict((await _client(context).solution(solution_id)).certificate)


async def evaluate(
    solution_id: SolutionId,
    states: Annotated[
        dict[str, float | list[float]],
        Field(
            description="a number or an array for each of the policy's states; numbers stand for every row"
        ),
    ],
    context: Context[AsyncClient],
    sensitivity: Annotated[list[str], Field(description="parameters to differentiate by")] = [],  # noqa: B006
) -> dict[str, Any]:
    """The policy at states: controls and definitions, in_domain (elsewhere it is extrapolated), and derivatives."""
    _check_rows(max((len(column) for column in states.values() if isinstance(column, list)), default=1))
    solution = await _client(context).solution(solution_id)
    found = await solution.policy(states, sensitivity=sensitivity)
    answer: dict[str, Any] = {**found, "in_domain": found.in_domain}
    if found.sensitivities:
        answer["sensitivities"] = {
            name: {**one, "misfit": one.misfit} for name, one in found.sensitivities.items()
        }
    told: dict[str, Any] = plain(answer)
    return told


async def simulate(
    solution_id: SolutionId,
    context: Context[AsyncClient],
    periods: Annotated[int, Field(ge=1, description="of each path")] = 40,
    paths: Annotated[int, Field(ge=1, description="each with shocks of its own")] = 1,
    burn_in: Annotated[int, Field(ge=0, description="periods that are not told")] = 0,
    seed: Annotated[int, Field(ge=0, description="of the draws")] = 0,
    initial: Annotated[
        Numbers, Field(description="states of departure; the others at the steady state")
    ] = {},  # noqa: B006
) -> dict[str, Any]:
    """Simulated paths by columns: path, t, states, controls, definitions, shocks."""
    _check_rows(periods * paths)
    client = _client(context)
    solution = await client.solution(solution_id)
    options = {"periods": periods, "paths": paths, "burn_in": burn_in, "seed": seed}
    found = await client.run(economy.simulated(solution, initial=initial, **options))
    told: dict[str, Any] = plain(found)
    return told


def _client(context: Context[AsyncClient]) -> AsyncClient:
    return context.request_context.lifespan_context


def _told(tool: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """A tool whose refusals reach the agent as they are; what else goes wrong is this program's defect."""

    @wraps(tool)
    async def telling(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await tool(*args, **kwargs)
        except SaddlepathError as error:
            raise ToolError(str(error)) from error

    return telling


def _check_rows(rows: int) -> None:
    if rows > MAX_ROWS:
        raise ToolError(f"{rows} rows are more than {MAX_ROWS}, the most of one answer; ask for fewer")


def _summary(solution: AsyncSolution) -> dict[str, Any]:
    found = solution.certificate
    return {
        "id": solution.id,
        "model": solution.model,
        "verdict": found.verdict,
        "calibration": solution.calibration,
        "euler_errors": {region: asdict(errors) for region, errors in found.euler_errors.items()},
        "steady_state": found.steady_state,
        "not_passed": [asdict(check) for check in found.checks if check.verdict != "pass"],
        "solve_s": solution.record["provenance"]["solve_s"],
    }
