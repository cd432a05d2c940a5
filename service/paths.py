"""Simulated paths on the wire: as JSON columns, or as an Arrow stream."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from service.body import ARROW
from service.columns import encode_columns
from service.pieces import Pieces
from worker.simulations import Manifest, ResultStore

Groups = Mapping[str, Mapping[str, np.ndarray]]


class Paths(NamedTuple):
    """Simulated paths by columns, one path after the other; NaN from where a path is lost.

    Attributes:
        n_lost: how many are.
        path: (n_rows,) number of the path.
        t: (n_rows,) number of the period.
        groups: ``states``, ``controls``, ``definitions`` and ``shocks``: by name, (n_rows,).
    """

    n_lost: int
    path: np.ndarray
    t: np.ndarray
    groups: Groups


def write_paths(paths: Paths, media_type: str, **more: int) -> Pieces:
    """Paths as JSON, with further members before the columns, or as a whole Arrow stream."""
    if media_type != ARROW:
        return [
            encode_columns({"path": paths.path, "t": paths.t, **paths.groups}, {"lost": paths.n_lost, **more})
        ]
    from service.path_streams import PathStream

    stream = PathStream({group: list(columns) for group, columns in paths.groups.items()}, paths.n_lost)
    return [stream.write(paths.path, paths.t, paths.groups), stream.close()]


def read_page(results: ResultStore, simulation_id: str, manifest: Manifest, number: int) -> Paths:
    """A page of a result. Blocks.

    Raises:
        JobNotFoundError: the simulation is not there any more.
        ArtifactError: the page is not as it was stored.
        StoreUnavailableError: the store does not answer.
    """
    groups = results.page(simulation_id, manifest, number)
    page = manifest.pages[number]
    path, t = np.divmod(np.arange(page.first, page.first + page.rows), manifest.periods)
    return Paths(manifest.lost, path, t, groups)


def stream_pages(results: ResultStore, simulation_id: str, manifest: Manifest) -> Iterator[bytes]:
    """All pages as one Arrow stream, read one at a time; raises as :func:`read_page` does. Blocks."""
    from service.path_streams import PathStream

    stream = PathStream(manifest.groups, manifest.lost)
    for number in range(len(manifest.pages)):
        page = read_page(results, simulation_id, manifest, number)
        yield stream.write(page.path, page.t, page.groups)
    yield stream.close()


def stream_tag(manifest: Manifest) -> str:
    """The strong entity tag of :func:`stream_pages`: of what is written, and of what writes it."""
    from service.path_streams import VERSION

    told = f"{VERSION} {manifest.model_dump_json()}"
    return f'"{hashlib.sha256(told.encode()).hexdigest()}"'
