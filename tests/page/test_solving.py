"""From an empty start to a solution; a solve that is followed, left and picked up again."""

import re

import pytest
from playwright.sync_api import expect

from tests.page.conftest import Server, number
from tests.page.test_exploring import numbers_of

#: A solve of some seconds, by a method that reports often.
SLOW = "model=rbc&method.training.algorithm=adam&method.training.steps=1500&method.expectation.rule=gauss_hermite"
BETA, DELTA, THETA = 0.96, 0.1, 0.36
K_STEADY = (THETA / (1 / BETA - 1 + DELTA)) ** (1 / (1 - THETA))


def start(page):
    page.get_by_role("button", name="Solve", exact=True).click()


def fact(page, name):
    """What the panel of a running solve says of something."""
    term = page.locator("dt", has_text=re.compile(rf"^{name}$"))
    return page.locator(".facts div", has=term).locator("dd")


def shown_step(page):
    return int(fact(page, "Step").inner_text())


def id_of(page):
    return re.search(r"#/solutions/([0-9a-f]{32})", page.url)[1]


def test_the_default_model_is_solved_from_an_empty_start(open_page, empty_stack):
    url = empty_stack().url
    page = open_page(url + "/")
    page.get_by_role("link", name="Solutions").click()
    expect(page.get_by_text("Nothing has been solved yet.")).to_be_visible()
    page.get_by_role("link", name="Solve", exact=True).click()
    expect(page.get_by_role("heading", name="Deterministic neoclassical growth")).to_be_visible()
    start(page)
    expect(page.get_by_role("tab", name="Policy")).to_have_attribute("aria-selected", "true")
    row = page.get_by_role("row", name="investment")
    expect(row.get_by_role("cell")).to_have_text(re.compile(r"\d"))
    # Investment replaces what wears off, at the steady state of capital that is known in closed form.
    assert number(row.get_by_role("cell").inner_text()) == pytest.approx(DELTA * K_STEADY, rel=1e-5)
    page.get_by_role("tab", name="Certificate").click()
    checks = Server(url).ask(f"/v1/solutions/{id_of(page)}")["certificate"]["checks"]
    assert len(checks) >= 10
    for check in checks:
        shown = page.locator(f"[data-check={check['name']}]")
        expect(shown.locator(".verdict")).to_have_text(check["verdict"])
        meaning = shown.locator("p").first.inner_text()
        assert re.sub(r"\s", "", meaning).replace("\u2212", "-") == re.sub(r"[\s^]", "", check["meaning"])
    page.get_by_role("link", name="Solutions").first.click()
    expect(page.get_by_role("row", name="neoclassical")).to_have_count(1)


def test_parameters_and_method_are_those_that_were_set(open_page, server):
    page = open_page(server.url + "/#/solve?model=neoclassical")
    beta = page.get_by_label("β discount factor")
    beta.fill("0.95")
    slider = page.get_by_label("relative risk aversion (utility is logarithmic at 1), slider")
    slider.focus()
    slider.press("ArrowRight")
    gamma = float(page.get_by_label("γ relative risk aversion").input_value())
    assert 2 < gamma < 2.1
    page.get_by_text("Target and method").click()
    page.get_by_label("Family", exact=True).select_option("polynomial")
    page.get_by_label("Degree", exact=True).fill("6")
    page.get_by_label("Target", exact=True).fill("1e-5")
    page.get_by_label("Target", exact=True).press("Tab")
    expect(page).to_have_url(re.compile(r"calibration\.beta=0\.95.*method\.policy\.degree=6"))
    page.reload()
    expect(page.get_by_label("β discount factor")).to_have_value("0.95")
    expect(page.get_by_label("Degree", exact=True)).to_have_value("6")
    start(page)
    page.get_by_role("tab", name="Policy").wait_for()
    solution = server.ask(f"/v1/solutions/{id_of(page)}")
    assert solution["calibration"]["beta"] == 0.95 and solution["calibration"]["gamma"] == gamma
    assert solution["method"]["policy"] == {
        "family": "polynomial",
        "degree": 6,
        "hidden": None,
        "activation": None,
    }
    assert solution["target"] == 1e-5


def test_bounds_and_descriptions_stand_at_the_parameters(open_page, server):
    symbols = server.ask("/v1/models/neoclassical")["symbols"]
    page = open_page(server.url + "/#/solve?model=neoclassical")
    for name in ("beta", "delta", "theta", "gamma", "rho", "loading"):
        row, (lower, upper) = page.locator(f"[data-parameter={name}]"), symbols[name]["bounds"]
        expect(row).to_contain_text(symbols[name]["description"])
        expect(row).to_contain_text(f"{lower:g} to {upper:g}")
        slider = row.get_by_role("slider")
        for key, bound in (("Home", lower), ("End", upper)):
            slider.press(key)
            expect(row.get_by_role("spinbutton")).to_have_value(f"{bound:g}")


