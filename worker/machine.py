"""What the bytes of a policy depend on beside its job: the processor, and how many threads share a sum.

Libraries choose their instructions by the processor, and the order of summation by the number of threads.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

THREAD_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "blas": ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"),
    "intra_op": ("TF_NUM_INTRAOP_THREADS",),
    "inter_op": ("TF_NUM_INTEROP_THREADS",),
}
"""The environment variables that libraries take a number of threads from, when they are loaded; the first one counts."""

_CPUINFO = Path("/proc/cpuinfo")
_CPU_FIELDS = ("model name", "cpu family", "model", "stepping")


def n_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads(environment: Mapping[str, str]) -> dict[str, int]:
    """The threads of BLAS, within and between TensorFlow's operations; where nothing sets them, one for each core."""

    def count(names: tuple[str, ...]) -> int:
        texts = (environment.get(name, "") for name in names)
        return next((int(text) for text in texts if re.fullmatch(r"0*[1-9]\d{0,5}", text)), n_cores())

    return {name: count(variables) for name, variables in THREAD_VARIABLES.items()}


def thread_environment(counts: Mapping[str, int]) -> dict[str, str]:
    """The environment of a process that has so many :func:`threads`."""
    return {variable: str(count) for name, count in counts.items() for variable in THREAD_VARIABLES[name]}


def thread_limits(n_threads: int, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of so many threads, without what ``environment`` sets by itself."""
    unset = [name for name, variables in THREAD_VARIABLES.items() if environment.keys().isdisjoint(variables)]
    return thread_environment(dict.fromkeys(unset, n_threads))


@lru_cache(maxsize=1)
def processor() -> str:
    """The processor, as far as the system tells, e.g. ``AMD EPYC 7763 (family 25, model 1, stepping 1)``."""
    if not _CPUINFO.exists():
        return platform.processor() or platform.machine()
    first = _CPUINFO.read_text().split("\n\n")[0]
    found = dict(re.findall(r"^(.+?)\s*: (.+)$", first, re.MULTILINE))
    name, family, model, stepping = (found.get(field, "?") for field in _CPU_FIELDS)
    if name == "?":
        return platform.machine()
    return f"{name} (family {family}, model {model}, stepping {stepping})"
