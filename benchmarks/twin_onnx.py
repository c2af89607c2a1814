"""The twin of a network as an ONNX graph, and what onnx and onnxruntime do with it; runs in the peers' environment.

    python -m benchmarks.twin_onnx infer|write|reference NETWORK.json [MODEL.onnx]
    python -m benchmarks.twin_onnx runtime MODEL.onnx

NETWORK.json is what `benchmarks.networks.plain` gives.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks.measuring import peak, resident, seconds_of

Row = dict[str, Any]
OPSET = 23
"""The first that has attention as one operator: the fewest nodes for the peer to walk."""
ALIKE = {"relu": "Relu", "tanh": "Tanh", "flatten": "Flatten", "add": "Add", "global_avg_pool": "GlobalAveragePool"}


def pair(size: Any) -> list[int]:
    return [size, size] if isinstance(size, int) else list(size)


class Graph:
    """Nodes, and the shapes of the weights that they read, by name."""

    def __init__(self, network: dict[str, Any]) -> None:
        self.network = network
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, tuple[int, ...]] = {}
        self.constants: dict[str, np.ndarray] = {}
        for row in network["rows"]:
            getattr(self, row["word"], self.alike)(row, *row["reads"])

    def node(self, kind: str, inputs: list[str], output: str | list[str], **attributes: Any) -> str:
        outputs = [output] if isinstance(output, str) else output
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[0]

    def weight(self, row: Row, name: str, shape: tuple[int, ...] | None = None) -> str:
        path = f"{row['writes'][0]}.{name}"
        self.weights[path] = tuple(shape or row["parameters"][name])
        return path

    def alike(self, row: Row, *reads: str) -> None:
        self.node(ALIKE[row["word"]], list(reads), row["writes"][0])

    def dropout(self, row: Row, x: str) -> None:
        self.node("Identity", [x], row["writes"][0])

    def softmax(self, row: Row, x: str) -> None:
        self.node("Softmax", [x], row["writes"][0], axis=row["fields"]["dim"])

    def concat(self, row: Row, *reads: str) -> None:
        self.node("Concat", list(reads), row["writes"][0], axis=row["fields"]["dim"])

    def gelu(self, row: Row, x: str) -> None:
        self.node("Gelu", [x], row["writes"][0], approximate=row["fields"]["approximate"])

    def conv(self, row: Row, x: str) -> None:
        fields, weights = row["fields"], [self.weight(row, name) for name in row["parameters"]]
        self.node(
            "Conv", [x, *weights], row["writes"][0], kernel_shape=pair(fields["kernel_size"]),
            strides=pair(fields["stride"]), pads=pair(fields["padding"]) * 2, dilations=pair(fields["dilation"]),
            group=fields["groups"],
        )  # fmt: skip

    def max_pool(self, row: Row, x: str) -> None:
        fields = row["fields"]
        self.node(
            "MaxPool", [x], row["writes"][0], kernel_shape=pair(fields["kernel_size"]),
            strides=pair(fields["stride"] or fields["kernel_size"]), pads=pair(fields["padding"]) * 2,
            ceil_mode=int(fields["ceil_mode"]),
        )  # fmt: skip

    def avg_pool(self, row: Row, x: str) -> None:
        fields = row["fields"]
        self.node(
            "AveragePool", [x], row["writes"][0], kernel_shape=pair(fields["kernel_size"]),
            strides=pair(fields["stride"] or fields["kernel_size"]), pads=pair(fields["padding"]) * 2,
            count_include_pad=int(fields["count_include_pad"]),
        )  # fmt: skip

    def adaptive_avg_pool(self, row: Row, x: str) -> None:
        entered, left = row["enters"][0][2:], row["leaves"][0][2:]
        window = [before // after for before, after in zip(entered, left, strict=True)]
        if left == [1, 1]:
            self.node("GlobalAveragePool", [x], row["writes"][0])
        else:
            self.node("AveragePool", [x], row["writes"][0], kernel_shape=window, strides=window)

    def local_response_norm(self, row: Row, x: str) -> None:
        fields = row["fields"]
        alpha, beta, bias = (float(fields[name]) for name in ("alpha", "beta", "k"))
        self.node("LRN", [x], row["writes"][0], size=fields["size"], alpha=alpha, beta=beta, bias=bias)

    def batch_norm(self, row: Row, x: str) -> None:
        names = [self.weight(row, name) for name in ("weight", "bias", "running_mean", "running_var")]
        self.node("BatchNormalization", [x, *names], row["writes"][0], epsilon=row["fields"]["eps"])

    def layer_norm(self, row: Row, x: str) -> None:
        names = [self.weight(row, name) for name in ("weight", "bias")]
        self.node("LayerNormalization", [x, *names], row["writes"][0], axis=-1, epsilon=row["fields"]["eps"])

    def embedding(self, row: Row, x: str) -> None:
        self.node("Gather", [self.weight(row, "weight"), x], row["writes"][0])

    def positional_encoding(self, row: Row, x: str) -> None:
        self.node("Add", [x, self.weight(row, "weight")], row["writes"][0])

    def linear(self, row: Row, x: str) -> None:
        out, (weight, *bias) = row["writes"][0], row["parameters"]
        if len(row["enters"][0]) == 2:
            self.node("Gemm", [x, self.weight(row, weight), *(self.weight(row, name) for name in bias)], out, transB=1)
        else:
            self.times(row, x, weight, bias[0] if bias else None, out)

    def times(self, row: Row, x: str, weight: str, bias: str | None, out: str) -> str:
        """A linear layer of an input with more than two axes: a product, and a sum where there is a bias."""
        product = f"{out}.product" if bias else out
        self.node("MatMul", [x, self.weight(row, weight, row["parameters"][weight][::-1])], product)
        return self.node("Add", [product, self.weight(row, bias)], out) if bias else product

    def multihead_attention(self, row: Row, x: str) -> None:
        out, heads = row["writes"][0], row["fields"]["num_heads"]
        joined = self.times(row, x, "in_proj_weight", "in_proj_bias", f"{out}.qkv")
        parts = [f"{out}.q", f"{out}.k", f"{out}.v"]
        self.node("Split", [joined], parts, axis=-1, num_outputs=3)
        causal = int(row["fields"]["is_causal"])
        self.node("Attention", parts, f"{out}.heads", q_num_heads=heads, kv_num_heads=heads, is_causal=causal)
        self.times(row, f"{out}.heads", "out_proj.weight", "out_proj.bias", out)

    def lstm(self, row: Row, x: str) -> None:
        out, hidden = row["writes"][0], row["fields"]["hidden_size"]
        self.constants["one"] = np.array([1])
        for level in range(row["fields"]["num_layers"]):
            features = row["parameters"][f"weight_ih_l{level}"][1]
            names = [
                self.weight(row, f"w{level}", (1, 4 * hidden, features)),
                self.weight(row, f"r{level}", (1, 4 * hidden, hidden)),
                self.weight(row, f"b{level}", (1, 8 * hidden)),
            ]
            self.node("LSTM", [x, *names], f"{out}.y{level}", hidden_size=hidden)
            last = level == row["fields"]["num_layers"] - 1
            x = self.node("Squeeze", [f"{out}.y{level}", "one"], out if last else f"{out}.x{level}")

    def model(self, *, filled: bool) -> onnx.ModelProto:
        """Return the model; its weights are random initializers where `filled`, else inputs, which have no numbers."""
        entry, random = self.network["input"], np.random.default_rng(0)
        kind = TensorProto.INT64 if entry["dtype"] == "int64" else TensorProto.FLOAT
        inputs = [helper.make_tensor_value_info(entry["slot"], kind, entry["shape"])]
        initializers = [numpy_helper.from_array(array, name) for name, array in self.constants.items()]
        for name, shape in self.weights.items():
            if filled:
                bound = 0.5 if len(shape) == 1 else (3 / np.prod(shape[1:])) ** 0.5
                array = random.uniform(0.1 if len(shape) == 1 else -bound, bound, shape).astype(np.float32)
                initializers.append(numpy_helper.from_array(array, name))
            else:
                inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        outputs = [helper.make_tensor_value_info(self.network["output"], TensorProto.FLOAT, None)]
        graph = helper.make_graph(self.nodes, self.network["name"], inputs, outputs, initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=11)


def agreeing(network: dict[str, Any], model: onnx.ModelProto) -> int:
    """Hold onnx's shapes against ours, and return how many values both name."""
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    found = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*inferred.graph.value_info, *inferred.graph.output)
    }
    for row in network["rows"]:
        ours, theirs = row["leaves"][0], found[row["writes"][0]]
        assert ours == theirs, f"{row['writes'][0]}: {ours} against {theirs}"
    return len(network["rows"])


