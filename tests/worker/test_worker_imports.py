import subprocess
import sys

import pytest

SUBMITTING = ("worker.submission", "worker.celery_app", "worker.artifacts", "worker.jobs", "worker.presence")
MAIN_PROCESS = ("worker.__main__", "worker.tasks", "worker.warm_up", "worker.upkeep")


@pytest.mark.parametrize(
    ("imported", "absent"),
    [(SUBMITTING, ("tensorflow", "worker.tasks")), (MAIN_PROCESS, ("tensorflow",))],
    ids=["the service's part", "the worker's main process"],
)
def test_heavy_modules_stay_out_of(imported, absent):
    program = f"import sys, {', '.join(imported)}\nprint([name for name in {absent} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"