def test_loss_and_euler_error_are_followed_live(open_page, server):
    page = open_page(f"{server.url}/#/solve?{SLOW}&seed=4")
    start(page)
    counts = []
    for _ in range(2):
        columns = numbers_of(page, "Training")
        counts.append(len(columns["seconds"]))
        assert columns["seconds"] == sorted(columns["seconds"])
        assert all(value is not None for value in columns["largest Euler error"] + columns["loss"])
        assert number(fact(page, "Loss").inner_text()) > 0
        expect(fact(page, "Euler error")).to_have_text(re.compile(r"^10\u2212\d\.\d$"))
        step = shown_step(page)
        expect(fact(page, "Step")).not_to_have_text(str(step))
    assert 1 < counts[0] <= counts[1]
    page.get_by_role("tab", name="Policy").wait_for()


def test_what_the_service_refuses_is_told_at_its_field(open_page, server):
    page = open_page(
        server.url + "/#/solve?model=neoclassical&method.policy.family=polynomial", allowed=(422,)
    )
    beta = page.get_by_label("β discount factor")
    beta.fill("1.2")
    expect(page.locator("[data-parameter=beta] .fault")).to_contain_text("0.9999")
    page.get_by_label("Degree", exact=True).fill("99")
    page.get_by_label("Degree", exact=True).press("Tab")
    start(page)
    expect(page.locator("[data-field='method.policy.degree'] .fault")).to_contain_text("40")
    expect(page.get_by_role("alert")).to_be_visible()
    beta.fill("0.9")
    expect(page.locator("[data-parameter=beta] .fault")).to_be_hidden()


@pytest.mark.parametrize("text", ["0,97", "1e999"])
def test_a_link_whose_parameter_is_no_number_is_not_solved_as_another(open_page, server, text):
    page = open_page(f"{server.url}/#/solve?model=rbc&calibration.beta={text}", allowed=(422,))
    start(page)
    expect(page.locator("[data-parameter=beta] .fault")).to_contain_text(text)
    field = page.locator("[data-parameter=beta] input[type=number]")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("0.97")
    start(page)
    page.get_by_role("tab", name="Policy").wait_for()
    expect(page.get_by_label("Calibration")).to_contain_text("β = 0.97")


def test_a_reload_in_the_middle_of_a_solve_picks_it_up_again(open_page, server):
    page = open_page(f"{server.url}/#/solve?{SLOW}&seed=1")
    start(page)
    expect(fact(page, "Step")).not_to_have_text("0")
    before, address = shown_step(page), page.url
    page.reload()
    expect(fact(page, "Step")).to_have_text(re.compile(r"\d"))
    assert page.url == address and shown_step(page) >= before
    # All that was told before the reload is drawn again.
    expect(page.locator(".chart canvas")).to_be_visible()
    page.get_by_role("tab", name="Policy").wait_for()
    assert server.ask(f"/v1/solutions/{id_of(page)}")["attempts"] == 1


def test_a_solve_is_cancelled_and_tried_again(open_page, server):
    page = open_page(f"{server.url}/#/solve?{SLOW}&method.training.steps=200000&seed=2")
    start(page)
    fact(page, "Step").wait_for()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    fact(page, "Step").wait_for()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", name="Solutions")).to_be_visible()


def test_a_stream_that_breaks_goes_on_after_its_last_event(open_page, server):
    solution = server.ask(
        "/v1/solutions",
        {"model": "rbc", "seed": 3, "method": {"training": {"algorithm": "adam", "steps": 800}}},
    )
    asked = []

    def break_first(route):
        asked.append(route.request.headers.get("last-event-id"))
        if len(asked) > 1:
            route.continue_()
            return
        event = 'event: status\ndata: {"status":"running"}\nid: 5-0\n\nevent: progress\ndata: {"phase"'
        route.fulfill(body=event, content_type="text/event-stream")

    page = open_page(server.url + "/")
    page.route("**/events", break_first)
    page.goto(f"{server.url}/#/solutions/{solution['id']}")
    page.get_by_role("tab", name="Policy").wait_for()
    assert asked == [None, "5-0"]


@pytest.mark.parametrize("cut", [1, 2, 7, 1000])
def test_events_are_read_however_they_are_cut(open_page, server, cut):
    text = 'retry: 2000\n\n: hello\n\nevent: status\ndata: {"a":\ndata: "ü"}\nid: 1-0\n\ndata: x\r\n\r\ndata: lost'
    page = open_page(server.url + "/")
    found = page.evaluate(
        """async ([bytes, cut]) => {
          const { read } = await import("/page/events.js");
          const pieces = [];
          for (let at = 0; at < bytes.length; at += cut) pieces.push(new Uint8Array(bytes.slice(at, at + cut)));
          const stream = new ReadableStream({ start(sink) { pieces.forEach((one) => sink.enqueue(one)); sink.close(); } });
          const events = [];
          await read(stream, (event) => events.push(event));
          return events;
        }""",
        [list(text.encode()), cut],
    )
    assert found == [
        {"kind": "status", "data": '{"a":\n"ü"}', "id": "1-0"},
        {"kind": "message", "data": "x", "id": None},
    ]
