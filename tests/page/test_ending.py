"""What is over: deleted after a question, tried again where there is no policy; and where the focus is meanwhile."""

import re

import pytest
from playwright.sync_api import expect

from tests.page.test_access import violations

ENDLESS = "model=rbc&method.training.algorithm=adam&method.training.steps=200000"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_deleted_before_it_is_confirmed(open_page, server, scheme):
    solution = server.solve(
        "neoclassical", calibration={"beta": 0.93}, seed={"light": 21, "dark": 22}[scheme]
    )
    page = open_page(f"{server.url}/#/solutions/{solution['id']}", color_scheme=scheme)
    asked = []
    page.on("request", lambda request: asked.append(request.method))
    opener = page.get_by_role("button", name="Delete")
    dialog = page.get_by_role("alertdialog", name="Delete this solution?")
    opener.press("Enter")
    expect(dialog).to_have_accessible_description(re.compile(f"{solution['id'][:8]}.* solves it again"))
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()
    opener.press("Enter")
    page.keyboard.press("Enter")  # what has the focus keeps it
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()
    assert "DELETE" not in asked
    # The rest of the page cannot be reached while it asks, and another address takes the question back.
    opener.press("Enter")
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('dialog, body').tagName") in ("DIALOG", "BODY")
        assert page.evaluate("!document.querySelector('main').contains(document.activeElement)")
    page.evaluate("location.hash = '#/solutions'")
    expect(page.get_by_role("heading", name="Solutions")).to_be_visible()
    expect(dialog).to_have_count(0)
    page.go_back()
    opener.click()
    dialog.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", name="Solutions")).to_be_focused()
    assert asked.count("DELETE") == 1
    assert solution["id"] not in [one["id"] for one in server.ask("/v1/solutions?limit=200")["solutions"]]


def test_a_failed_solve_says_why_and_is_tried_again(open_page, server):
    failed = server.fail(seed=23)
    page = open_page(f"{server.url}/#/solutions/{failed['id']}")
    expect(page.get_by_text("Lower training.learning_rate")).to_be_visible()
    title = page.get_by_role("heading", level=1)
    page.get_by_role("button", name="Try again").press("Enter")
    expect(title).to_be_focused()
    expect(page.locator("main[aria-busy]")).to_have_count(0)
    expect(page.get_by_text("Lower training.learning_rate")).to_be_visible()
    again = server.ask(f"/v1/solutions/{failed['id']}")
    assert again["finished_at"] > failed["finished_at"]
    page.get_by_role("link", name="Change and solve again").click()
    rate = page.get_by_label("Learning rate", exact=True)
    expect(rate).to_have_value("10")
    rate.fill("0.001")
    rate.press("Tab")
    page.get_by_role("button", name="Solve", exact=True).click()
    page.get_by_role("tab", name="Policy").wait_for()


def test_a_succeeded_solution_is_not_tried_again(open_page, server):
    page = open_page(f"{server.url}/#/solutions/{server.solve('neoclassical')['id']}")
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_the_focus_is_never_lost_while_a_solve_goes_on_and_ends(open_page, server):
    page = open_page(f"{server.url}/#/solve?{ENDLESS}&seed=24")
    title = page.get_by_role("heading", level=1)
    page.get_by_role("button", name="Solve", exact=True).press("Enter")
    expect(page.get_by_role("region", name="Progress")).to_be_visible()
    expect(title).to_be_focused()
    expect(page.locator("main[aria-busy]")).to_have_count(0)  # what is busy may go unheard
    page.locator(".facts").wait_for()
    page.get_by_role("button", name="Cancel").press("Enter")
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    expect(title).to_be_focused()
    page.get_by_role("button", name="Try again").press("Enter")
    page.locator(".facts").wait_for()
    expect(title).to_be_focused()
    page.get_by_role("button", name="Cancel").press("Enter")
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()


def test_what_was_cancelled_is_solved_when_it_is_asked_for_again(open_page, server):
    page = open_page(f"{server.url}/#/solve?{ENDLESS}&seed=26")
    for is_again in (False, True):
        if is_again:
            page.get_by_role("link", name="Change and solve again").click()
        page.get_by_role("button", name="Solve", exact=True).click()
        page.locator(".facts").wait_for()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()


def test_what_is_less_than_good_leads_to_its_reasons(open_page, server):
    poor = server.solve("rbc", method={"training": {"algorithm": "sgd", "steps": 20}}, seed=25)
    assert poor["certificate"]["verdict"] == "fail"
    page = open_page(f"{server.url}/#/solutions/{poor['id']}")
    page.get_by_role("link", name="see why").click()
    expect(page.get_by_role("tab", name="Certificate")).to_have_attribute("aria-selected", "true")
    verdicts = page.locator(".checks .verdict").all_inner_texts()
    assert verdicts == sorted(verdicts, key=["fail", "warn", "pass"].index) and verdicts[0] == "fail"
