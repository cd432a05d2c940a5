"""Where training runs, and in what precision.

A small problem is faster on a CPU than on a GPU, where each of its few short kernels waits for a launch; a large one is
not. TensorFloat-32 is off while training runs: it would round the factors of every float32 matrix product on a GPU to 11
bits, and a dense least squares stops at 3e-4 with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import tensorflow as tf

#: Elements of the Jacobian, states × weights, from which a GPU is worth its launches.
GPU_FROM_ELEMENTS = 4_000_000
CPU = "CPU:0"


def gpus() -> tuple[str, ...]:
    """The GPUs that TensorFlow may use here, e.g. ``GPU:0``."""
    return tuple(device.name.removeprefix("/device:") for device in tf.config.list_logical_devices("GPU"))


def choose_device(n_elements: int, gpus: Sequence[str]) -> str:
    """The first GPU for a large problem where there is one, else the CPU.

    Args:
        n_elements: elements of the largest array of training, states × weights.
        gpus: those that may be used.
    """
    return gpus[0] if gpus and n_elements >= GPU_FROM_ELEMENTS else CPU


@contextmanager
def training_on(device: str) -> Iterator[None]:
    """Runs what is within on a device, without TensorFloat-32; on the CPU what the device has no kernel for.

    A graph that was traced elsewhere runs where it is called: it has no devices of its own.
    """
    config = tf.config
    is_soft = config.get_soft_device_placement()
    is_tensor_float = config.experimental.tensor_float_32_execution_enabled()
    config.set_soft_device_placement(True)
    config.experimental.enable_tensor_float_32_execution(False)
    try:
        with tf.device(device):
            yield
    finally:
        config.set_soft_device_placement(is_soft)
        config.experimental.enable_tensor_float_32_execution(is_tensor_float)
