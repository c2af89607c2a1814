"""Single steps of recurrent layers; loops over steps for what PyTorch has no module for."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch.nn import functional

from torch_cases import Case

STEPS = {
    "rnn_cell": (1, torch.rnn_tanh_cell),
    "lstm_cell": (4, torch.lstm_cell),
    "gru_cell": (3, torch.gru_cell),
}


def step(layer: str, *, bias: bool, given: bool, **more: Any) -> Case:
    gates, function = STEPS[layer]
    function = torch.rnn_relu_cell if more else function
    size, features, samples = 4, 5, 3
    rows = gates * size
    tensors = {"weight_ih": (rows, features), "weight_hh": (rows, size)}
    tensors |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
    states = (2 if layer == "lstm_cell" else 1) * ((samples, size),) if given else ()

    def forward(x: Any, *states: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any = None, bias_hh: Any = None) -> Any:
        before = states or tuple(torch.zeros(samples, size) for _ in range(2 if layer == "lstm_cell" else 1))
        return function(x, before if len(before) > 1 else before[0], weight_ih, weight_hh, bias_ih, bias_hh)

    fields = {"hidden_size": size, **({} if bias else {"bias": False}), **more}
    return Case(layer, fields, ((samples, features), *states), forward, tensors)


def reset_first(*, bias: bool, batch_first: bool = False) -> Case:
    """A GRU as ONNX computes it with linear_before_reset = 0."""
    steps, samples, features, size = 3, 2, 5, 4
    tensors = {"weight_ih_l0": (3 * size, features), "weight_hh_l0": (3 * size, size)}
    tensors |= {"bias_ih_l0": (3 * size,), "bias_hh_l0": (3 * size,)} if bias else {}

    def forward(x: Any, **given: Any) -> Any:
        sequence = x.transpose(0, 1) if batch_first else x
        w_ih, w_hh = given["weight_ih_l0"], given["weight_hh_l0"]
        b_ih, b_hh = (given.get(f"bias_{side}_l0") for side in ("ih", "hh"))
        h, outputs = torch.zeros(samples, size), []
        for each in sequence.unbind(0):
            arriving = functional.linear(each, w_ih, b_ih).chunk(3, 1)
            sums = functional.linear(h, w_hh[: 2 * size], None if b_hh is None else b_hh[: 2 * size]).chunk(2, 1)
            r, z = torch.sigmoid(arriving[0] + sums[0]), torch.sigmoid(arriving[1] + sums[1])
            last = functional.linear(r * h, w_hh[2 * size :], None if b_hh is None else b_hh[2 * size :])
            n = torch.tanh(arriving[2] + last)
            h = (1 - z) * n + z * h
            outputs.append(h)
        return torch.stack(outputs, 1 if batch_first else 0), h[None]

    fields = {"hidden_size": size, "reset_after": False, **({} if bias else {"bias": False})}
    fields |= {"batch_first": True} if batch_first else {}
    shape = (samples, steps, features) if batch_first else (steps, samples, features)
    return Case("gru", fields, (shape,), forward, tensors, saves=False, note="a loop over the steps")


def conv_lstm(fields: dict[str, Any], x: tuple[int, ...], state: tuple[int, ...], *, given: bool = False) -> Case:
    """Keras's ConvLSTM, rows of the gates in the order i, f, g, o."""
    out, kernel = fields["out_channels"], tuple(fields["kernel_size"])
    tensors = {"weight_ih": (4 * out, x[2], *kernel), "weight_hh": (4 * out, out, *kernel)}
    tensors |= {"bias": (4 * out,)} if fields.get("bias", True) else {}
    conv = {1: functional.conv1d, 2: functional.conv2d}[len(kernel)]
    more = {name: fields[name] for name in ("stride", "padding", "dilation") if name in fields}

    def forward(x: Any, *states: Any, weight_ih: Any, weight_hh: Any, bias: Any = None) -> Any:
        h, c = states or (torch.zeros(state), torch.zeros(state))
        outputs = []
        for each in x.unbind(1):
            sums = conv(each, weight_ih, bias, **more) + conv(h, weight_hh, padding="same")
            i, f, g, o = sums.chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            outputs.append(h)
        return torch.stack(outputs, 1) if fields.get("return_sequences", True) else h.clone(), h, c

    inputs = (x, state, state) if given else (x,)
    return Case("conv_lstm", fields, inputs, forward, tensors, note="a loop over the steps")


CASES = [
    *(step(layer, bias=bias, given=given) for layer in STEPS for bias, given in ((True, True), (False, False))),
    step("rnn_cell", bias=True, given=True, nonlinearity="relu"),
    *(reset_first(bias=bias, batch_first=first) for bias, first in pairwise((True, False, True))),
    conv_lstm({"out_channels": 2, "kernel_size": [3, 3], "padding": "same"}, (2, 3, 1, 4, 5), (2, 2, 4, 5)),
    conv_lstm({"out_channels": 2, "kernel_size": [3], "padding": 1}, (2, 3, 2, 5), (2, 2, 5), given=True),
    conv_lstm(
        {"out_channels": 2, "kernel_size": [3, 1], "stride": 2, "bias": False, "return_sequences": False},
        (2, 3, 2, 5, 4),
        (2, 2, 2, 2),
    ),
    conv_lstm({"out_channels": 2, "kernel_size": [2], "dilation": 2}, (2, 3, 2, 6), (2, 2, 4)),
]
