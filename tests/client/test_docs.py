"""What the pages about client and command line say is run as it stands, against the real stack."""

import ast
import asyncio
import inspect
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tests.client.test_solving import OWN

ROOT = Path(__file__).parents[2]


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / page).read_text(), re.S)


def test_every_program_of_the_page_about_the_client_runs(server_url, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SADDLEPATH_URL", server_url)
    monkeypatch.chdir(tmp_path)
    names = {"np": np, "pd": pd, "xr": xr, "frame": pd.DataFrame({"k": [4.0], "a": [0.0]})}
    programs = blocks("client.md", "python")
    assert len(programs) == 6
    for program in programs:
        code = compile(program, "client.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        outcome = eval(code, names)
        if inspect.iscoroutine(outcome):
            asyncio.run(outcome)
    assert len(names["many"]) == 3 and len(names["frame"]) == 40
    told = [line.removeprefix("    # ") for line in programs[-1].splitlines() if line.startswith("    # ")]
    assert capsys.readouterr().out.splitlines() == told


def lines(page):
    """The commands of the first block, without what is said about them."""
    return [line.split("  #")[0].strip() for line in blocks(page, "sh")[0].splitlines()]


@pytest.mark.parametrize("line", lines("command-line.md"))
def test_every_line_of_the_page_about_the_command_line_runs(command, request, line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my-model.yaml").write_text(OWN)
    Path("model.mod").write_text((ROOT / "examples" / "rbc.mod").read_text())
    solution = request.getfixturevalue("cancelled" if " retry " in line else "rbc")
    program, *arguments = (solution.id if word == "ID" else word for word in shlex.split(line))
    assert program == "saddlepath"
    done = command(*arguments)
    assert done.stdout or done.stderr or arguments == ["mcp"]
