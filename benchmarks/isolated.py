"""One benchmark in a process of its own: ``python -m benchmarks.isolated NAME [MINUTES]``.

Started by ``python -m benchmarks``.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from benchmarks.machine import cores, describe_machine
from benchmarks.registry import BENCHMARKS

if __name__ == "__main__":
    name = sys.argv[1]
    if BENCHMARKS[name].is_on_one_core:  # before the import: TensorFlow counts cores once
        os.sched_setaffinity(0, {cores()[-1]})
    minutes = [float(text) for text in sys.argv[2:]]
    import_module(f"benchmarks.{name}").measure(*minutes).write(name, describe_machine())
