"""The lines of the documents' quick start, run as they stand against a real server."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
CURL = re.compile(r"^curl(?:.*\\\n)*.*$", re.MULTILINE)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed, whose lines are run")
def test_every_curl_line_of_the_quick_start_does_what_it_says(stack, tmp_path):
    page = (DOCS / "index.md").read_text()
    (model,) = re.findall(r"```yaml\n(name: .*?)```", (DOCS / "model-language.md").read_text(), re.DOTALL)
    (tmp_path / "my-model.yaml").write_text(model)
    answers, solution_id = [], "none yet"
    lines = [
        line for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in CURL.findall(block)
    ]
    for line in lines:
        command = line.replace("http://127.0.0.1:8000", stack.url).replace("/ID", f"/{solution_id}")
        command = command.replace("curl -s", "curl --fail-with-body -s", 1)
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path, timeout=120
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        answers.append(json.loads(done.stdout) if done.stdout else None)
        if solution_id == "none yet":
            solution_id = answers[0]["id"]
    solved, one, many, rest, figure, checked, registered = answers
    assert solved["status"] == "succeeded" and solved["certificate"]["verdict"] == "pass"
    (told,) = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL))
    assert one["states"] == told["states"] and one["in_domain"] is told["in_domain"]
    for part in ("controls", "definitions"):
        for name, value in told[part].items():
            assert one[part][name] == pytest.approx(value, abs=1e-3)
    assert len(many["controls"]["i"]) == 3 and many["controls"]["i"][1] == pytest.approx(one["controls"]["i"])
    assert rest["calibration"] == pytest.approx(solved["certificate"]["steady_state"])
    assert figure is None and (tmp_path / "policy.svg").read_text().startswith("<?xml")
    assert checked["name"] == registered["name"] and registered["name"].startswith("growth-")
