"""A model file of one's own: its faults where they stand, its use once it has none, and its words as words."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import expect

EXAMPLE = (files("service") / "web" / "example.yaml").read_text()
BROKEN = EXAMPLE.replace("c[t] = y[t] -", "c[t] = y[t] - zz -").replace("  beta: 0.96\n", "")
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


@pytest.fixture
def editor(open_page, server):
    page = open_page(server.url + "/", allowed=(422,))
    page.get_by_role("tab", name="A file of your own").click()
    return page


def place_of(text, wanted):
    """Line and column, from 1."""
    before = text[: text.index(wanted)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def test_a_broken_file_is_pasted_and_its_faults_are_read(editor):
    area = editor.get_by_label("Model file, in YAML")
    area.focus()
    editor.keyboard.insert_text(BROKEN)
    line, column = place_of(BROKEN, "zz")
    fault = editor.locator(".faults li", has_text="zz is not declared")
    expect(fault).to_contain_text(f"line {line}, column {column}")
    expect(editor.locator(".faults li", has_text="the parameter beta is not calibrated")).to_be_visible()
    expect(editor.get_by_role("status").filter(has_text="3 faults")).to_be_visible()
    expect(editor.get_by_role("button", name="Use this model")).to_be_disabled()
    # It is marked: the number of the line, and the text.
    expect(editor.locator(".gutter mark").filter(has_text=str(line))).to_have_count(1)
    expect(editor.locator(".marks mark").filter(has_text=re.compile("^zz$"))).to_have_count(1)
    fault.get_by_role("button").click()
    selected = area.evaluate("(area) => area.value.slice(area.selectionStart, area.selectionEnd)")
    assert selected == "zz"
    # A reload loses nothing of it.
    editor.reload()
    expect(area).to_have_value(BROKEN)
    expect(fault).to_be_visible()


def test_a_mark_stands_under_what_it_marks(editor):
    editor.get_by_label("Model file, in YAML").fill(BROKEN)
    mark = editor.locator(".marks mark", has_text="zz")
    mark.wait_for()
    fonts = editor.evaluate(
        """() => ["textarea", ".marks", ".gutter"].map((one) => {
          const { font, paddingTop, lineHeight } = getComputedStyle(document.querySelector(`.editor ${one}`));
          return [font, paddingTop, lineHeight].join();
        })"""
    )
    assert len(set(fonts)) == 1
    line, column = place_of(BROKEN, "zz")
    area, box = editor.locator(".marks").bounding_box(), mark.bounding_box()
    scrolled = editor.locator(".marks").evaluate("(marks) => marks.scrollTop")
    assert abs(box["y"] + box["height"] / 2 - (area["y"] + 10 + 20 * (line - 0.5) - scrolled)) < 4
    character = box["width"] / 2
    assert abs(box["x"] - (area["x"] + 12 + character * (column - 1))) < 2


def test_the_example_is_used_and_solved(editor):
    editor.get_by_role("button", name="Start from the example").click()
    expect(editor.get_by_text("This is a model.")).to_be_visible()
    editor.get_by_role("button", name="Use this model").click()
    expect(editor.get_by_role("heading", name="Growth with adjustment costs")).to_be_visible()
    expect(editor.get_by_label("χ cost of adjusting capital")).to_have_value("1")
    editor.get_by_role("button", name="Solve", exact=True).click()
    editor.get_by_role("tab", name="Policy").wait_for()
    expect(editor.locator(".status-line .verdict")).to_have_text("pass")


def test_a_file_is_chosen_from_the_disk(editor, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(EXAMPLE)
    editor.get_by_label("Choose a model file").set_input_files(path)
    expect(editor.get_by_text("This is a model.")).to_be_visible()


def test_a_file_of_dynare_s_is_read_as_such_and_keeps_its_name(editor, server, tmp_path):
    whole = (Path(__file__).parents[2] / "examples" / "rbc.mod").read_text()
    draft, path = tmp_path / "draft.mod", tmp_path / "kpr.mod"
    draft.write_text(whole.replace("y = c + i;", "y = c + i + zz;"))
    editor.get_by_label("Choose a model file").set_input_files(draft)
    line = whole[: whole.index("y = c + i;")].count("\n") + 1
    expect(editor.locator(".faults li", has_text="zz")).to_contain_text(f"line {line}")
    path.write_text(whole)
    editor.get_by_label("Choose a model file").set_input_files(path)
    expect(editor.get_by_text("This is a model, read as Dynare's.")).to_be_visible()
    editor.get_by_role("button", name="Use this model").click()
    expect(editor.get_by_role("heading", name=re.compile("^kpr"))).to_be_visible()
    name = re.search("model=(kpr-[0-9a-f]{16})", editor.url)[1]
    # Its steady state is in its own lines.
    k = (0.33 / (1 / 0.99 - 1 + 0.025)) ** (1 / (1 - 0.33))
    assert server.ask(f"/v1/models/{name}")["steady_state"]["k"] == pytest.approx(k)


def test_a_model_without_a_title_is_called_by_its_name(editor):
    editor.get_by_label("Model file, in YAML").fill(re.sub("(?m)^title: .*$", "", EXAMPLE))
    editor.get_by_role("button", name="Use this model").click()
    name = re.compile(r"^my-growth-[0-9a-f]{16}$")
    expect(editor.get_by_role("heading", name=name)).to_be_visible()
    expect(editor.get_by_label("Model", exact=True).locator("option:checked")).to_have_text(name)
    editor.get_by_role("button", name="Solve", exact=True).click()
    expect(editor.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_words_of_a_model_stay_words(editor, server):
    text = EXAMPLE.replace("Growth with adjustment costs", f"'{HOSTILE.replace(chr(39), chr(39) * 2)}'")
    text = text.replace(
        "description: log productivity, symbol: a",
        f"description: '{HOSTILE.replace(chr(39), chr(39) * 2)}', symbol: '<b>a</b>'",
    )
    editor.get_by_label("Model file, in YAML").fill(text)
    editor.get_by_role("button", name="Use this model").click()
    expect(editor.get_by_role("heading", name=HOSTILE)).to_be_visible()
    editor.get_by_role("button", name="Solve", exact=True).click()
    expect(editor.get_by_role("heading", name=HOSTILE)).to_be_visible()
    for tab in ("Policy", "Paths", "Impulse responses", "Certificate", "Training", "Code"):
        editor.get_by_role("tab", name=tab).click()
        expect(editor.locator("main[aria-busy]")).to_have_count(0)
        assert editor.locator("main img, main script, main b:not(.reading b)").count() == 0
    assert editor.title().startswith(HOSTILE)
    editor.get_by_role("link", name="Compare").first.click()
    expect(editor.get_by_role("heading", name="Compare")).to_be_visible()
    assert editor.locator("main img, main script").count() == 0
