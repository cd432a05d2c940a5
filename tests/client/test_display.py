"""What a solution, a certificate, a fault and a bar look like."""

import io
import re
from contextlib import redirect_stderr

import pytest
import saddlepath as sp
from saddlepath import errors
from saddlepath.certificate import Certificate
from saddlepath.display import table_of
from saddlepath.progress import Progress, showing
from saddlepath.record import SolutionRecord

from tests.client.conftest import FAST

TOLD = {
    "verdict": "warn",
    "steady_state": {"k": 4.294048},
    "euler_errors": {
        "units": "consumption",
        "box": {"mean_log10": -4.1, "p99_log10": -3.5, "max_log10": -3.04, "states": 10},
        "ergodic": {"mean_log10": None, "p99_log10": None, "max_log10": None, "states": 0},
        "binding": None,
    },
    "checks": [
        {"name": "euler-box", "verdict": "pass", "value": -3.0, "threshold": -2, "meaning": "Fine."},
        {"name": "target", "verdict": "warn", "value": -3.0, "threshold": -6, "meaning": "Missed <it>."},
    ],
}
RECORD = {
    "id": "ab" * 16,
    "status": "succeeded",
    "model": {"name": "rbc", "hash": "-"},
    "calibration": {"beta": 0.96, "gamma": 2.0},
    "target": 1e-6,
    "progress": None,
    "certificate": TOLD,
    "provenance": {"solve_s": 0.0451, "status": "out_of_steps"},
    "problem": None,
}


def test_a_solution_is_a_small_table_with_what_is_wrong_with_it():
    assert repr(SolutionRecord(RECORD)) == (
        "Solution abababababababababababababababab of rbc: warn\n"
        "  calibration   beta 0.96  gamma 2\n"
        "  Euler errors  max 10^-3.0  mean 10^-4.1  whole domain\n"
        "  Euler errors  max undefined  mean undefined  simulated\n"
        "  steady state  k 4.294\n"
        "  warn          target: Missed <it>.\n"
        "  solved        in 0.045 s, out of steps"
    )


def test_a_notebook_shows_the_same_and_nothing_is_markup_of_its_own():
    html = SolutionRecord(RECORD)._repr_html_()
    assert "Missed &lt;it&gt;." in html and "<it>" not in html
    assert html.count("<tr>") == 6 and "abababab" in html


@pytest.mark.parametrize(
    ("status", "problem", "progress", "told"),
    [
        ("failed", {"detail": "no usable policy"}, None, "problem      no usable policy"),
        (
            "running",
            None,
            {"phase": "adam", "step": 7, "euler_error_max_log10": -2.5, "eta_s": 1.25},
            "training     adam 7, Euler error 10^-2.5, 1.2 s left",
        ),
    ],
)
def test_an_unsolved_one_says_how_it_stands(status, problem, progress, told):
    record = {**RECORD, "status": status, "certificate": None, "problem": problem, "progress": progress}
    text = repr(SolutionRecord(record))
    assert text.startswith(f"Solution {'ab' * 16} of rbc: {status}") and told in text


def test_a_certificate_tells_the_worst_first():
    lines = repr(Certificate.of(TOLD)).splitlines()
    assert lines == [
        "Certificate: warn",
        "  warn  target     Missed <it>.",
        "  pass  euler-box  Fine.",
    ]


def test_many_values_are_cut_and_long_texts_wrapped():
    record = {**RECORD, "calibration": {f"p{n}": float(n) for n in range(20)}}
    assert "p11 11 … (20 in all)" in " ".join(repr(SolutionRecord(record)).split())
    wrapped = table_of("title", [("label", "word " * 40)]).splitlines()
    assert len(wrapped) > 2 and all(len(line) <= 100 for line in wrapped)
    assert all(line.startswith(" " * 9) for line in wrapped[2:])


def test_real_solutions_and_certificates_show_themselves(client):
    solution = client.solve("neoclassical", method=FAST)
    assert re.match(r"Solution [0-9a-f]{32} of neoclassical: pass\n  calibration   beta 0.96", repr(solution))
    assert "euler-box" in repr(solution.certificate) and "euler-box" in solution.certificate._repr_html_()
    assert "Evaluation\n  a  0\n  k  4.2\n  i  0.428" in repr(solution.policy(a=0.0, k=4.2))


def test_a_bar_falls_with_the_euler_error():
    with redirect_stderr(io.StringIO()) as stderr, showing(True, "rbc", 1e-6) as show:
        show(Progress("gauss-newton", 1, euler_error_max_log10=-2.0))
        show(Progress("gauss-newton", 2, euler_error_max_log10=-7.0, eta_s=0.0))
    assert "gauss-newton 2, Euler error 10^-7.0, 0.0 s left" in stderr.getvalue()
    assert "rbc" in stderr.getvalue()


def test_there_is_no_bar_where_there_is_no_terminal():
    with redirect_stderr(io.StringIO()) as stderr:
        for option in (None, False):
            with showing(option, "rbc", 1e-6) as show:
                show(Progress("gauss-newton", 1, euler_error_max_log10=-2.0))
    assert stderr.getvalue() == ""


def test_the_tree_of_errors_is_drawn_in_full():
    drawn = set(re.findall(r"── (\w+)", errors.__doc__))
    known = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, sp.SaddlepathError)
    }
    assert drawn | {"SaddlepathError"} == known
    assert known <= set(sp.__all__)
