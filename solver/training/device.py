"""Where training runs.

A small least-squares problem is faster on a CPU than on a GPU, where each of its few short kernels waits for a launch; a
large one is not. TensorFloat-32 is switched off where a GPU is used: with it a dense least squares stops at 3e-4.
"""

from __future__ import annotations

import tensorflow as tf

#: Elements of the Jacobian, states × weights, from which a GPU is worth its launches.
GPU_FROM_ELEMENTS = 4_000_000


def choose_device(n_elements: int) -> str:
    """``"gpu"`` for a large problem on a machine that has one, else ``"cpu"``.

    Args:
        n_elements: elements of the largest array of training, states × weights.
    """
    if n_elements >= GPU_FROM_ELEMENTS and tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_tensor_float_32_execution(False)
        return "gpu"
    return "cpu"
