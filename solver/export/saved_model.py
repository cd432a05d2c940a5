"""A policy as TensorFlow's SavedModel in a zip: ``states`` in, ``controls`` and ``definitions`` out, float64.

The only file of exports that imports TensorFlow, so that a process without it writes the other formats.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from solver.export.formula import apply
from solver.export.metadata import as_text, describe
from solver.language.tensorflow_backend import TENSORFLOW
from solver.policy.policy import Policy


def to_saved_model(policy: Policy, origin: Mapping[str, Any]) -> bytes:
    """The zip of the directory, with the metadata in ``metadata.json``; TensorFlow gives no two the same bytes.

    Args:
        policy: the policy.
        origin: see :func:`~solver.export.metadata.describe`.
    """

    def evaluate(states: tf.Tensor) -> dict[str, tf.Tensor]:
        controls, definitions = apply(policy, TENSORFLOW, tf.experimental.numpy, states)
        found = {"controls": controls}
        return found if definitions is None else found | {"definitions": definitions}

    spec = tf.TensorSpec([None, len(policy.space.names)], tf.float64, name="states")
    module = tf.Module()
    module.evaluate = tf.function(evaluate, input_signature=[spec], autograph=False)
    with tempfile.TemporaryDirectory() as directory:
        tf.saved_model.save(module, directory, signatures=module.evaluate)
        Path(directory, "metadata.json").write_text(as_text(describe(policy, origin)), encoding="utf-8")
        return _zipped(Path(directory))


def _zipped(directory: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(directory).as_posix())  # of 1980, like npz's
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
