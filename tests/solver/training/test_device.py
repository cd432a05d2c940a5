"""Which device trains."""

import pytest
import tensorflow as tf

from solver.training.device import GPU_FROM_ELEMENTS, choose_device


@pytest.fixture
def tensor_float():
    """Whether TensorFloat-32 is on, put back after the test."""
    is_on = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(True)
    yield tf.config.experimental.tensor_float_32_execution_enabled
    tf.config.experimental.enable_tensor_float_32_execution(is_on)


@pytest.mark.parametrize(
    "gpus, n_elements, device",
    [
        ([], GPU_FROM_ELEMENTS, "cpu"),
        (["gpu"], GPU_FROM_ELEMENTS - 1, "cpu"),
        (["gpu"], GPU_FROM_ELEMENTS, "gpu"),
    ],
)
def test_a_gpu_is_for_large_problems_where_there_is_one(monkeypatch, tensor_float, gpus, n_elements, device):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus if kind == "GPU" else ["cpu"])
    assert choose_device(n_elements) == device
    assert tensor_float() == (device == "cpu")
