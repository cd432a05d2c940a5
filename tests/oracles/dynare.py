"""Dynare's own first-order solution of a ``.mod`` file: run where Dynare is installed, stored where it is not.

``oo_.dr`` says ``y_t - y = ghx (s_{t-1} - s) + ghu e_t``, with s those of the variables that Dynare calls states. The
stored answers, ``tests/data/dynare/NAME.json``, are Dynare's, written by ``python -m tests.oracles.dynare``.
"""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "data" / "dynare"
EXAMPLE = Path(__file__).parents[2] / "examples" / "rbc.mod"
FILES = [EXAMPLE, *sorted(FOLDER.glob("*.mod"))]
MATLAB = Path("/usr/lib/dynare/matlab")  # where Debian puts it
HAS_DYNARE = shutil.which("octave") is not None and MATLAB.is_dir()
_SCRIPT = """
addpath('{matlab}');
dynare model.mod noclearall nolog nograph console
order = oo_.dr.order_var;
places = M_.nstatic + (1:M_.nspred);
answer = struct('version', dynare_version(), 'variables', {{M_.endo_names(order)}}, ...
    'states', {{M_.endo_names(order(places))}}, 'shocks', {{M_.exo_names}}, 'steady_state', oo_.dr.ys(order), ...
    'covariance', M_.Sigma_e, 'ghx', oo_.dr.ghx, 'ghu', oo_.dr.ghu);
file = fopen('answer.json', 'w');
fputs(file, jsonencode(answer));
fclose(file);
"""


class DynareSolution:
    """``oo_.dr`` of a file.

    Attributes:
        steady: by variable.
        covariance: (n_shocks, n_shocks).
    """

    def __init__(self, answer):
        self.version = answer["version"]
        self.variables, self.states = _list(answer["variables"]), _list(answer["states"])
        self.shocks = _list(answer["shocks"])
        self.steady = dict(zip(self.variables, np.ravel(answer["steady_state"]).tolist(), strict=True))
        self.covariance = np.reshape(answer["covariance"], (len(self.shocks), -1))
        self.ghx = np.reshape(answer["ghx"], (len(self.variables), len(self.states)))
        self.ghu = np.reshape(answer["ghu"], (len(self.variables), len(self.shocks)))

    def paths(self, shocks):
        """Deviations (n_periods, n_variables) of all variables that follow shocks (n_periods, n_shocks) from rest."""
        places = [self.variables.index(name) for name in self.states]
        now, found = np.zeros(len(self.variables)), []
        for shock in shocks:
            now = self.ghx @ now[places] + self.ghu @ shock
            found.append(now)
        return np.array(found)


def run_dynare(path):
    """What Dynare answers about a file now."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(path, Path(folder) / "model.mod")
        (Path(folder) / "script.m").write_text(_SCRIPT.format(matlab=MATLAB))
        command = ["octave", "--no-gui", "--norc", "--quiet", "script.m"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        answer = Path(folder) / "answer.json"
        if not answer.exists():
            raise RuntimeError(
                f"Dynare did not solve {path.name}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return json.loads(answer.read_text())


def stored(path):
    """What Dynare answered when the file was written."""
    return DynareSolution(json.loads(answer_of(path).read_text()))


def answer_of(path):
    """Where the answer about a file is stored."""
    return FOLDER / f"{path.stem}.json"


def _list(names):
    return [names] if isinstance(names, str) else list(names)


if __name__ == "__main__":
    for file in FILES:
        text = json.dumps(run_dynare(file), indent=1)
        # A row of a matrix is a line.
        text = re.sub(r"\[\s+([^\[\]]*?)\s+\]", lambda row: "[" + re.sub(r"\s+", " ", row[1]) + "]", text)
        answer_of(file).write_text(text + "\n")
