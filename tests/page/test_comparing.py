"""The list of solutions, and two of them over each other."""

import re

import pytest
from playwright.sync_api import expect

from tests.page.conftest import Server, number
from tests.page.test_exploring import numbers_of, readout


@pytest.fixture(scope="module")
def two(page_stack):
    """The same model, riskier and with less patience for risk in the second."""
    server = Server(page_stack.url)
    return server.solve("rbc", calibration={"gamma": 1.5}), server.solve("rbc", calibration={"gamma": 5})


def test_two_are_chosen_in_the_list_and_drawn_over_each_other(open_page, server, two):
    page = open_page(server.url + "/#/solutions?model=rbc")
    compare = page.get_by_role("button", name="Compare the two")
    for solution in two:
        expect(compare).to_be_disabled()
        page.get_by_label(f"Compare rbc {solution['id'][:8]}").check()
    compare.click()
    gamma = page.get_by_role("row", name="relative risk aversion")
    expect(gamma.get_by_role("cell")).to_have_text(["1.5", "5"])
    expect(gamma).to_have_class("changed")
    page.get_by_label("Variable").select_option("c")
    expect(page.locator(".chart-title").first).to_have_text("c, consumption")
    both = numbers_of(page, "Both policies")
    k = both["k, capital"]
    truth = [server.policy(solution["id"], {"a": 0, "k": k})["c"] for solution in two]
    assert both["A"] == pytest.approx(truth[0]) and both["B"] == pytest.approx(truth[1])
    apart = numbers_of(page, "Difference")
    assert apart["B less A"] == pytest.approx([b - a for a, b in zip(*truth, strict=True)], abs=1e-12)
    # One crosshair for both charts.
    page.get_by_role("application", name="Both policies").press("End")
    for chart in ("Both policies", "Difference"):
        assert number(readout(page, chart).locator("b").first.inner_text()) == pytest.approx(k[-1], rel=1e-4)
    expect(page).to_have_url(re.compile(f"one={two[0]['id']}.*show=c"))


def test_the_list_is_filtered(open_page, server, two):
    server.solve("brock_mirman")
    page = open_page(server.url + "/#/solutions")
    rows = page.locator("tbody tr")
    expect(page.get_by_role("row", name="brock_mirman")).to_have_count(1)
    page.get_by_label("Search").fill("gamma=5")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(two[1]["id"][:8])
    page.get_by_label("Search").fill("")
    page.get_by_label("Model", exact=True).select_option("brock_mirman")
    expect(rows).to_have_count(1)
    page.get_by_label("Verdict").select_option("fail")
    expect(page.get_by_text("No solution is like this.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Model", exact=True)).to_have_value("brock_mirman")
    page.get_by_label("Verdict").select_option("")
    page.get_by_label("Status").select_option("succeeded")
    expect(rows).to_have_count(1)
    rows.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Brock-Mirman growth")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Model", exact=True)).to_have_value("brock_mirman")


def test_two_without_a_common_state_are_told(open_page, server, two):
    other = server.solve("consumption_savings", target=1e-2)
    page = open_page(f"{server.url}/#/compare?one={two[0]['id']}&other={other['id']}")
    expect(page.get_by_text("have no state and no variable in common")).to_be_visible()


def test_one_solution_is_not_two(open_page, server, two):
    page = open_page(f"{server.url}/#/compare?one={two[0]['id']}")
    expect(page.get_by_text("Choose two solutions.")).to_be_visible()
    page.get_by_label("B", exact=True).select_option(two[1]["id"])
    expect(page.get_by_role("row", name="relative risk aversion")).to_be_visible()
