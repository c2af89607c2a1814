"""Elementwise operators: activations, arithmetic, comparisons."""

from __future__ import annotations

import numpy as np

from tests.oracle.onnx_nodes.network import InexpressibleError, Network, Node, Operator, Slots

WORDS = {  # operators that are one layer without settings
    "Abs": "abs",
    "Ceil": "ceil",
    "Cos": "cos",
    "Erf": "erf",
    "Exp": "exp",
    "Floor": "floor",
    "HardSwish": "hardswish",
    "Identity": "identity",
    "Log": "log",
    "Mish": "mish",
    "Neg": "negative",
    "Reciprocal": "reciprocal",
    "Relu": "relu",
    "Round": "round",
    "Sigmoid": "sigmoid",
    "Sign": "sign",
    "Sin": "sin",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Sqrt": "sqrt",
    "Tanh": "tanh",
}
MERGES = {  # operators that merge two inputs, or several
    "Add": "add",
    "And": "logical_and",
    "Equal": "equal",
    "Greater": "greater",
    "GreaterOrEqual": "greater_equal",
    "Less": "less",
    "LessOrEqual": "less_equal",
    "Max": "maximum",
    "Min": "minimum",
    "Mul": "multiply",
    "Or": "logical_or",
    "Sub": "subtract",
    "Sum": "add",
}


def word(node: Node, net: Network) -> Slots:
    """One layer without settings."""
    return net.step(WORDS[node.op])


def merge(node: Node, net: Network) -> Slots:
    """Inputs that broadcast; a single one is the output."""
    reads = [net.read(place) for place in range(len(node.arrays))]
    return net.step(MERGES[node.op], reads=reads) if len(reads) > 1 else net.step("identity")


def mean_of_inputs(node: Node, net: Network) -> Slots:
    """The sum of the inputs divided by their number."""
    total = merge(Node("Sum", {}, node.names, node.arrays, node.outputs), net)
    return net.step("divide", len(node.arrays), str(total))


def quotient(node: Node, net: Network) -> Slots:
    """Of floats `divide`; of integers its quotient without the fraction, as `cast` cuts it off."""
    result = net.step("divide", reads=[net.read(0), net.read(1)])
    return result if node.array(0).dtype.kind not in "iu" else net.step("cast", "int64", result)


def power(node: Node, net: Network) -> Slots:
    """A power; its dtype is that of the base."""
    result = net.step("power", reads=[net.read(0), net.read(1)])
    integers = [node.array(place).dtype.kind in "iu" for place in (0, 1)]
    return net.step("cast", "int64", result) if integers == [True, False] else result


def where(_node: Node, net: Network) -> Slots:
    """A selection by a condition."""
    return net.step("where", reads=[net.read(place) for place in range(3)])


