"""The benchmarks: their names are those of their modules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Benchmark:
    """One benchmark, the function ``measure`` of its module.

    Attributes:
        what: its subject, for the list of benchmarks.
        is_on_one_core: whether its process is confined to one core and its libraries to one thread.
        takes_minutes: whether it takes as long as ``--minutes`` says.
    """

    what: str
    is_on_one_core: bool = True
    takes_minutes: bool = False


BENCHMARKS = {
    "calibrations": Benchmark("200 calibrations by the default method: error, time, traces"),
    "warm_starts": Benchmark("walks of calibrations, each solved from the one before"),
    "posting": Benchmark("POST with Prefer: wait through the whole stack", is_on_one_core=False),
    "first_order": Benchmark("Adam on 2 x 32 against the default method"),
    "stopping": Benchmark("what a target costs, and forecasts of when and how training ends"),
    "polynomial": Benchmark("the polynomial of degree 12"),
    "float32": Benchmark("training in float32 against float64: error, time"),
    "evaluating": Benchmark("GET …/policy against an endpoint that does nothing", is_on_one_core=False),
    "simulating": Benchmark("a solved `rbc` over time: paths, moments, impulse responses"),
    "bulk": Benchmark("a million states in one call, by Arrow and JSON", is_on_one_core=False),
    "following": Benchmark("event streams: what reports cost, and how often they come", is_on_one_core=False),
    "load": Benchmark(
        "200 clients and 100 event streams at once, and a queue of 1,000", is_on_one_core=False
    ),
    "soak": Benchmark("clients on a stack under fire", is_on_one_core=False, takes_minutes=True),
    "time_iteration": Benchmark("time iteration beside the default: errors, steps, states visited, seconds"),
    "zoo": Benchmark("the built-in models with shocks, by formulas, tables and closed forms"),
    "dimension": Benchmark("many countries: error, time and memory as states grow", is_on_one_core=False),
    "dolo": Benchmark("the model files of dolo: verdict, error, time"),
    "reference": Benchmark("agreement with tabulated policies"),
}
