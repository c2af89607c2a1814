"""Recurrent layers: gates in PyTorch's order, directions as an axis of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.dims import Expr
from shapecalc.importers.onnx.node import operator
from shapecalc.importers.onnx.tensors import Move
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.importers.graph import Stored, Value
    from shapecalc.importers.onnx.node import OnnxNode
    from shapecalc.importers.onnx.tensors import Array

GATES = {"RNN": ("rnn", 1, (0,)), "LSTM": ("lstm", 2, (0, 2, 3, 1)), "GRU": ("gru", 1, (1, 0, 2))}
"""Our layer, its number of states, and the place in ONNX of each of our gates."""
USUAL = {"RNN": ["Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"]}
PEEPHOLES = (0, 2, 1)
"""The place in ONNX of our weights from the cell: i, f, o of ONNX's i, o, f."""


@operator("RNN", "LSTM", "GRU")
def recurrence(
    node: OnnxNode,
    *,
    hidden_size: int = 0,
    direction: str = "forward",
    layout: int = 0,
    linear_before_reset: int = 0,
    activations: Sequence[str] = (),
    activation_alpha: Sequence[float] = (),
    activation_beta: Sequence[float] = (),
    clip: float = 0.0,
    input_forget: int = 0,
    output_sequence: int = 1,
) -> Sequence[Value]:
    """Return the layer of that name, its output with directions as an axis, and its final states."""
    del output_sequence
    type_, count, _ = GATES[node.op]
    weight = node.weight(1)
    if weight.shape[:1] not in ((1,), (2,)) or not node.weight(2).shape:
        raise Unreadable(f"`{node.op}` has a weight of {len(weight.shape)} axes that is not of one or two directions")
    directions, hidden = weight.shape[0], node.weight(2).shape[-1]
    if hidden_size not in (0, hidden):
        raise Unreadable(f"`{node.op}` states {hidden_size} features, its weight has {hidden}")
    nonlinearity = _nonlinearity(node, activations, directions)
    if activation_alpha or activation_beta or clip or input_forget:
        raise Unreadable(f"`{node.op}` limits its gates, joins two of them, or has other activations")
    _refuse_lengths(node, 0 if layout else 1, 1 if layout else 0)
    fields: dict[str, Any] = {"hidden_size": hidden, "bias": node.has(3), "batch_first": bool(layout)}
    fields |= {"bidirectional": directions == 2, "nonlinearity": nonlinearity}  # noqa: PLR2004
    fields |= {"reset_after": bool(linear_before_reset)} if type_ == "gru" else {}
    fields |= {"peepholes": True} if node.has(7) else {}
    time = 1 if layout else 0
    is_reverse = direction == "reverse"
    first = node.step("flip", dims=time) if is_reverse else node.read()
    states = [node.read(place) for place in (5, 6) if node.has(place)]
    if len(states) not in (0, count):
        raise Unreadable(f"`{node.op}` has one of its two first states")
    if layout:
        states = [node.permuted(state, [1, 0, 2]) for state in states]
    step = node.step(type_, first, *states, tensors=_tensors(node, directions, hidden), **fields)
    output = node.step("flip", step, dims=time) if is_reverse else step
    output = node.reshaped(output, [*node.shape()[:2], directions, hidden])
    output = output if layout else node.permuted(output, [0, 2, 1, 3])
    final = [step.other(name) for name in ("h_n", "c_n")[:count]]
    return output, *(node.permuted(value, [1, 0, 2]) if layout else value for value in final)


def _nonlinearity(node: OnnxNode, activations: Sequence[str], directions: int) -> str | None:
    """Return the field of `rnn`, and refuse activations that our layers do not have."""
    usual = USUAL[node.op] * directions
    if not activations or [name.lower() for name in activations] == [name.lower() for name in usual]:
        return None
    if node.op == "RNN" and {name.lower() for name in activations} == {"relu"}:
        return "relu"
    raise Unreadable(f"`{node.op}` has the activations {', '.join(activations)}")


def _refuse_lengths(node: OnnxNode, batch: int, time: int) -> None:
    """Raise `Unreadable` for lengths of sequences, unless all are as long as the input."""
    if not node.has(4):
        return
    lengths, steps = node.known(4, "lengths").ravel().tolist(), node.shape()[time]
    if any(isinstance(length, Expr) or isinstance(steps, Expr) or length != steps for length in lengths):
        raise Unreadable(f"`{node.op}` has sequences of different lengths")
    del batch


def _tensors(node: OnnxNode, directions: int, hidden: int) -> dict[str, Stored]:
    """Return our weights of each direction: rows in the order of our gates, biases in two halves."""
    _, _, order = GATES[node.op]
    rows = np.concatenate([np.arange(hidden) + hidden * gate for gate in order])
    gates = hidden * len(order)
    tensors: dict[str, Stored] = {}
    for place in range(directions):
        end = f"_l0{'_reverse' * place}"
        for name, input_ in (("weight_ih", 1), ("weight_hh", 2)):
            weight = node.weight(input_)
            tensors[f"{name}{end}"] = weight.stored((gates, weight.shape[-1]), _rows(node.op, place, rows))
        for name, half in (("bias_ih", 0), ("bias_hh", gates)) if node.has(3) else ():
            tensors[f"{name}{end}"] = node.weight(3, "bias").stored((gates,), _rows(node.op, place, rows + half))
        if node.has(7):
            cells = np.concatenate([np.arange(hidden) + hidden * gate for gate in PEEPHOLES])
            weight = node.weight(7, "peepholes")
            tensors[f"weight_peephole{end}"] = weight.stored((3 * hidden,), _rows("P", place, cells))
    return tensors


def _rows(op: str, place: int, rows: Array) -> Move:
    return Move(f"{op} direction {place} from row {rows[0]}", lambda array: array[place][rows])