def celu(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    return net.step("celu", node.get("alpha", 1.0))


def clip(node: Node, net: Network) -> Slots:
    """`clamp` with the bounds as numbers, which ONNX has as inputs."""
    bounds = {name: node.array(place).item() for place, name in ((1, "min"), (2, "max")) if node.has(place)}
    return net.step("clamp", bounds) if bounds else net.step("identity")


def dropout(node: Node, net: Network) -> Slots:
    """Evaluation: the input, and a mask that is true everywhere (each element equals itself)."""
    ratio = float(node.array(1)) if node.has(1) else node.get("ratio", 0.5)
    if node.has(2) and bool(node.array(2)) and ratio:
        raise InexpressibleError("random numbers: dropout in training")
    return net.step("dropout", float(ratio)), net.step("equal", reads=[net.read(0), net.read(0)])


def elu(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    return net.step("elu", {"alpha": node.get("alpha", 1.0)})


def gelu(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    return net.step("gelu", {"approximate": node.get("approximate", "none")})


def hard_sigmoid(node: Node, net: Network) -> Slots:
    """The layer of that name; the default slope is 0.2 in ONNX, 1/6 in PyTorch."""
    return net.step("hardsigmoid", {"alpha": node.get("alpha", 0.2), "beta": node.get("beta", 0.5)})


def hardmax(node: Node, net: Network) -> Slots:
    """The index of the first maximum as a row of zeros and a one, moved to the axis."""
    axis, rank = node.axis(-1), node.rank()
    index = net.step("argmax", {"dim": axis})
    rows = net.step("one_hot", node.shape()[axis], index)
    order = [*range(axis), rank - 1, *range(axis, rank - 1)]
    return net.step("permute", order, rows)


def leaky_relu(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    return net.step("leaky_relu", node.get("alpha", 0.01))


def one_hot(node: Node, net: Network) -> Slots:
    """Indices below 0 count from the end, others outside give no 1: a comparison with each index, and a selection."""
    depth, (off, on) = int(node.array(1).ravel()[0]), node.array(2).astype(np.float64).tolist()
    rank = node.rank() + 1
    axis = int(node.get("axis", -1)) % rank
    index = net.read(0)
    if node.array(0).dtype.kind == "f":
        index = net.step("cast", "int64", index)
    index = net.step("unsqueeze", axis, index)
    depths = net.numbers(np.arange(depth).reshape([depth if place == axis else 1 for place in range(rank)]))
    below = net.numbers(np.arange(-depth, 0).reshape([depth if place == axis else 1 for place in range(rank)]))
    found = [net.step("equal", reads=[index, each]) for each in (depths, below)]
    hit = net.step("logical_or", reads=found)
    result = net.step("where", {"x": on, "y": off}, hit)
    return net.step("cast", "int64", result) if node.array(2).dtype.kind in "iu" else result


def prelu(node: Node, net: Network) -> Slots:
    """max(x, 0) + slope · min(x, 0): the slope of ONNX broadcasts to any shape."""
    x, slope = net.read(0), net.tensor(node.array(1))
    negative = net.step("multiply", reads=[net.step("clamp", {"max": 0}, x), slope])
    return net.step("add", reads=[net.step("relu", None, x), negative])


def selu(node: Node, net: Network) -> Slots:
    """`selu` with PyTorch's numbers; with others `elu` and a factor."""
    if not node.attributes:
        return net.step("selu")
    return net.chain(
        net.read(), ("elu", {"alpha": node.get("alpha", 1.67326)}), ("multiply", node.get("gamma", 1.0507))
    )


def shrink(node: Node, net: Network) -> Slots:
    """What `hard_shrink` leaves, less `bias` with its sign."""
    left = net.step("hard_shrink", node.get("lambd", 0.5))
    if not node.get("bias", 0.0):
        return left
    return net.step("subtract", reads=[left, net.chain(left, "sign", ("multiply", node.get("bias")))])


def swish(node: Node, net: Network) -> Slots:
    """`silu`, or with a factor x · σ(αx)."""
    alpha = node.get("alpha", 1.0)
    if alpha == 1:
        return net.step("silu")
    return net.step("multiply", reads=[net.read(), net.chain(net.read(), ("multiply", alpha), "sigmoid")])


def swiglu(node: Node, net: Network) -> Slots:
    """`silu` of the gate, times the second input."""
    return net.step("multiply", reads=[str(swish(node, net)), net.read(1)])


def thresholded_relu(node: Node, net: Network) -> Slots:
    """`threshold` with the value 0."""
    return net.step("threshold", {"threshold": node.get("alpha", 1.0), "value": 0})


OPERATORS: dict[str, Operator] = {
    **dict.fromkeys(WORDS, word),
    **dict.fromkeys(MERGES, merge),
    "Celu": celu,
    "Clip": clip,
    "Div": quotient,
    "Dropout": dropout,
    "Elu": elu,
    "Gelu": gelu,
    "HardSigmoid": hard_sigmoid,
    "Hardmax": hardmax,
    "LeakyRelu": leaky_relu,
    "Mean": mean_of_inputs,
    "OneHot": one_hot,
    "PRelu": prelu,
    "Pow": power,
    "Selu": selu,
    "Shrink": shrink,
    "SwiGLU": swiglu,
    "Swish": swish,
    "ThresholdedRelu": thresholded_relu,
    "Where": where,
}
