"""Which device trains, and that it does."""

import os
import re
import subprocess
import sys

import pytest
import tensorflow as tf

from solver.training.device import CPU, GPU_FROM_ELEMENTS, choose_device, gpus, training_on

#: TensorFlow is told of two CPUs and takes the second for a GPU; it logs where every operation is executed.
PLACED = """
import tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
logical = tf.config.list_logical_devices
tf.config.list_logical_devices = lambda kind=None: logical("CPU")[1:] if kind == "GPU" else logical(kind)

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.settings import SolveSettings
from solver.solve import solve
from solver.training.device import GPU_FROM_ELEMENTS

model = load_zoo("neoclassical")
for states, algorithm in ((100, "gauss_newton"), (1000, "gauss_newton"), (1000, "adam")):
    training = {"algorithm": algorithm, "steps": 2}
    method = {"policy": {"hidden": [1000]}, "sampling": {"states": states}, "training": training}
    settings = SolveSettings.model_validate({"method": method})
    print("==", 4001 * states >= GPU_FROM_ELEMENTS, flush=True)
    tf.debugging.set_log_device_placement(True)
    solution = solve(model, calibrate(model), settings)
    tf.debugging.set_log_device_placement(False)
"""
GRAPH = re.compile(r"Executing op __inference_(jacobian|descend)\w* in device \S+(CPU:\d)")


@pytest.fixture
def tensor_float():
    """Whether TensorFloat-32 is on; it is before the test, and is put back after it."""
    is_on = tf.config.experimental.tensor_float_32_execution_enabled
    before = is_on()
    tf.config.experimental.enable_tensor_float_32_execution(True)
    yield is_on
    tf.config.experimental.enable_tensor_float_32_execution(before)


@pytest.mark.parametrize(
    "found, n_elements, device",
    [
        ((), GPU_FROM_ELEMENTS, CPU),
        (("GPU:0", "GPU:1"), GPU_FROM_ELEMENTS - 1, CPU),
        (("GPU:0", "GPU:1"), GPU_FROM_ELEMENTS, "GPU:0"),
    ],
)
def test_a_gpu_is_for_large_problems_where_there_is_one(found, n_elements, device):
    assert choose_device(n_elements, found) == device


def test_gpus_are_those_that_tensorflow_has():
    assert len(gpus()) == len(tf.config.list_logical_devices("GPU"))


def test_tensor_float_is_off_while_training_runs_and_as_it_was_afterwards(tensor_float):
    with training_on(CPU):
        assert not tensor_float()
        assert tf.config.get_soft_device_placement()
    assert tensor_float()
    with pytest.raises(ZeroDivisionError), training_on(CPU):
        raise ZeroDivisionError
    assert tensor_float()


def test_what_a_device_has_no_kernel_for_runs_all_the_same():
    with training_on("GPU:7"):
        assert tf.strings.length("no GPU has a kernel for texts").device.endswith("CPU:0")


def test_large_problems_train_on_the_chosen_device():
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"}
    command = [sys.executable, "-c", PLACED]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, env=environment
    )
    assert done.returncode == 0, done.stdout
    small, *large = done.stdout.split("== ")[1:]
    assert small.startswith("False")
    assert {device for _, device in GRAPH.findall(small)} == {"CPU:0"}
    # The first of them is the graph that the small problem has traced on the other device.
    for part, graph in zip(large, ("jacobian", "descend"), strict=True):
        assert part.startswith("True")
        assert set(GRAPH.findall(part)) == {(graph, "CPU:1")}
