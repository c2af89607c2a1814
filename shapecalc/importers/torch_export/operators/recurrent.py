"""Recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.torch_export.operands import is_array
from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.importers.graph import Stored, Value
    from shapecalc.importers.torch_export.steps import Steps

RAW = ("hx", "params")


def _tensors(to: Steps, params: Sequence[Any], bias: bool, layers: int, both: bool, projected: bool) -> Any:
    kinds = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if bias else []), *(["weight_hr"] if projected else [])]
    names = [
        f"{kind}_l{layer}{direction}"
        for layer in range(layers)
        for direction in (("", "_reverse") if both else ("",))
        for kind in kinds
    ]
    if len(names) != len(params):
        raise Unreadable(f"{len(params)} weights of a recurrent layer, in place of {len(names)}")
    return {name: to.weight(each) for name, each in zip(names, params, strict=True)}


def _recurrent(
    to: Steps, type_: str, x: Value, states: Sequence[Any], params: Sequence[Any], has_biases: bool,
    num_layers: int, dropout: float, bidirectional: bool, batch_first: bool, **fields: Any,
) -> Any:  # fmt: skip
    projected = bool(fields.get("proj_size"))
    tensors: dict[str, Stored] = _tensors(to, params, has_biases, num_layers, bidirectional, projected)
    reads = () if all(_is_zero(to, state) for state in states) else tuple(map(to.value, states))
    hidden = params[1].shape[0] // {"lstm": 4, "gru": 3}.get(type_, 1)
    result = to.step(
        type_, x, *reads, tensors=tensors, hidden_size=hidden, num_layers=num_layers, bias=has_biases,
        batch_first=batch_first, dropout=float(dropout), bidirectional=bidirectional, **fields,
    )  # fmt: skip
    extra = ("h_n", "c_n") if type_ == "lstm" else ("h_n",)
    return (result, *map(result.other, extra))


def _is_zero(to: Steps, state: Any) -> bool:
    if to.number(state) == 0:
        return True
    node = getattr(state, "node", None)
    while node is not None and not isinstance(node, str) and node.type == "expand":
        node = node.reads[0].node
    return node is not None and not isinstance(node, str) and node.fields.get("values") == 0 and not is_array(state)


@operator("lstm.input", raw=RAW)
def lstm(to: Steps, x: Value, hx: Any, params: Any, has_biases: bool, num_layers: int, dropout: float,
         train: bool, bidirectional: bool, batch_first: bool) -> Any:  # fmt: skip
    """An LSTM."""
    del train
    size = hx[0].shape[-1]
    hidden = params[1].shape[0] // 4
    fields = {"proj_size": size} if size != hidden else {}
    return _recurrent(to, "lstm", x, hx, params, has_biases, num_layers, dropout, bidirectional, batch_first, **fields)


def _simple(type_: str, **fields: Any) -> Callable[..., Any]:
    def function(to: Steps, x: Value, hx: Any, params: Any, has_biases: bool, num_layers: int, dropout: float,
                 train: bool, bidirectional: bool, batch_first: bool) -> Any:  # fmt: skip
        del train
        return _recurrent(to, type_, x, [hx], params, has_biases, num_layers, dropout, bidirectional, batch_first,
                          **fields)  # fmt: skip

    return function


operator("gru.input", raw=RAW)(_simple("gru"))
operator("rnn_tanh.input", raw=RAW)(_simple("rnn"))
operator("rnn_relu.input", raw=RAW)(_simple("rnn", nonlinearity="relu"))

CELL = ("hx", "w_ih", "w_hh", "b_ih", "b_hh")


def _cell(to: Steps, type_: str, x: Value, states: Sequence[Any], weights: Sequence[Any], **fields: Any) -> Value:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    tensors = {name: to.weight(each) for name, each in zip(names, weights, strict=False) if each is not None}
    reads = () if all(_is_zero(to, state) for state in states) else tuple(map(to.value, states))
    hidden = weights[1].shape[1]
    return to.step(type_, x, *reads, tensors=tensors, hidden_size=hidden, bias=weights[2] is not None, **fields)


@operator("lstm_cell", raw=CELL)
def lstm_cell(to: Steps, x: Value, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """One step of an LSTM."""
    result = _cell(to, "lstm_cell", x, hx, (w_ih, w_hh, b_ih, b_hh))
    return result, result.other("c_n")


@operator("gru_cell", raw=CELL)
def gru_cell(to: Steps, x: Value, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Value:
    """One step of a GRU."""
    return _cell(to, "gru_cell", x, [hx], (w_ih, w_hh, b_ih, b_hh))


@operator("rnn_tanh_cell", raw=CELL)
def rnn_cell(to: Steps, x: Value, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Value:
    """One step of an RNN."""
    return _cell(to, "rnn_cell", x, [hx], (w_ih, w_hh, b_ih, b_hh))


@operator("rnn_relu_cell", raw=CELL)
def rnn_relu_cell(to: Steps, x: Value, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Value:
    """One step of an RNN with ReLU."""
    return _cell(to, "rnn_cell", x, [hx], (w_ih, w_hh, b_ih, b_hh), nonlinearity="relu")
