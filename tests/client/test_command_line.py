"""The command line as a process against the real stack: what it prints, where, and how it ends."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from saddlepath.cli.live import following, line_of, sparkline
from saddlepath.progress import Progress

from tests.client.conftest import FAST, SLOW
from tests.client.test_solving import OWN
from tests.integration.conftest import ENDLESS

NO, USAGE, REFUSED, UNREACHABLE, NOT_OVER, INTERRUPTED = 1, 2, 3, 4, 5, 130


def test_solve_prints_a_table_for_people(command):
    done = command("solve", "neoclassical", "beta=0.96", "--method", json.dumps(FAST))
    lines = done.stdout.splitlines()
    assert lines[0].endswith("of neoclassical: pass") and any(
        "Euler errors  max 10^-" in line for line in lines
    )
    assert done.stderr == ""  # no bar in a pipe


def test_solve_prints_the_record_for_pipelines(command, client):
    done = command("solve", "neoclassical", "beta=0.96", "--method", json.dumps(FAST), "--json")
    record = json.loads(done.stdout)
    assert record["calibration"]["beta"] == 0.96 and client.solution(record["id"]).record == record


def test_the_method_may_be_a_file(command, tmp_path):
    file = tmp_path / "method.json"
    file.write_text(json.dumps(FAST))
    record = json.loads(command("solve", "neoclassical", "--method", file, "--json").stdout)
    assert record["method"]["policy"]["family"] == "polynomial"


def test_a_policy_that_fails_its_certificate_ends_in_1(command):
    linear = json.dumps({"policy": {"family": "linear"}})
    done = command("solve", "neoclassical", "--method", linear, code=NO)
    assert done.stdout.splitlines()[0].endswith("fail")


def test_what_takes_too_long_ends_in_5_and_goes_on(command, client):
    method = json.dumps(ENDLESS)
    done = command(
        "solve", "neoclassical", "--method", method, "--seed", 30_001, "--timeout", 1, code=NOT_OVER
    )
    assert "It goes on" in done.stderr and done.stdout == ""
    queued = json.loads(
        command("solve", "neoclassical", "--method", method, "--seed", 30_001, "--no-wait", "--json").stdout
    )
    assert queued["status"] in ("queued", "running")
    client.solution(queued["id"]).cancel()
    watched = command("watch", queued["id"], code=NO)
    assert watched.stdout.splitlines()[0].endswith("cancelled")


def test_watch_writes_a_line_for_each_sign_of_progress(command, client):
    solution = client.submit("neoclassical", method=SLOW, seed=30_002)
    *steps, record = map(json.loads, command("watch", solution.id, "--json").stdout.splitlines())
    assert record["id"] == solution.id and record["status"] == "succeeded"
    assert steps and all({"phase", "step", "euler_error_max_log10"} <= step.keys() for step in steps)


def test_what_was_cancelled_is_put_in_the_queue_again_and_followed(command, cancelled):
    shown = command("show", cancelled.id, code=NO)
    assert f"saddlepath retry {cancelled.id}" in shown.stderr
    *steps, record = map(json.loads, command("retry", cancelled.id, "--json").stdout.splitlines())
    assert record["id"] == cancelled.id and record["status"] == "succeeded"
    assert steps and steps[-1]["step"] > 0
    refused = command("retry", cancelled.id, code=REFUSED)
    assert "succeeded" in refused.stderr and refused.stdout == ""


def test_a_retry_need_not_be_waited_for(command, cancelled):
    queued = json.loads(command("retry", cancelled.id, "--no-wait", "--json").stdout)
    assert queued["status"] in ("queued", "running")
    late = command("retry", cancelled.id, code=REFUSED)
    assert cancelled.id in late.stderr
    cancelled.cancel()
    assert command("watch", cancelled.id, code=NO).stdout.splitlines()[0].endswith("cancelled")


def is_under_way(solution, seed):
    """Whether it is that one, and trained since so long that its client has long been waiting for it."""
    return (
        solution.record["seed"] == seed and solution.progress is not None and solution.progress.elapsed_s > 1
    )


def hear_interrupts():
    """In a child, before it starts: what runs in a shell's background is started deaf to them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupted_solve_goes_on_and_says_how_to_come_back(client, server_url):
    arguments = ["solve", "neoclassical", "--method", json.dumps(ENDLESS), "--seed", "30003"]
    process = subprocess.Popen(
        [sys.executable, "-m", "saddlepath", "--url", server_url, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )
    with process:
        while not (found := [one for one in client.solutions(status="running") if is_under_way(one, 30_003)]):
            assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == INTERRUPTED
        (solution,) = found
        assert f"saddlepath watch {solution.id}" in process.stderr.read()
    assert not solution.refresh().is_over
    solution.cancel()


def test_what_is_interrupted_before_it_is_answered_is_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-m", "saddlepath", "--url", url, "models"],
            stderr=subprocess.DEVNULL,
            preexec_fn=hear_interrupts,
        )
        with process, silent.accept()[0] as connection:
            assert connection.recv(1)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == INTERRUPTED


