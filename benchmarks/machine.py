"""The machine and the releases that figures depend on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

LIBRARIES = ("numpy", "scipy", "tensorflow-cpu", "fastapi", "uvicorn", "celery", "redis")


def describe_machine() -> dict[str, Any]:
    """CPU model, number of cores, load (beside a benchmark's own, what else the machine did), system and releases."""
    releases = {name: version(name) for name in LIBRARIES}
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "load of the last minute": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **releases,
    }


def cpu_model() -> str:
    """The CPU as Linux names it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def cores() -> list[int]:
    """The cores that this process may use."""
    return sorted(os.sched_getaffinity(0))
