"""Normalization, matrix products and einsum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tests.oracle.onnx_nodes.network import Network, Node, Operator, Slots


def batch_norm(node: Node, net: Network) -> Slots:
    """The layer of that name; in training with the batch's own mean and variance, which enter the running ones."""
    weights = {"weight": node.array(1), "bias": node.array(2)}
    eps = node.get("epsilon", 1e-5)
    if not node.get("training_mode"):
        return net.step(
            "batch_norm", {"eps": eps}, None, **weights, running_mean=node.array(3), running_var=node.array(4)
        )
    step = net.step("batch_norm", {"eps": eps, "track_running_stats": False}, None, **weights)
    axes = [axis for axis in range(node.rank()) if axis != 1]
    momentum = node.get("momentum", 0.9)
    own = [net.step("mean", {"dim": axes}), net.step("var", {"dim": axes, "correction": 0})]
    running = []
    for place, slot in zip((3, 4), own, strict=True):
        old = net.step("multiply", momentum, net.read(place))
        running.append(net.step("add", None, [old, net.step("multiply", 1 - momentum, slot)]))
    return step, *running


def instance_norm(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    fields = {"eps": node.get("epsilon", 1e-5), "affine": True}
    return net.step("instance_norm", fields, None, weight=node.array(1), bias=node.array(2))


def group_norm(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    fields = {"num_groups": node.get("num_groups"), "eps": node.get("epsilon", 1e-5)}
    return net.step("group_norm", fields, None, weight=node.array(1), bias=node.array(2))


def layer_norm(node: Node, net: Network) -> Slots:
    """The layer of that name; its mean and inverse deviation by reductions."""
    axis, eps = node.axis(-1), node.get("epsilon", 1e-5)
    fields = {"normalized_shape": node.shape()[axis:], "eps": eps, "bias": node.has(2)}
    bias = {"bias": node.array(2)} if node.has(2) else {}
    step = net.step("layer_norm", fields, None, weight=node.array(1), **bias)
    axes = {"dim": list(range(axis, node.rank())), "keepdim": True}
    mean = net.step("mean", axes)
    return step, mean, net.chain(net.step("var", {**axes, "correction": 0}), ("add", eps), "rsqrt")


def rms_norm(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    fields = {"normalized_shape": node.shape()[node.axis(-1) :], "eps": node.get("epsilon", 1e-5)}
    return net.step("rms_norm", fields, None, weight=node.array(1))


def local_response_norm(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    fields = {"size": node.get("size"), "alpha": node.get("alpha", 1e-4)}
    return net.step("local_response_norm", {**fields, "beta": node.get("beta", 0.75), "k": node.get("bias", 1.0)})


def mean_variance(node: Node, net: Network) -> Slots:
    """The difference from the mean divided by the deviation plus 1e-9."""
    axes = {"dim": list(node.get("axes", (0, 2, 3))), "keepdim": True}
    less = net.step("subtract", None, [net.read(), net.step("mean", axes)])
    deviation = net.chain(net.step("std", {**axes, "correction": 0}), ("add", 1e-9))
    return net.step("divide", None, [less, deviation])


def lp_normalization(node: Node, net: Network) -> Slots:
    """`normalize`."""
    return net.step("normalize", {"dim": node.axis(-1), "p": node.get("p", 2)})


def matmul(node: Node, net: Network) -> Slots:
    """The layer of that name; vectors get a second axis for it."""
    first, second = net.read(0), net.read(1)
    if node.rank(0) == 1:
        first = net.step("unsqueeze", 0, first)
    if node.rank(1) == 1:
        second = net.step("unsqueeze", 1, second)
    result = net.step("matmul", None, [first, second])
    if node.rank(1) == 1:
        result = net.step("squeeze", -1, result)
    return net.step("squeeze", -1 if node.rank(1) == 1 else -2, result) if node.rank(0) == 1 else result


def gemm(node: Node, net: Network) -> Slots:
    """α·A·B + β·C; `linear` if B is a weight and C a bias, and α and β are 1."""
    alpha, beta = node.get("alpha", 1.0), node.get("beta", 1.0)
    first = net.step("permute", [1, 0]) if node.get("transA") else net.read()
    weight = node.array(1) if node.get("transB") else node.array(1).T
    is_linear = alpha == beta == 1 and (not node.has(2) or node.shape(2) == [weight.shape[0]])
    if is_linear:
        bias = {"bias": node.array(2)} if node.has(2) else {}
        return net.step("linear", {"out_features": weight.shape[0], "bias": bool(bias)}, first, weight=weight, **bias)
    result = net.step("linear", {"out_features": weight.shape[0], "bias": False}, first, weight=weight)
    result = net.step("multiply", alpha, result) if alpha != 1 else result
    if not node.has(2):
        return result
    third = net.step("multiply", beta, net.read(2)) if beta != 1 else net.read(2)
    return net.step("add", None, [result, third])


def einsum(node: Node, net: Network) -> Slots:
    """The layer of that name."""
    reads = [net.read(place) for place in range(len(node.arrays))]
    return net.step("einsum", str(node.get("equation")).replace(" ", ""), reads)


def recurrence(node: Node, net: Network) -> Slots:
    """`rnn`, `lstm` or `gru`: their gates in PyTorch's order, directions as an axis of their own."""
    type_, count, order = GATES[node.op]
    weight, recurrent = node.array(1), node.array(2)
    directions, hidden = weight.shape[0], recurrent.shape[-1]
    batch_first = bool(node.get("layout"))
    bias = node.array(3).reshape(directions, 2, -1) if node.has(3) else None
    rows = np.concatenate([np.arange(hidden) + hidden * gate for gate in order])
    tensors: dict[str, Any] = {}
    for place in range(directions):
        end = f"_l0{'_reverse' * place}"
        tensors |= {f"weight_ih{end}": weight[place][rows], f"weight_hh{end}": recurrent[place][rows]}
        if bias is not None:
            tensors |= {f"bias_ih{end}": bias[place, 0][rows], f"bias_hh{end}": bias[place, 1][rows]}
    fields: dict[str, Any] = {"hidden_size": hidden, "bias": bias is not None}
    fields |= {"batch_first": True} if batch_first else {}
    fields |= {"bidirectional": True} if directions == 2 else {}
    fields |= {"reset_after": bool(node.get("linear_before_reset", 0))} if type_ == "gru" else {}
    is_reverse = node.get("direction", "forward") == "reverse"
    time = 1 if batch_first else 0
    first = net.step("flip", time) if is_reverse else net.read()
    states = [net.read(place) for place in (5, 6) if node.has(place)]
    if node.has(7):
        fields["peepholes"] = True
        for place in range(directions):
            parts = node.array(7)[place].reshape(3, hidden)[[0, 2, 1]].ravel()
            tensors[f"weight_peephole_l0{'_reverse' * place}"] = parts
    step = net.step(type_, fields, [first, *states] if states else first, **tensors)
    output = net.step("flip", time, step) if is_reverse else step
    output = net.step("reshape", [*node.shape()[:2], directions, hidden], output)
    output = output if batch_first else net.step("permute", [0, 2, 1, 3], output)
    final = [f"{step}.h_n", f"{step}.c_n"][:count]
    return output, *(net.step("permute", [1, 0, 2], slot) if batch_first else slot for slot in final)


GATES = {"RNN": ("rnn", 1, (0,)), "LSTM": ("lstm", 2, (0, 2, 3, 1)), "GRU": ("gru", 1, (1, 0, 2))}
OPERATORS: dict[str, Operator] = {
    "BatchNormalization": batch_norm,
    "Einsum": einsum,
    "Gemm": gemm,
    "GroupNormalization": group_norm,
    "InstanceNormalization": instance_norm,
    "LRN": local_response_norm,
    "LayerNormalization": layer_norm,
    "LpNormalization": lp_normalization,
    "MatMul": matmul,
    "MeanVarianceNormalization": mean_variance,
    "RMSNormalization": rms_norm,
    **dict.fromkeys(GATES, recurrence),
}