def test_show_lists_solutions_and_shows_one_by_its_first_digits(command, brock_mirman):
    listed = json.loads(command("show", "--model", "brock_mirman", "--json").stdout)
    assert brock_mirman.id in [record["id"] for record in listed]
    assert brock_mirman.id in command("show", "--model", "brock_mirman").stdout
    assert brock_mirman.id in command("show", brock_mirman.id[:12]).stdout
    checks = command("show", brock_mirman.id, "--checks").stdout
    assert "euler-box" in checks and "determinacy" in checks
    assert "none of the latest 200" in command("show", "zz", code=USAGE).stderr


def test_eval_crosses_grids(command, brock_mirman):
    found = json.loads(
        command("eval", brock_mirman.id, "a=-0.1:0.1:2", "k=0.2", "--sensitivity", "beta", "--json").stdout
    )
    assert found["a"] == [-0.1, 0.1] and found["k"] == [0.2, 0.2]
    assert found["i"] == pytest.approx(brock_mirman.policy(a=[-0.1, 0.1], k=0.2).i.tolist())
    assert found["i.beta"] == pytest.approx([value / 0.96 for value in found["i"]], rel=1e-5)
    assert set(found["misfits"]) == {"beta"}
    table = command("eval", brock_mirman.id, "a=0", "k=0.2").stdout
    assert table.split()[:6] == ["a", "k", "i", "y", "c", "in_domain"] and table.split()[-1] == "yes"


def test_simulate_and_irf(command, rbc):
    found = json.loads(command("simulate", rbc.id, "k=4", "--periods", 3, "--seed", 1, "--json").stdout)
    assert found["states"]["k"] == pytest.approx(rbc.simulate(3, seed=1, initial={"k": 4.0})["k"].tolist())
    assert len(command("simulate", rbc.id, "--periods", 3).stdout.strip().splitlines()) == 5
    response = json.loads(command("irf", rbc.id, "e", "--periods", 4, "--json").stdout)["response"]
    assert response["k"] == pytest.approx(rbc.irf("e", periods=4)["k"].tolist())
    assert command("irf", rbc.id, "e", "--periods", 4).stdout.split()[0] == "t"


def test_plot_and_export_write_files(command, brock_mirman, tmp_path):
    file = tmp_path / "policy.svg"
    assert command("plot", brock_mirman.id, "policy", "along=k", "-o", file).stdout.strip() == str(file)
    assert "</svg>" in file.read_text()
    done = command("export", brock_mirman.id, tmp_path / "policy.onnx")
    assert done.stdout == "" and "policy.onnx" in done.stderr
    assert (tmp_path / "policy.onnx").stat().st_size > 1000


def test_models_are_listed_and_shown(command):
    assert "irreversible_investment" in command("models").stdout
    assert "rbc" in [model["name"] for model in json.loads(command("models", "--json").stdout)]
    shown = command("models", "rbc").stdout
    assert "discount factor" in shown and "k[t] = (1 - delta)*k[t-1] + i[t-1]" in shown
    assert json.loads(command("models", "rbc", "--json").stdout)["calibration"]["beta"] == 0.96


