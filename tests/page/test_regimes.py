"""A model with a Markov chain: Krueger and Kubler's overlapping generations, whose solution has a closed form."""

import math
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.page.conftest import Server, number
from tests.page.test_exploring import explore, numbers_of, readout

ALPHA, BETA = 0.3, 0.7
Z, DELTA = (0.95, 1.05, 0.95, 1.05), (0.5, 0.5, 0.9, 0.9)
REGIMES = [f"{index} (z = {z}, δ = {delta})" for index, (z, delta) in enumerate(zip(Z, DELTA, strict=True))]


def first_consumption(capital, regime, beta=BETA):
    """Age 1 eats what it does not save, a constant share, of the wage."""
    saved = beta * (1 - beta**5) / (1 - beta**6)
    return (1 - saved) * (1 - ALPHA) * Z[regime] * np.asarray(capital) ** ALPHA


def gross_return(capital, regime):
    return ALPHA * Z[regime] * np.asarray(capital) ** (ALPHA - 1) + 1 - DELTA[regime]


#: Growth with log productivity as a chain of so many regimes: Rouwenhorst's, of an autoregression.
N_REGIMES, RHO, SIGMA = 11, 0.9, 0.03
DISCRETISED = {
    "name": "growth-chain",
    "title": "Growth with a discretised autoregression",
    "symbols": {
        "states": ["k"],
        "controls": ["i"],
        "exogenous": ["z"],
        "parameters": ["beta", "delta", "theta", "gamma"],
    },
    "definitions": {"y[t]": "exp(z[t])*k[t]^theta", "c[t]": "y[t] - i[t]"},
    "equations": {
        "transition": ["k[t] = (1 - delta)*k[t-1] + i[t-1]"],
        "arbitrage": ["1 - beta*(c[t+1]/c[t])^(-gamma)*(1 - delta + theta*y[t+1]/k[t+1])"],
    },
    "calibration": {
        "beta": 0.96,
        "delta": 0.1,
        "theta": 0.36,
        "gamma": 2,
        "z": 0,
        "k": "(theta/(1/beta - 1 + delta))^(1/(1 - theta))",
        "i": "delta*k",
    },
    "exogenous": {
        "z": {"AR1": {"rho": RHO, "sigma": SIGMA, "discretize": {"method": "rouwenhorst", "n": N_REGIMES}}}
    },
    "domain": {"k": ["0.4*k", "1.8*k"]},
}


@pytest.fixture(scope="module")
def two(page_stack):
    """The model as it is, and with more patience."""
    server = Server(page_stack.url)
    return tuple(server.solve("olg_krueger_kubler", calibration={"beta": beta}) for beta in (BETA, 0.8))


@pytest.fixture
def steady(server, two):
    """Capital by age at the steady state."""
    calibration = server.ask(f"/v1/solutions/{two[0]['id']}/steady-state")["calibration"]
    return {name: calibration[name] for name in ("k2", "k3", "k4", "k5", "k6")}


def test_slices_by_regime_are_the_closed_form(open_page, server, two, steady):
    page = explore(open_page, server, two[0], more="&along=k2&across=regime&show=c1")
    columns = numbers_of(page, "Policy slices")
    k2 = columns.pop("k₂, capital owned at age 2")
    assert list(columns) == [f"regime {regime}" for regime in REGIMES]
    capital = sum(steady.values()) - steady["k2"] + np.array(k2)
    for regime, values in enumerate(columns.values()):
        assert values == pytest.approx(first_consumption(capital, regime), rel=1e-8)
    expect(page.locator(".map")).to_be_hidden()
    # The crosshair reads them out, by pointer and by keyboard.
    chart, told = page.get_by_role("application", name="Policy slices"), readout(page, "Policy slices")
    others = sum(steady.values()) - steady["k2"]
    for move in (
        lambda: chart.locator(".u-over").hover(position={"x": 150, "y": 90}),
        lambda: chart.press("Home"),
    ):
        before = told.inner_text()
        move()
        expect(told).not_to_have_text(before)
        at, *read = (number(text) for text in told.locator("b").all_inner_texts())
        assert read == pytest.approx(
            [first_consumption(others + at, regime) for regime in range(4)], rel=1e-5
        )
    assert at == pytest.approx(k2[0], rel=1e-4)


def test_the_map_and_the_values_are_those_of_the_regime(open_page, server, two, steady):
    page = explore(open_page, server, two[0], more="&along=k2&across=k3&show=r")
    field = page.get_by_label("regime", exact=True)
    expect(field.locator("option")).to_have_text(REGIMES)
    value = page.get_by_role("row", name="gross return on capital").get_by_role("cell")
    for regime in (0, 3):
        field.select_option(REGIMES[regime])
        expect(value).to_have_text(f"{gross_return(sum(steady.values()), regime):.6g}")
        columns = numbers_of(page, "Policy map")
        k2, k3 = (np.array(columns[f"k{mark}, capital owned at age {age}"]) for mark, age in ("₂2", "₃3"))
        capital = sum(steady.values()) - steady["k2"] - steady["k3"] + k2 + k3
        assert columns["r, gross return on capital"] == pytest.approx(gross_return(capital, regime), rel=1e-8)
    expect(page).to_have_url(re.compile(r"at\.regime=3"))
    page.reload()
    expect(field).to_have_value("3")
    # A chain has no steady regime: the steady state is that of all else.
    page.locator(".map canvas").click(position={"x": 300, "y": 100})
    expect(page).to_have_url(re.compile(r"at\.k2="))
    page.get_by_role("button", name="Steady state").click()
    expect(page).not_to_have_url(re.compile(r"at\.k2="))
    expect(field).to_have_value("3")


