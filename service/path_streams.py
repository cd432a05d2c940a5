"""Simulated paths as Arrow streams, page by page: a column for the path, the period and each variable.

Null from where a path is lost; how many are stands in the metadata of the schema (``lost``). The field of a variable
says in its metadata (``group``) what it is: states, controls, definitions or shocks. pyarrow is imported with this module,
which nothing imports before the first stream is asked for.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from service.arrow import ROWS_A_BATCH

VERSION = pa.__version__
"""What writes the streams: another may write the same rows in other bytes."""


class PathStream:
    """Writes one stream; what it has written is handed out at once and forgotten."""

    def __init__(self, groups: Mapping[str, Sequence[str]], n_lost: int) -> None:
        """``groups``: the names of the variables by what they are; ``n_lost``: how many paths are lost."""
        fields = [pa.field(name, pa.int64(), nullable=False) for name in ("path", "t")]
        fields += [
            pa.field(name, pa.float64(), metadata={"group": group})
            for group, names in groups.items()
            for name in names
        ]
        self._schema = pa.schema(fields, metadata={"lost": str(n_lost)})
        self._sink = io.BytesIO()
        self._writer = pa.ipc.new_stream(self._sink, self._schema)

    def write(self, path: np.ndarray, t: np.ndarray, groups: Mapping[str, Mapping[str, np.ndarray]]) -> bytes:
        """The bytes of some rows, behind the schema where they are the first.

        Args:
            path: (n_rows,) number of the path.
            t: (n_rows,) number of the period.
            groups: the variables by what they are, (n_rows,) each.
        """
        columns = [values for its in groups.values() for values in its.values()]
        arrays = [pa.array(path), pa.array(t), *(pa.array(one, mask=np.isnan(one)) for one in columns)]
        table = pa.Table.from_arrays(arrays, schema=self._schema)
        self._writer.write_table(table, max_chunksize=ROWS_A_BATCH)
        return self._taken()

    def close(self) -> bytes:
        """The end of the stream."""
        self._writer.close()
        return self._taken()

    def _taken(self) -> bytes:
        written = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return written
