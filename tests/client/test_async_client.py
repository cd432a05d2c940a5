"""The awaiting client against the real stack: the same operations, the same answers."""

import asyncio
import inspect
import itertools

import numpy as np
import pytest
import saddlepath as sp

from tests.client.conftest import FAST
from tests.integration.conftest import ENDLESS

SEEDS = itertools.count(20_000)
NOT_SHARED = {"solve_many"}  # the overloads of the one have no meaning for the other


def test_everything_is_awaited_as_it_is_called(server_url, client, rbc, tmp_path):
    async def ask():
        async with sp.AsyncClient(server_url) as there:
            solution = await there.solution(rbc.id)
            frame = await solution.simulate(5, seed=1)
            response = await solution.irf("e", periods=3)
            table = await solution.tabulate("k", n=3)
            found = await solution.policy(a=0.0, k=np.array([3.0, 4.0]))
            many = await there.solve_many(
                "neoclassical", [{"beta": 0.95}, {"beta": 0.96}], method=FAST, concurrency=1
            )
            file = await solution.save(tmp_path / "policy.npz")
            await solution.refresh()
            return solution, frame, response, table, found, many, file.exists(), await there.models()

    solution, frame, response, table, found, many, is_there, models = asyncio.run(ask())
    assert repr(solution) == repr(rbc)
    assert frame.equals(rbc.simulate(5, seed=1)) and response.equals(rbc.irf("e", periods=3))
    assert table.equals(rbc.tabulate("k", n=3))
    np.testing.assert_array_equal(found.i, rbc.policy(a=0.0, k=[3.0, 4.0]).i)
    assert [one.calibration["beta"] for one in many] == [0.95, 0.96]
    assert is_there and models == client.models()


def test_a_solve_is_followed_cancelled_and_deleted(server_url):
    async def ask():
        async with sp.AsyncClient(server_url) as there:
            solution = await there.submit("neoclassical", method=ENDLESS, seed=next(SEEDS))
            steps = []
            with pytest.raises(sp.SolveTimeoutError):
                await solution.wait(progress=steps.append, timeout=3)
            await solution.cancel()
            with pytest.raises(sp.SolveError):
                await solution.wait()
            await solution.delete()
            with pytest.raises(sp.NotFoundError):
                await there.solution(solution.id)
            return solution.status

    assert asyncio.run(ask()) == "cancelled"


def test_refusals_are_the_same(server_url):
    async def ask():
        calibrations = [{"beta": 2.0}, {"beta": 0.95}]
        async with sp.AsyncClient(server_url) as there:
            with pytest.raises(sp.InvalidError, match="outside its bounds"):
                await there.solve_many("neoclassical", calibrations, method=FAST)
            return await there.solve_many("neoclassical", calibrations, method=FAST, return_exceptions=True)

    refused, solved = asyncio.run(ask())
    assert isinstance(refused, sp.InvalidError) and solved.status == "succeeded"


def public(cls):
    return {name for name in dir(cls) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("blocking", "awaiting"), [(sp.Client, sp.AsyncClient), (sp.Solution, sp.AsyncSolution)]
)
def test_both_have_the_same_methods_with_the_same_arguments(blocking, awaiting):
    assert public(blocking) == public(awaiting)
    for name in public(blocking) - NOT_SHARED:
        one, other = getattr(blocking, name), getattr(awaiting, name)
        if callable(one):
            assert list(inspect.signature(one).parameters) == list(inspect.signature(other).parameters), name
            assert one.__doc__ and other.__doc__


def test_help_shows_methods_as_methods():
    solve = inspect.signature(sp.Client.solve)
    assert list(solve.parameters)[:2] == ["self", "model"] and solve.return_annotation == "Solution"
    assert next(iter(inspect.signature(sp.solve).parameters)) == "model"
    assert inspect.signature(sp.Solution.moments).return_annotation == "Moments"
    assert list(inspect.signature(sp.Solution.irf).parameters)[:2] == ["self", "shock"]
