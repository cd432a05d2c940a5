"""What the page draws is what the service answers; and its code, run as it stands, finds the same solution."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.page.conftest import Server, number


@pytest.fixture(scope="module")
def solved(page_stack):
    return Server(page_stack.url).solve("rbc")


def explore(open_page, server, solution, tab="policy", more="", allowed=()):
    address = f"{server.url}/#/solutions/{solution['id']}?tab={tab}{more}"
    page = open_page(address, accept_downloads=True, allowed=allowed)
    page.get_by_role("tab", name="Policy").wait_for()
    return page


def numbers_of(page, name):
    """The numbers of a chart, by their column, as its button hands them over."""
    button = page.get_by_role("button", name=re.compile(f"^Numbers of {name} as CSV"))
    with page.expect_download() as download:
        button.click()
    rows = list(csv.reader(download.value.path().read_text().splitlines()))
    return {
        head: [float(value) if value else None for value in column]
        for head, *column in zip(*rows, strict=True)
    }


def readout(page, chart):
    return (
        page.locator(".chart-block")
        .filter(has=page.get_by_role("application", name=chart))
        .locator(".readout")
    )


def test_slices_are_the_policy(open_page, server, solved):
    page = explore(open_page, server, solved, more="&at.a=0.05&show=c")
    expect(page.locator(".chart-title").first).to_have_text("c, consumption")
    columns = numbers_of(page, "Policy slices")
    k = columns.pop("k, capital")
    assert len(columns) == 5 and "a = 0.05" in columns
    for head, values in columns.items():
        a = number(head.removeprefix("a = "))
        truth = server.policy(solved["id"], {"a": a, "k": k})["c"]
        assert values == pytest.approx(truth, rel=1e-9)


def test_the_map_is_read_by_pointer_and_moves_the_state(open_page, server, solved):
    page = explore(open_page, server, solved)
    canvas = page.locator(".map canvas")
    canvas.scroll_into_view_if_needed()
    canvas.hover(position={"x": 300, "y": 100})
    reading = [number(text) for text in readout(page, "Policy map").locator("b").all_inner_texts()]
    k, a, i = reading
    assert i == pytest.approx(server.policy(solved["id"], {"a": a, "k": k})["i"][0], rel=1e-3)
    canvas.click(position={"x": 300, "y": 100})
    expect(page).to_have_url(re.compile(r"at\.k="))
    assert float(page.get_by_label("capital", exact=True).input_value()) == pytest.approx(k, rel=1e-4)
    row = page.get_by_role("row", name="consumption")
    at = {
        part.split("=")[0][3:]: float(part.split("=")[1])
        for part in page.url.split("&")
        if part.startswith("at.")
    }
    truth = server.policy(solved["id"], at)["c"][0]
    expect(row.get_by_role("cell")).to_have_text(f"{truth:.6g}")
    page.get_by_role("button", name="Steady state").click()
    expect(page).not_to_have_url(re.compile(r"at\."))


def test_a_state_beyond_the_domain_is_told(open_page, server, solved):
    page = explore(open_page, server, solved)
    page.get_by_label("capital", exact=True).fill("9")
    page.get_by_label("capital", exact=True).press("Tab")
    expect(page.get_by_text("beyond the domain")).to_be_visible()


def test_paths_are_those_of_the_service(open_page, server, solved):
    page = explore(open_page, server, solved, "paths")
    expect(page.get_by_text("The first of 200 paths")).to_be_visible()
    columns = numbers_of(page, "Simulated k, capital")
    answer = server.ask(f"/v1/solutions/{solved['id']}/simulate", {"periods": 100, "paths": 200, "seed": 0})
    assert columns["k"] == pytest.approx(answer["states"]["k"][:100])
    at_the_end = sorted(answer["states"]["k"][99::100])
    below = sum(value < columns["k lower"][-1] for value in at_the_end)
    above = sum(value > columns["k upper"][-1] for value in at_the_end)
    assert (below, above) == (10, 10)
    page.get_by_label("From a state of my own").check()
    page.get_by_label("capital", exact=True).fill("3")
    page.get_by_label("capital", exact=True).press("Tab")
    page.get_by_role("button", name="Simulate", exact=True).click()
    drawn = readout(page, "Simulated k, capital").locator("b")
    expect(drawn).not_to_have_text(["99", f"{columns['k'][-1]:.6g}"])
    page.get_by_role("application", name="Simulated k, capital").press("Home")
    expect(drawn).to_have_text(["0", "3"])


def test_paths_too_many_for_one_request_come_from_a_job(open_page, server, solved):
    page = explore(open_page, server, solved, "paths")
    expect(page.get_by_text("The first of 200 paths")).to_be_visible()
    asked = {"periods": 100, "paths": 1000, "burn_in": 1500, "seed": 3}
    for name, label in (("periods", "Periods"), ("paths", "Paths"), ("burn_in", "Burn-in"), ("seed", "Seed")):
        page.get_by_role("spinbutton", name=label, exact=True).fill(str(asked[name]))
    page.get_by_role("button", name="Simulate", exact=True).click()
    expect(page.get_by_text("The first of 1000 paths")).to_be_visible()
    columns = numbers_of(page, "Simulated k, capital")
    job = server.ask(f"/v1/solutions/{solved['id']}/simulate", asked)
    pages = [
        server.ask(f"/v1/solutions/{solved['id']}/simulations/{job['id']}/result?page={number}")
        for number in (0, 1)
    ]
    assert job["status"] == "succeeded" and pages[0]["pages"] == 2
    assert columns["k"] == pytest.approx(pages[0]["states"]["k"][:100])
    at_the_end = sorted((pages[0]["states"]["k"] + pages[1]["states"]["k"])[99::100])
    assert sum(value < columns["k lower"][-1] for value in at_the_end) == 50


def test_responses_are_those_of_the_service(open_page, server, solved):
    page = explore(open_page, server, solved, "impulse")
    expect(page.get_by_text("means over 1000 paths")).to_be_visible()
    columns = numbers_of(page, "Response of c, consumption")
    query = "shock=e&size=1&periods=40&paths=1000&departure=ergodic"
    answer = server.ask(f"/v1/solutions/{solved['id']}/impulse-response?{query}")
    assert columns["c"] == pytest.approx(answer["response"]["c"])
    spread = [upper - mean for upper, mean in zip(columns["c upper"], columns["c"], strict=True)]
    assert spread == pytest.approx([2 * error for error in answer["standard_error"]["c"]], abs=1e-12)


def test_where_nothing_is_left_to_chance_there_is_no_impulse(open_page, server):
    page = explore(open_page, server, server.solve("neoclassical"), "impulse")
    expect(page.get_by_text("Nothing is left to chance in this model")).to_be_visible()


def test_a_single_state_is_drawn(open_page, server):
    one = server.solve("consumption_savings", target=1e-2)
    page = explore(open_page, server, one)
    expect(page.locator(".chart canvas").first).to_be_visible()
    expect(page.locator(".map")).to_be_hidden()
    assert set(numbers_of(page, "Policy slices")) == {"w, cash on hand", "c"}


def test_training_and_what_may_be_taken_away(open_page, server, solved):
    page = explore(open_page, server, solved, "training")
    columns = numbers_of(page, "Training")
    assert columns["largest Euler error"][-1] == pytest.approx(solved["progress"]["euler_error_max_log10"])
    with page.expect_download() as download:
        page.get_by_role("button", name="Record, to solve it again").click()
    assert json.loads(download.value.path().read_text())["id"] == solved["id"]


def test_a_model_that_was_never_registered_is_explored_all_the_same(open_page, server, solved):
    document = server.ask(f"/v1/solutions/{solved['id']}/record")["job"]["document"]
    solution = server.solve(document | {"title": "Of the hour"})
    page = explore(open_page, server, solution, "impulse", allowed=(404,))
    expect(page.get_by_role("heading", name="Of the hour")).to_be_visible()
    expect(page.get_by_text("means over 1000 paths")).to_be_visible()
    page.get_by_role("tab", name="Code").click()
    text = page.get_by_label("curl code", exact=True).inner_text()
    body = json.loads(re.search(r"-d '(.*)' \| sed", text, re.DOTALL)[1].replace("'\\''", "'"))
    assert server.solve(body.pop("model"), **body)["id"] == solution["id"]


def test_the_code_of_such_a_model_runs_whatever_its_names(open_page, server, solved, tmp_path):
    """With members that are true, null or empty, and a parameter whose name is a word of Python's."""
    document = server.ask(f"/v1/solutions/{solved['id']}/record")["job"]["document"]
    document = json.loads(json.dumps(document).replace("delta", "del")) | {"title": "Of the hour before"}
    solution = server.solve(document, calibration={"del": 0.03})
    page = explore(open_page, server, solution, "code", "&at.k=4", allowed=(404,))
    page.get_by_role("tab", name="Python", exact=True).click()
    text = page.get_by_label("Python code", exact=True).inner_text()
    assert '"del": 0.03' in text and "del=" not in text
    (tmp_path / "code.py").write_text(text + "\nprint(s.id)\n")
    environment = {"SADDLEPATH_URL": server.url, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, tmp_path / "code.py"], capture_output=True, text=True, timeout=300, env=environment
    )
    assert done.stdout.strip() == solution["id"], done.stderr


