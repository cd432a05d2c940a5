"""A policy as an ONNX model in float64: ``states`` (n, n_columns) in, ``controls`` and ``definitions`` out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.export.formula import apply
from solver.export.metadata import as_text, describe
from solver.export.onnx_backend import ONNX, TensorNamespace
from solver.export.tensor import INPUT, Tensor
from solver.policy.policy import Policy

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

OPSET = 13
"""The oldest with the operators that are used; runtimes read every older one."""
_IR_VERSION = 7
_ROWS = "n"


def to_onnx(policy: Policy, origin: Mapping[str, Any]) -> bytes:
    """The file; the same policy and origin give the same bytes. Its metadata stand under the key ``metadata``.

    Args:
        policy: the policy.
        origin: see :func:`~solver.export.metadata.describe`.
    """
    # Imported here: it takes longer than all of the rest, which no other call has to pay.
    from onnx import TensorProto, checker, helper

    states = Tensor(INPUT)
    controls, definitions = apply(policy, ONNX, TensorNamespace, states)
    results = {"controls": controls}
    if definitions is not None:
        results["definitions"] = definitions
    writer = _Writer(states, "states")
    outputs = {name: writer.write(tensor) for name, tensor in results.items()}
    n_columns = {
        "states": len(policy.space.names),
        "controls": len(policy.model.controls),
        "definitions": len(policy.model.definitions),
    }

    def described(name: str) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.DOUBLE, [_ROWS, n_columns[name]])

    ends = [helper.make_node("Identity", [inner], [name]) for name, inner in outputs.items()]
    graph = helper.make_graph(
        [*writer.nodes, *ends],
        "policy",
        [described("states")],
        [described(name) for name in outputs],
        initializer=list(writer.constants.values()),
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="saddlepath",
    )
    helper.set_model_props(model, {"metadata": as_text(describe(policy, origin))})
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


class _Writer:
    """Writes tensors as nodes, each after those that it is applied to, and equal ones once."""

    def __init__(self, states: Tensor, name: str) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[tuple[Any, ...], TensorProto] = {}
        self._names = {id(states): name}
        self._written: dict[tuple[Any, ...], str] = {}

    def write(self, tensor: Tensor) -> str:
        """The name of a tensor's value."""
        pending = [tensor]
        while pending:
            top = pending[-1]
            missing = [one for one in _tensors_in(top) if id(one) not in self._names]
            if missing:
                pending += missing
                continue
            pending.pop()
            if id(top) not in self._names:
                self._names[id(top)] = self._enter(top)
        return self._names[id(tensor)]

    def _enter(self, tensor: Tensor) -> str:
        from onnx import helper

        inputs = [
            self._names[id(one)] if isinstance(one, Tensor) else self._constant(one) for one in tensor.inputs
        ]
        key = (tensor.operator, *inputs, *tensor.attributes.items())
        if key not in self._written:
            name = self._written[key] = f"v{len(self._written)}"
            self.nodes.append(helper.make_node(tensor.operator, inputs, [name], **tensor.attributes))
        return self._written[key]

    def _constant(self, array: np.ndarray) -> str:
        from onnx import numpy_helper

        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.constants:
            self.constants[key] = numpy_helper.from_array(array, f"c{len(self.constants)}")
        return self.constants[key].name


def _tensors_in(tensor: Tensor) -> Iterator[Tensor]:
    return (one for one in tensor.inputs if isinstance(one, Tensor))