def test_a_good_file_is_a_model(command, tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(OWN)
    assert "is a model" in command("check", file).stdout
    assert json.loads(command("check", file, "--json").stdout)["is_valid"] is True
    assert command("solve", file, "--method", json.dumps(FAST)).stdout.splitlines()[0].endswith("pass")


def test_faults_are_told_with_a_caret_under_the_column(command, tmp_path):
    file = tmp_path / "faulty.yaml"
    file.write_text(OWN.replace("theta*y[t+1]", "zeta*y[t+1]"))
    where, line, caret, count = command("check", file, code=NO).stdout.splitlines()
    assert where.startswith(f"{file}:") and "zeta is not declared" in where
    assert line[caret.index("^") :].startswith("zeta*y[t+1]")
    assert count == f"1 fault in {file}"
    told = json.loads(command("check", file, "--json", code=NO).stdout)
    assert told["is_valid"] is False and told["errors"][0]["symbol"] == "zeta"
    assert caret in command("solve", file, code=REFUSED).stderr


def test_a_file_that_is_no_yaml_is_told_where(command, tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text("a: [1,\n b: 2")
    assert command("check", file, code=NO).stdout.startswith(f"{file}:2:6: this is not YAML")


def test_a_file_that_is_no_json_has_faults_as_well(command, tmp_path):
    file = tmp_path / "broken.json"
    file.write_text('{"a":')
    assert command("check", file, code=NO).stdout.startswith(f"{file}: the body is not JSON")
    assert json.loads(command("check", file, "--json", code=NO).stdout)["is_valid"] is False
    assert "the body is not JSON" in command("solve", file, code=REFUSED).stderr


def test_a_file_of_dynares_is_converted_and_its_faults_are_told(command, tmp_path):
    source = Path(__file__).parents[2] / "examples" / "rbc.mod"
    done = command("convert", source)
    written = tmp_path / "rbc.yaml"
    assert command("convert", source, "-o", written).stdout == "" and written.read_text() == done.stdout
    assert "is a model" in command("check", written).stdout
    faulty = tmp_path / "faulty.mod"
    faulty.write_text(source.read_text().replace("alpha*exp(z(+1))", "alhpa*exp(z(+1))"))
    where, line, caret, _ = command("convert", faulty, code=NO).stderr.splitlines()
    assert where.startswith(f"{faulty}:") and "alhpa" in where
    assert line[caret.index("^") :].startswith("alhpa")


def test_refusals_list_every_fault_on_stderr(command):
    done = command("solve", "rbc", "beta=1.9", "bta=1", code=REFUSED)
    assert "/calibration/beta" in done.stderr and "/calibration/bta" in done.stderr and done.stdout == ""
    assert "there is no built-in model" in command("models", "nosuch", code=REFUSED).stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("solve", "rbc", "beta"), "'beta' is not of the form NAME=VALUE"),
        (("solve", "rbc", "beta=much"), "'much' is no number"),
        (("eval", "0" * 32, "k=1:2"), "is not of the form k=FROM:TO:COUNT"),
        (("solve", "rbc", "--method", "{"), "neither an object of JSON nor a file of one"),
        (("check", "nosuch.yaml"), "does not exist"),
        (("eval", "0" * 32, "a=0", "k=3", "k=4"), "k is given twice, as 3 and as 4; give it once"),
        (("solve", "rbc", "beta=0.95", "beta=0.96"), "beta is given twice, as 0.95 and as 0.96"),
        (("solve", "rbc", "beta=nan"), "beta = nan is not finite"),
        (("solve", "rbc", "--target", "nan"), "cannot be written as JSON"),
        (("solve", "nosuch.yaml"), "No such file or directory: 'nosuch.yaml'"),
        (("export", "0" * 32, "nosuch/policy.npz"), "No such file or directory: 'nosuch/policy.npz'"),
    ],
)
def test_wrong_usage_ends_in_2(command, rbc, arguments, told):
    arguments = [rbc.id if argument == "0" * 32 else argument for argument in arguments]
    stderr = command(*arguments, code=USAGE).stderr
    assert told in " ".join(stderr.replace("│", " ").split()) and "Traceback" not in stderr


def test_an_option_that_the_figure_has_not_is_refused_whatever_its_name(command, rbc):
    for name in ("name", "solution", "self"):
        assert f"/{name}: " in command("plot", rbc.id, "policy", f"{name}=k", code=REFUSED).stderr


def test_nothing_that_answers_ends_in_4(command, misbehaving):
    misbehaving.close()
    done = command("models", environment={"SADDLEPATH_URL": misbehaving.url}, code=UNREACHABLE)
    assert "make serve" in done.stderr and "Traceback" not in done.stderr
    assert command("--url", misbehaving.url, "models", code=UNREACHABLE).stdout == ""


def test_shells_complete_models_and_solutions(command, rbc):
    complete = {"_SADDLEPATH_COMPLETE": "complete_bash"}
    environment = {**complete, "COMP_WORDS": "saddlepath solve neo", "COMP_CWORD": "2"}
    assert command(environment=environment).stdout.split() == ["neoclassical"]
    environment = {**complete, "COMP_WORDS": f"saddlepath eval {rbc.id[:8]}", "COMP_CWORD": "2"}
    assert rbc.id in command(environment=environment).stdout


def test_the_line_of_a_solve_has_the_euler_error_falling():
    progress = Progress("gauss-newton", 3, euler_error_max_log10=-5.0, elapsed_s=1.5, eta_s=0.5)
    line = line_of("rbc", progress, [-1.0, -3.0, -5.0], -6.0, 80).plain
    assert line == "rbc  gauss-newton 3  Euler error 10^-5.0 → 10^-6.0  1.5 s, 0.5 s left  █▅▂"
    assert line_of("rbc", progress, [-1.0, -3.0, -5.0], -6.0, len(line) - 1).plain == line[:-3] + "█▃"
    assert sparkline([], -6.0) == "" and sparkline([-7.0, -8.0], -6.0) == "▁▁"


def test_another_attempt_begins_its_line_anew(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as at a terminal
    with following("rbc", -6.0) as show:
        for step, error in ((1, -1.0), (2, -5.0), (1, -2.0)):
            show(Progress("adam", step, euler_error_max_log10=error))
    last = capsys.readouterr().err.rpartition("adam 1")[2]
    assert "10^-2.0" in last and last.count("█") == 1 and "▂" not in last
