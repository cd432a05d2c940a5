"""The machine that a figure was measured on, and one core of it to measure on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def use_one_core() -> None:
    """Keep this process on its first core, with one thread a library. Call it before NumPy is imported."""
    os.environ.update(dict.fromkeys(THREADS, "1"), TF_CPP_MIN_LOG_LEVEL="3")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def describe_machine() -> dict[str, object]:
    """Processor, cores and the releases that figures depend on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "tensorflow": _tensorflow_version(),
        "numpy": version("numpy"),
    }


def _tensorflow_version() -> str:
    try:
        return version("tensorflow-cpu")
    except PackageNotFoundError:
        return version("tensorflow")