def infer(network: dict[str, Any]) -> dict[str, Any]:
    """Time `infer_shapes` on a model, on its bytes, and on its bytes without reading the answer."""
    from onnx.onnx_cpp2py_export import shape_inference as native

    model = Graph(network).model(filled=False)
    rows, bare = agreeing(network, model), model.SerializeToString()
    taken = {
        "model": seconds_of(lambda: onnx.shape_inference.infer_shapes(model)),
        "bytes": seconds_of(lambda: onnx.shape_inference.infer_shapes(bare)),
        "bytes to bytes": seconds_of(lambda: native.infer_shapes(bare, False, False, False)),
    }
    return {"seconds": min(taken.values()), "ways": taken, "nodes": len(model.graph.node), "rows": rows}


def random_input(shape: list[int]) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def reference(network: dict[str, Any]) -> dict[str, Any]:
    """Time one pass of onnx's ReferenceEvaluator."""
    from onnx.reference import ReferenceEvaluator

    floor = resident()
    session = ReferenceEvaluator(Graph(network).model(filled=True))
    feed = {network["input"]["slot"]: random_input(network["input"]["shape"])}
    seconds = seconds_of(lambda: session.run(None, feed), budget=0, fewest=1, warm=0)
    return {"seconds": seconds, "memory": peak() - floor}


def runtime(path: str) -> dict[str, Any]:
    """Time a pass of onnxruntime, two threads, on a model in a file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    floor = resident()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    feed = {entry.name: random_input(entry.shape)}
    return {"seconds": seconds_of(lambda: session.run(None, feed)), "memory": peak() - floor}


def main() -> None:
    what, path, *target = sys.argv[1:]
    if what == "runtime":
        print(json.dumps(runtime(path)))
        return
    network = json.loads(Path(path).read_text(encoding="utf-8"))
    if what == "write":
        onnx.save(Graph(network).model(filled=True), target[0])
        print("{}")
        return
    print(json.dumps({"infer": infer, "reference": reference}[what](network)))


if __name__ == "__main__":
    main()
