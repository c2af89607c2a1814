"""Write onnx_cases.json and .npz: what ONNX Runtime 1.32.0 computes for layers that PyTorch lacks or has otherwise.

Run it in an environment with onnx 1.23.2, onnxruntime 1.32.0 and NumPy. The same script gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from torch_cases import Filled, Shape, filled_inputs, filled_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ONNXRUNTIME = "1.32.0"
OPSET, IR_VERSION = 22, 10
TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}
FOLDER = Path(__file__).parent
ABOUT = (
    "What ONNX Runtime 1.32.0 says of one operator of opset 22, float32, CPU: the shapes of its outputs, and in the "
    ".npz, flat, their values. Inputs and parameters are filled as torch_cases/__init__.py says. Written by "
    "make_onnx_cases.py."
)


class OnnxCase(NamedTuple):
    """A layer with its fields, inputs and parameters, and the operator with its attributes and inputs.

    `feeds` makes the operator's inputs of the layer's inputs and parameters, None for one that is left out; `outputs`
    makes the layer's outputs of the operator's.
    """

    layer: str
    fields: Mapping[str, Any]
    inputs: tuple[Shape | Filled, ...]
    operator: str
    attributes: Mapping[str, Any]
    parameters: Mapping[str, Shape] = {}
    feeds: Callable[..., list[Any]] = lambda *inputs, **_parameters: [*inputs]
    outputs: Callable[..., tuple[Any, ...]] = lambda *outputs: outputs
    count: int = 1


def pooled(x: Shape, attributes: Mapping[str, Any], **fields: Any) -> OnnxCase:
    given = {"absolute": True, "scale_overhang": False, **fields}
    return OnnxCase("lp_pool", given, (x,), "LpPool", attributes)


def rows_of(tensor: Any, order: tuple[int, ...], gates: int = 4) -> Any:
    """Return the rows of gates in another order."""
    parts = np.split(tensor, gates)
    return np.concatenate([parts[place] for place in order])


def peepholes(*, batch: int, directions: int = 1, given: bool = False) -> OnnxCase:
    """An LSTM whose gates read the cell: its rows are i, f, g, o and here i, o, f, g; P has i, o, f."""
    steps, features, size = 3, 4, 3
    suffixes = ("l0", "l0_reverse")[:directions]
    kinds = {"weight_ih": (4 * size, features), "weight_hh": (4 * size, size), "bias_ih": (4 * size,)}
    kinds |= {"bias_hh": (4 * size,), "weight_peephole": (3 * size,)}
    parameters = {f"{kind}_{suffix}": shape for suffix in suffixes for kind, shape in kinds.items()}

    def feeds(x: Any, *states: Any, **tensors: Any) -> list[Any]:
        def each(kind: str) -> list[Any]:
            return [rows_of(tensors[f"{kind}_{suffix}"], (0, 3, 1, 2)) for suffix in suffixes]

        biases = [np.concatenate(pair) for pair in zip(each("bias_ih"), each("bias_hh"), strict=True)]
        cells = [rows_of(tensors[f"weight_peephole_{suffix}"], (0, 2, 1), 3) for suffix in suffixes]
        first = list(states) or [None, None]
        return [x, *map(np.stack, (each("weight_ih"), each("weight_hh"), biases)), None, *first, np.stack(cells)]

    def outputs(y: Any, h: Any, c: Any) -> tuple[Any, ...]:
        return y.transpose(0, 2, 1, 3).reshape(steps, batch, -1), h, c

    state = (directions, batch, size)
    fields = {"hidden_size": size, "peepholes": True, **({"bidirectional": True} if directions == 2 else {})}
    attributes = {"hidden_size": size, **({"direction": "bidirectional"} if directions == 2 else {})}
    inputs = ((steps, batch, features), *((state, state) if given else ()))
    return OnnxCase("lstm", fields, inputs, "LSTM", attributes, parameters, feeds, outputs, count=3)


CASES = [
    peepholes(batch=2),
    peepholes(batch=3, directions=2, given=True),
    pooled((2, 3, 9), {"kernel_shape": [2], "p": 3, "strides": [1]}, kernel_size=2, norm_type=3, stride=1),
    pooled((2, 3, 7, 9), {"kernel_shape": [3, 2]}, kernel_size=[3, 2], stride=1),
    pooled((1, 2, 4, 5, 6), {"kernel_shape": [2, 2, 2], "p": 1}, kernel_size=2, norm_type=1, stride=1),
    pooled(
        (2, 3, 7, 9),
        {"kernel_shape": [2, 2], "p": 2, "auto_pad": "SAME_UPPER"},
        kernel_size=2,
        stride=1,
        padding="same",
    ),
    pooled(
        (2, 3, 7, 9),
        {"kernel_shape": [2, 2], "p": 4, "auto_pad": "SAME_LOWER"},
        kernel_size=2,
        norm_type=4,
        stride=1,
        padding=[[1, 0], [1, 0]],
    ),
    pooled(
        (2, 3, 7, 9),
        {"kernel_shape": [3, 3], "p": 3, "pads": [2, 1, 0, 2]},
        kernel_size=3,
        norm_type=3,
        stride=1,
        padding=[[2, 0], [1, 2]],
    ),
    pooled(
        (2, 3, 7, 9),
        {"kernel_shape": [2, 2], "dilations": [2, 3], "strides": [1, 2]},
        kernel_size=2,
        dilation=[2, 3],
        stride=[1, 2],
    ),
    pooled(
        (2, 3, 8, 11),
        {"kernel_shape": [3, 2], "p": 3, "strides": [3, 4], "ceil_mode": 1, "pads": [1, 0, 0, 0]},
        kernel_size=[3, 2],
        norm_type=3,
        stride=[3, 4],
        ceil_mode=True,
        padding=[[1, 0], [0, 0]],
    ),
]


def run(case: OnnxCase, feeds: list[Any]) -> list[np.ndarray[Any, Any]]:
    """Return the outputs of the operator."""
    names = [f"x{place}" if each is not None else "" for place, each in enumerate(feeds)]
    arrays = {name: each for name, each in zip(names, feeds, strict=True) if name}
    values = [helper.make_tensor_value_info(name, TYPES[str(x.dtype)], x.shape) for name, x in arrays.items()]
    ends = [f"y{place}" for place in range(case.count)]
    node = helper.make_node(case.operator, names, ends, **case.attributes)
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ends]
    graph = helper.make_graph([node], "case", values, results)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    computed: list[np.ndarray[Any, Any]] = session.run(None, arrays)
    return computed


def main() -> int:
    """Run every case."""
    if onnxruntime.__version__ != ONNXRUNTIME:
        print(f"the fixtures come from onnxruntime {ONNXRUNTIME}, this is {onnxruntime.__version__}", file=sys.stderr)
        return 2
    rows, numbers = [], []
    for case in CASES:
        feeds = case.feeds(*filled_inputs(case.inputs), **filled_parameters(case.parameters))
        outputs = case.outputs(*run(case, feeds))
        row: dict[str, Any] = {"layer": case.layer, "fields": dict(case.fields)}
        row["inputs"] = [x._asdict() if isinstance(x, Filled) else list(x) for x in case.inputs]
        row |= {"parameters": {name: list(shape) for name, shape in case.parameters.items()}} if case.parameters else {}
        row["operator"] = {"type": case.operator, **case.attributes}
        row["outputs"] = [list(y.shape) for y in outputs]
        rows.append(json.dumps(row, allow_nan=False))
        numbers += [np.asarray(y, dtype=np.float32).ravel() for y in outputs]
    head = json.dumps({"about": ABOUT, "onnxruntime": ONNXRUNTIME}, indent=1).removesuffix("\n}")
    lines = ",\n".join(rows)
    (FOLDER / "onnx_cases.json").write_text(f'{head},\n "cases": [\n{lines}\n]}}\n', encoding="utf-8")
    np.savez_compressed(FOLDER / "onnx_cases.npz", values=np.concatenate(numbers))
    print(f"{len(CASES)} cases")
    return 0


if __name__ == "__main__":
    sys.exit(main())