def test_what_is_constant_is_one_colour_whatever_its_rounding(open_page, server, two):
    page = explore(open_page, server, two[0], more="&along=k2&across=k3&show=x1")
    values = numbers_of(page, "Policy map")["x₁, share of income that age 1 saves"]
    assert 0 < max(values) - min(values) < 1e-9
    colours = page.locator(".map canvas").evaluate(
        """(canvas) => {
          const dots = canvas.getContext("2d").getImageData(200, 20, 400, 200).data;
          return new Set(Array.from({ length: dots.length / 4 }, (_, dot) => dots.slice(4 * dot, 4 * dot + 3).join())).size;
        }"""
    )
    # What is drawn on it, the mark of the state, is black and white with greys between.
    grey = 60
    assert colours < grey


def test_paths_have_the_regime_in_steps_and_may_start_in_any(open_page, server, two):
    page = explore(open_page, server, two[0], "paths")
    expect(page.get_by_text("The first of 200 paths")).to_be_visible()
    answer = server.ask(f"/v1/solutions/{two[0]['id']}/simulate", {"periods": 100, "paths": 200, "seed": 0})
    assert numbers_of(page, "Simulated regime") == {
        "period": list(range(100)),
        "regime": answer["states"]["regime"][:100],
    }
    assert numbers_of(page, "Simulated c₁, consumption at age 1")["c₁"] == pytest.approx(
        answer["definitions"]["c1"][:100]
    )
    page.get_by_label("From a state of my own").check()
    page.get_by_label("regime", exact=True).select_option(REGIMES[2])
    page.get_by_role("button", name="Simulate", exact=True).click()  # its note is another from now on
    expect(page.get_by_text("The first of 200 paths")).to_be_visible()
    worn = "Simulated δ, depreciation rate of capital"
    page.get_by_role("application", name=worn).press("Home")
    expect(readout(page, worn).locator("b")).to_have_text(["0", "0.9"])


def test_a_change_of_the_regime_is_an_impulse(open_page, server, two):
    page = explore(open_page, server, two[0], "impulse")
    shocks = page.get_by_label("Shock", exact=True).locator("option")
    expect(shocks).to_have_text(["a change of the regime"])  # the chain's own shocks have no impulse
    page.get_by_label("To regime").select_option(REGIMES[0])
    page.get_by_role("button", name="Show responses").click()
    expect(page.get_by_text(f"A change to regime {REGIMES[0]} in period 0")).to_be_visible()
    columns = numbers_of(page, "Response of c₁, consumption at age 1")
    query = "shock=regime&to=0&periods=40&paths=1000&departure=ergodic"
    answer = server.ask(f"/v1/solutions/{two[0]['id']}/impulse-response?{query}")
    assert columns["c₁"] == pytest.approx(answer["response"]["c1"])
    assert columns["c₁"][0] < -0.005
    # The share that is saved does not respond; what rounding makes of it is told as nothing.
    still = "Response of x₁, share of income that age 1 saves"
    assert 0 < max(map(abs, numbers_of(page, still)["x₁"])) < 1e-9
    page.get_by_role("application", name=still).press("Home")
    expect(readout(page, still).locator("b")).to_have_text(["0", "0"])


def test_two_are_compared_in_a_regime(open_page, server, two, steady):
    page = open_page(
        f"{server.url}/#/compare?one={two[0]['id']}&other={two[1]['id']}&along=k2&show=c1&at.regime=3"
    )
    expect(page.get_by_label("regime", exact=True)).to_have_value("3")
    both = numbers_of(page, "Both policies")
    capital = sum(steady.values()) - steady["k2"] + np.array(both["k₂, capital owned at age 2"])
    for name, beta in (("A", BETA), ("B", 0.8)):
        truth = first_consumption(capital, 3, beta)
        drawn = [(value, true) for value, true in zip(both[name], truth, strict=True) if value is not None]
        assert len(drawn) > 50  # null beyond its own domain
        assert [value for value, _ in drawn] == pytest.approx([true for _, true in drawn], rel=1e-6)
    page.get_by_label("regime", exact=True).select_option(REGIMES[0])
    expect(page).not_to_have_url(re.compile(r"at\.regime"))


def test_many_regimes_are_five_lines_and_the_present_one_is_among_them(open_page, server):
    solution = server.solve(DISCRETISED)
    page = explore(open_page, server, solution, more="&show=y&at.regime=4", allowed=(404,))
    reach = math.sqrt(N_REGIMES - 1) * SIGMA / math.sqrt(1 - RHO**2)
    z = [reach * (2 * index / (N_REGIMES - 1) - 1) for index in range(N_REGIMES)]
    options = page.get_by_label("regime", exact=True).locator("option").all_inner_texts()
    values = [number(re.fullmatch(r"\d+ \(z = (.*)\)", text)[1]) for text in options]
    assert values == pytest.approx(z, abs=1e-4)
    columns = numbers_of(page, "Policy slices")
    k = np.array(columns.pop("k"))
    assert list(columns) == [f"regime {options[index]}" for index in (0, 4, 5, 8, 10)]
    for index, drawn in zip((0, 4, 5, 8, 10), columns.values(), strict=True):
        assert drawn == pytest.approx(np.exp(z[index]) * k**0.36, rel=1e-9)
    page.get_by_role("tab", name="Impulse responses").click()
    expect(page.get_by_label("Shock", exact=True).locator("option")).to_have_text(["a change of the regime"])
    expect(page.get_by_text("means over 1000 paths")).to_be_visible()