@pytest.mark.parametrize("view", ["nosuch", "constructor", "__proto__"])
def test_an_address_of_no_view_says_so(open_page, server, view):
    page = open_page(f"{server.url}/#/{view}")
    expect(page.get_by_role("heading", name="Not shown")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("There is no such view.")


@pytest.fixture
def code(open_page, server, solved):
    """The code of a language, for a calibration that is not the model's own."""
    solution = server.solve("rbc", calibration={"gamma": 3})
    page = explore(open_page, server, solution, "code", "&at.k=4")

    def of(language):
        page.get_by_role("tab", name=language, exact=True).click()
        return page.get_by_label(f"{language} code", exact=True).inner_text(), server.policy(
            solution["id"], {"a": 0, "k": 4}
        )["c"][0]

    return of


def run(command, text):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("language", ["curl", "Python", "R", "Julia"])
def test_code_is_copied_as_it_stands(open_page, server, solved, language):
    page = explore(open_page, server, solved, "code")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("tab", name=language, exact=True).click()
    page.get_by_role("button", name=f"Copy the {language} code").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    shown = page.get_by_label(f"{language} code", exact=True).inner_text()
    assert page.evaluate("navigator.clipboard.readText()").strip() == shown.strip()


def test_the_code_for_curl_runs(code):
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on the PATH")
    text, truth = code("curl")
    assert json.loads(run(["sh"], text))["definitions"]["c"] == truth


def test_the_code_for_r_runs(code):
    if shutil.which("Rscript") is None:
        pytest.skip("there is no Rscript on the PATH (on Debian: apt install r-cran-httr2)")
    text, truth = code("R")
    said = run(["Rscript", "-"], text)
    assert float(re.search(r"\$ c\s*: num (\S+)", said)[1]) == pytest.approx(truth, rel=5e-3)


def test_the_code_for_python_runs(code, server):
    pytest.importorskip("saddlepath", reason="the Python client is not installed here")
    text, truth = code("Python")
    text = text.replace("s.policy(", "answer = s.policy(") + "\nprint(answer.c)\n"
    done = subprocess.run(
        [sys.executable, "-"],
        input=text,
        capture_output=True,
        text=True,
        timeout=300,
        env={"SADDLEPATH_URL": server.url},
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(truth, rel=1e-12)


def test_the_code_for_julia_says_the_same_request(code):
    """No Julia is at hand: that the request is the same is all that is seen here."""
    text, _ = code("Julia")
    assert '"gamma" => 3' in text and 'Dict("a" => 0, "k" => 4)' in text
