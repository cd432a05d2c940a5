"""The figures on the pages are those of the last run."""

import re

import pytest

from benchmarks.pages import ROOT, filled, pages
from benchmarks.pictures import pictures
from benchmarks.registry import BENCHMARKS
from benchmarks.result import read_result

EVERY_PAGE = pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)


@EVERY_PAGE
def test_a_page_has_the_figures_of_the_results(path):
    text = path.read_text()
    assert filled(text) == text, "run python -m benchmarks.pages"


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_figure_is_in_the_documents(name):
    text = (ROOT / "docs" / "figures.md").read_text()
    assert all(line.measured in text for line in read_result(name).lines)


def test_a_table_marks_what_misses_its_target_and_nothing_else():
    table = filled("<!-- figures: zoo -->\n<!-- end of figures -->")
    missed = [line.measured for line in read_result("zoo").lines if line.is_met is False]
    assert re.findall(r"\*\*(.+?)\*\*", table) == missed


def test_the_pictures_are_those_of_the_results():
    for path, content in pictures().items():
        assert path.read_bytes() == content, "run python -m benchmarks.pages"


def test_what_no_benchmark_has_is_an_error():
    with pytest.raises(FileNotFoundError):
        filled("<!-- figures: nonsense -->\n<!-- end of figures -->")
