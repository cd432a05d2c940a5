"""Simulating one job: block by block of paths, each cut into pages that are kept as soon as they are there.

The same arithmetic as in one request (:mod:`solver.simulation.experiment`), with the same numbers.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

from solver.policy.policy import Policy
from solver.progress import ShouldStop
from solver.simulation.experiment import Experiment, simulate_block
from worker.contract import Problem
from worker.errors import StoreFullError
from worker.simulation_job import SimulationProgress, SimulationSummary
from worker.simulations import Manifest, Page, describe_groups, pack_page

PAGE_ROWS = 65_536
_ETA_AFTER_S = 0.5

_log = structlog.get_logger()

FULL = Problem(
    type="/problems/store-full",
    title="The memory of the store is full",
    detail="The store has no room for the whole result; what was there of it is removed. Retry when solutions or "
    "simulations have been deleted, or ask for fewer periods or paths.",
    code="store-full",
)
KeepPage = Callable[[int, bytes], bool]
"""Keeps a page under its number; False when the attempt is over. Raises StoreFullError where there is no room for it."""


class Simulated(NamedTuple):
    """What a finished simulation leaves beside its pages."""

    progress: SimulationProgress
    summary: SimulationSummary
    manifest: Manifest


class _StoppedError(Exception):
    """The attempt is over."""


class Simulating:
    """One attempt at a simulation."""

    def __init__(
        self,
        policy: Policy,
        experiment: Experiment,
        on_progress: Callable[[SimulationProgress], None],
        should_stop: ShouldStop,
    ) -> None:
        self._policy = policy
        self._experiment = experiment
        self._on_progress = on_progress
        self._should_stop = should_stop
        self._began_s = time.monotonic()
        self._done = 0

    def run(self, keep: KeepPage) -> Simulated | Problem | None:
        """What it came to, the problem that it failed with, or None when it was told to stop.

        One whose pages fill the store fails at once: what it holds may be what others wait for.
        """
        try:
            return self._simulate(keep)
        except _StoppedError:
            return None
        except StoreFullError:
            return FULL
        except Exception:  # noqa: BLE001 - whatever goes wrong, the job ends, and what went wrong is in the log
            _log.exception("simulation raised")
            return Problem(
                type="/problems/internal",
                title="The simulation broke off",
                detail="A fault of the server, which has logged it. Retry, or ask for fewer periods or paths.",
                code="internal",
            )

    def _simulate(self, keep: KeepPage) -> Simulated:
        experiment, pages, groups = self._experiment, list[Page](), dict[str, list[str]]()
        lost = first = n_bytes = 0
        for number, paths in enumerate(experiment.blocks()):
            panel = simulate_block(self._policy, experiment, number, self._after_period(len(paths)))
            lost += panel.n_lost
            columns = {
                group: {name: values.T.ravel() for name, values in its.items()}
                for group, its in panel.groups().items()
            }
            groups = describe_groups(columns)
            for rows in _cut(len(paths) * experiment.periods):
                content = pack_page(columns, rows)
                if not keep(len(pages), content):
                    raise _StoppedError
                n_rows = rows.stop - rows.start
                pages.append(Page(first=first, rows=n_rows, sha256=hashlib.sha256(content).hexdigest()))
                first, n_bytes = first + n_rows, n_bytes + len(content)
        summary = SimulationSummary(rows=first, lost=lost, pages=len(pages), n_bytes=n_bytes)
        manifest = Manifest(periods=experiment.periods, lost=lost, groups=groups, pages=pages)
        return Simulated(self._progress(is_over=True), summary, manifest)

    def _after_period(self, paths: int) -> Callable[[], None]:
        """What is done after each period of so many paths."""

        def note() -> None:
            if self._should_stop():
                raise _StoppedError
            self._done += paths
            self._on_progress(self._progress())

        return note

    def _progress(self, *, is_over: bool = False) -> SimulationProgress:
        experiment = self._experiment
        periods = experiment.paths * (experiment.burn_in + experiment.periods)
        elapsed_s = time.monotonic() - self._began_s
        if is_over:
            return SimulationProgress(periods, periods, elapsed_s, 0.0)
        left = (periods - self._done) / self._done
        eta_s = elapsed_s * left if elapsed_s > _ETA_AFTER_S else None
        return SimulationProgress(self._done, periods, elapsed_s, eta_s)


def _cut(n_rows: int) -> list[slice]:
    """The rows of a block, page by page."""
    return [slice(start, min(start + PAGE_ROWS, n_rows)) for start in range(0, n_rows, PAGE_ROWS)]
