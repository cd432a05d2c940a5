"""The page for everybody: by keyboard, by ear, on a phone, in the light and in the dark, without movement."""

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.page.conftest import NARROW, WIDE, Server

AXE = gzip.decompress((Path(__file__).parent / "vendor" / "axe.min.js.gz").read_bytes()).decode()
BROKEN = "name: x\nsymbols: {states: [k], controls: [i]}\n"
VIEWS = {
    "solve": "/solve?model=rbc&method.policy.family=polynomial",
    "file": "/solve?source=file",
    "policy": "/solutions/{one}?tab=policy",
    "paths": "/solutions/{one}?tab=paths",
    "impulse": "/solutions/{one}?tab=impulse",
    "certificate": "/solutions/{one}?tab=certificate",
    "training": "/solutions/{one}?tab=training",
    "code": "/solutions/{one}?tab=code",
    "solutions": "/solutions",
    "compare": "/compare?one={one}&other={other}",
    "regimes": "/solutions/{regimes}?tab=policy&along=k2&across=regime&show=c1",
    "regime-impulse": "/solutions/{regimes}?tab=impulse",
    "failed": "/solutions/{failed}",
    "unknown": "/solutions/0123456789abcdef0123456789abcdef",
}
#: What a view has only once all of it is there.
WHOLE = {
    "solve": "[data-field=seed]",
    "file": ".faults li",
    "certificate": ".checks li",
    "code": "pre.code",
    "solutions": "tbody tr",
    "failed": ".card h2",
    "unknown": ".failure:not([hidden])",
}


@pytest.fixture(scope="module")
def ids(page_stack):
    server = Server(page_stack.url)
    return {
        "one": server.solve("rbc")["id"],
        "other": server.solve("rbc", calibration={"gamma": 4})["id"],
        "regimes": server.solve("olg_krueger_kubler")["id"],
        "failed": server.fail()["id"],
    }


def show(open_page, server, ids, view, **options):
    page = open_page(server.url + "/#" + VIEWS[view].format(**ids), allowed=(404, 422), **options)
    if view == "file":
        page.get_by_label("Model file, in YAML").fill(BROKEN)
    page.locator(WHOLE.get(view, ".chart canvas")).first.wait_for()
    return page


def violations(page):
    """What axe-core finds, by rule and place. It comes by the debugger, for which the page's policy does not count."""
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        (rule["id"], node["target"], node["failureSummary"])
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", WIDE), ("dark", NARROW)], ids=["light", "dark-narrow"]
)
def test_no_rule_of_accessibility_is_broken_and_nothing_is_too_wide(
    open_page, server, ids, view, scheme, viewport
):
    page = show(open_page, server, ids, view, color_scheme=scheme, viewport=viewport)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def focused(page):
    """The focused element by its accessible name, and whether it shows that it is."""
    return page.evaluate(
        """() => {
          const node = document.activeElement;
          const name = node.getAttribute("aria-label") ?? node.labels?.[0]?.textContent ?? node.textContent;
          const { outlineStyle, outlineWidth } = getComputedStyle(node);
          return [name.trim().slice(0, 60), outlineStyle !== "none" && parseFloat(outlineWidth) >= 2];
        }"""
    )


def tab_to(page, wanted, most=80):
    """Presses Tab until something of that name has the focus; everything on the way shows it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        name, is_shown = focused(page)
        assert is_shown, f"{name} does not show that it has the focus"
        if re.search(wanted, name):
            return name
    raise AssertionError(f"Tab never came to {wanted}")


def test_from_the_start_to_a_certificate_by_keyboard_alone(open_page, server):
    page = open_page(server.url + "/#/solve?model=neoclassical")
    page.locator("[data-parameter=beta]").wait_for()
    page.keyboard.press("Tab")
    assert focused(page)[0] == "To the content"
    page.keyboard.press("Enter")
    tab_to(page, "^discount factor, slider$")
    page.keyboard.press("ArrowLeft")
    value = page.get_by_label("β discount factor").input_value()
    assert 0.95 < float(value) < 0.96
    tab_to(page, "^β discount factor$")
    tab_to(page, "^Reset beta")
    tab_to(page, "^Solve$")
    page.keyboard.press("Enter")
    page.get_by_role("tab", name="Policy").wait_for()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    tab_to(page, "^Policy$")
    page.keyboard.press("Tab")
    tab_to(page, "investment along capital|Policy slices")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert re.match(r"^k 2\.1", page.locator(".chart-block output").first.inner_text())
    tab_to(page, "^Policy map$")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"at\.a="))
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if focused(page)[0] == "Policy":
            break
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert focused(page)[0] == "Certificate"
    expect(page.locator(".checks li").first).to_be_visible()


def test_progress_is_told_to_those_who_listen(open_page, server):
    page = open_page(
        f"{server.url}/#/solve?model=rbc&method.training.algorithm=adam&method.training.steps=1000&seed=9"
    )
    page.get_by_role("button", name="Solve", exact=True).click()
    spoken = page.locator(".progress [aria-live=polite]")
    expect(spoken).to_have_text(re.compile(r"Euler error 10\^-\d\.\d after"))
    page.get_by_role("tab", name="Policy").wait_for()
    expect(page.locator(".status-line")).to_have_attribute("role", "status")


def test_the_theme_is_chosen_and_kept(open_page, server):
    page = open_page(server.url + "/", color_scheme="light")

    def ground():
        return page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    light = ground()
    switch = page.get_by_role("button", name=re.compile("^Theme"))
    switch.click()
    expect(switch).to_have_text("Theme: light")
    assert ground() == light
    switch.click()
    expect(switch).to_have_text("Theme: dark")
    dark = ground()
    page.reload()
    assert ground() == dark != light
    page.get_by_role("button", name="Theme: dark").click()
    assert ground() == light
    page.emulate_media(color_scheme="dark")
    assert ground() == dark


def test_nothing_moves_for_those_who_ask_for_that(open_page, server):
    page = open_page(server.url + "/", reduced_motion="reduce")
    page.locator("[data-parameter=beta]").wait_for()
    moving = """() => [...document.querySelectorAll("*")].filter((node) => {
      const { transitionDuration, animationName } = getComputedStyle(node);
      return transitionDuration !== "0s" || animationName !== "none";
    }).length"""
    assert page.evaluate(moving) == 0


def test_colours_of_lines_stand_out(open_page, server):
    """At least 3 : 1 against what is behind them (WCAG 1.4.11), in both themes; text has axe's rule."""
    for scheme in ("light", "dark"):
        page = open_page(server.url + "/", color_scheme=scheme)
        found = page.evaluate(
            """async () => {
              const { colour } = await import("/page/charts/colours.js");
              const ordered = [1, 2, 3, 4, 5].map((one) => `ordered-${one}`);
              const names = ["ground", "card", "first", "second", "soft", "field", ...ordered];
              const rgb = (name) => colour(name).match(/[\\d.]+/g).slice(0, 3).map(Number);
              return Object.fromEntries(names.map((name) => [name, rgb(name)]));
            }"""
        )
        for name, rgb in found.items():
            if name not in ("ground", "card"):
                assert min(contrast(rgb, found["ground"]), contrast(rgb, found["card"])) >= 3, (scheme, name)


def contrast(one, other):
    """The contrast ratio of two colours, as WCAG 2 defines it."""

    def luminance(rgb):
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in (value / 255 for value in rgb)
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
