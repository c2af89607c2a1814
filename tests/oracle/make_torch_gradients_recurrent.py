"""Write torch_gradients_recurrent.json and .npz: what PyTorch 2.13.0 says of recurrent gradients, losses, optimisers.

Run it as make_torch_layers.py, in the same environment. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from collections.abc import Iterator

TORCH = "2.13.0"
HERE = Path(__file__).parent
ABOUT = (
    "What PyTorch 2.13.0 finds by autograd, in float64 on the CPU. Element i of a filled tensor is (((a*i + b) "
    "mod 17) - 8) / 8. `recurrent`: input number j is filled with a and b of `fill.inputs`, parameter number k "
    "with a = 7, b = 3 + k and then halved, the gradient by output number j with `fill.gradients`, for the "
    "outputs in `by` alone. With `truncate` the states are detached every so many steps, counted from the end. "
    "Values: gradients by each input, then by each parameter. `macs` is half of what FlopCounterMode counts "
    "backwards. `losses`: predictions filled with 5, 0; targets are classes 5*i mod C for cross_entropy, else "
    "filled with 4, 3, for binary_cross_entropy moved into 0 to 1 by (t + 1) / 2. Values: the loss, its gradient. "
    "`optimizers`: parameters filled with 7, 3 + k, their gradients in step s with 5, s + k; values: all "
    "parameters after each of five steps. All values stand one after another, flat, as float32, in "
    "torch_gradients_recurrent.npz, key `values`. Written by make_torch_gradients_recurrent.py."
)
FILL = {"inputs": [[5, 0], [4, 3], [6, 1]], "gradients": [[3, 2], [6, 5], [4, 1]], "parameters": [7, 3]}
MODULES = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
STEPS, SAMPLES, FEATURES, HIDDEN = 5, 2, 3, 4
Row = dict[str, Any]


def filled(a: int, b: int, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor by the rule in ABOUT, exact in binary."""
    flat = [((a * i + b) % 17 - 8) / 8 for i in range(math.prod(shape))]
    return torch.tensor(flat, dtype=torch.float64).reshape(shape)


def recurrent_cases() -> Iterator[Row]:
    """Kinds × depths × directions × states, with biases, the batch's place and the outputs read changing along."""
    kinds = [
        ("rnn", {}),
        ("rnn", {"nonlinearity": "relu"}),
        ("lstm", {}),
        ("lstm", {"proj_size": 3}),
        ("gru", {}),
    ]
    for number, ((layer, own), depth, two, given) in enumerate(product(kinds, (1, 2, 3), (False, True), (False, True))):
        fields = {"hidden_size": HIDDEN, "num_layers": depth, "bidirectional": two, **own}
        fields |= {"bias": number % 4 != 1, "batch_first": number % 3 == 1}
        outputs = ["output", "h_n", "c_n"] if layer == "lstm" else ["output", "h_n"]
        read = [outputs, outputs[:1], outputs[-1:], outputs[1:]][number % 4]
        yield {"layer": layer, "fields": fields, "states": given, "by": read}
    for (layer, own), depth, truncate in product(kinds, (1, 2), (1, 2, 3, 7)):
        fields = {"hidden_size": HIDDEN, "num_layers": depth, "bidirectional": False, **own}
        fields |= {"bias": True, "batch_first": False}
        outputs = ["output", "h_n", "c_n"] if layer == "lstm" else ["output", "h_n"]
        yield {"layer": layer, "fields": fields, "states": True, "by": outputs, "truncate": truncate}


def shapes(row: Row) -> list[tuple[int, ...]]:
    """The shapes of x and, where states are given, of those."""
    fields = row["fields"]
    x = (SAMPLES, STEPS, FEATURES) if fields["batch_first"] else (STEPS, SAMPLES, FEATURES)
    places = fields["num_layers"] * (2 if fields["bidirectional"] else 1)
    hidden = (places, SAMPLES, fields.get("proj_size", HIDDEN))
    states = [hidden, (places, SAMPLES, HIDDEN)] if row["layer"] == "lstm" else [hidden]
    return [x, *(states if row["states"] else [])]


def called(layer: nn.Module, x: torch.Tensor, states: list[torch.Tensor]) -> list[torch.Tensor]:
    given = () if not states else (tuple(states),) if isinstance(layer, nn.LSTM) else (states[0],)
    output, last = layer(x, *given)
    return [output, *(last if isinstance(last, tuple) else (last,))]


def in_pieces(layer: nn.Module, x: torch.Tensor, states: list[torch.Tensor], most: int) -> list[torch.Tensor]:
    """Call it on pieces of as many steps, counted from the end, and detach the states between them."""
    short = len(x) % most
    pieces = [piece for piece in (x[:short], *x[short:].split(most)) if len(piece)]
    outputs = []
    for piece in pieces:
        output, *states = called(layer, piece, states)
        outputs.append(output)
        ended = states
        states = [state.detach() for state in states]
    return [torch.cat(outputs), *ended]


def made(row: Row, device: str = "cpu") -> tuple[nn.Module, list[torch.Tensor]]:
    layer = MODULES[row["layer"]](FEATURES, **row["fields"]).to(torch.float64)
    a, b = FILL["parameters"]
    for k, tensor in enumerate(layer.parameters()):
        tensor.data.copy_(filled(a, b + k, tuple(tensor.shape)) / 2)
    inputs = [filled(*FILL["inputs"][j], shape).to(device).requires_grad_() for j, shape in enumerate(shapes(row))]
    return layer.to(device), inputs


def loss_of(row: Row, outputs: list[torch.Tensor]) -> torch.Tensor:
    names = ("output", "h_n", "c_n")
    read = [(j, y) for j, (name, y) in enumerate(zip(names, outputs, strict=False)) if name in row["by"]]
    return sum((y * filled(*FILL["gradients"][j], tuple(y.shape)).to(y.device)).sum() for j, y in read)


def recurrent(row: Row) -> tuple[Row, np.ndarray]:
    layer, inputs = made(row)
    x, *states = inputs
    most = row.get("truncate")
    outputs = in_pieces(layer, x, states, most) if most else called(layer, x, states)
    wanted = [*inputs, *layer.parameters()]
    found = torch.autograd.grad(loss_of(row, outputs), wanted, allow_unused=True)
    grads = [torch.zeros_like(t) if g is None else g for g, t in zip(found, wanted, strict=True)]
    answer = {**row, "inputs": [list(shape) for shape in shapes(row)]}
    if row["states"] and not most:
        answer["macs"] = backward_macs(row)
    return answer, np.concatenate([g.numpy().ravel() for g in grads])


def backward_macs(row: Row) -> int:
    """Half of what FlopCounterMode counts while going back on the meta device, from every output."""
    layer, inputs = made(row, "meta")
    x, *states = inputs
    loss = sum(y.sum() for y in called(layer, x, states))
    with FlopCounterMode(display=False) as counter:
        loss.backward()
    flops: int = counter.get_total_flops()
    if flops % 2:
        raise ValueError(f"{row}: {flops} FLOPs are odd")
    return flops // 2


LOSSES = {
    "cross_entropy": functional.cross_entropy,
    "mse": functional.mse_loss,
    "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
}


def losses() -> Iterator[tuple[Row, np.ndarray]]:
    """Each loss over several ranks, summed and averaged."""
    for name, shape, reduction in product(LOSSES, ((7,), (5, 3), (2, 5, 3), (2, 3, 4, 5), (3, 1)), ("mean", "sum")):
        logits = (filled(5, 0, shape) * 3).requires_grad_()
        if name == "cross_entropy":
            classes, rest = (shape[0], ()) if len(shape) == 1 else (shape[1], (shape[0], *shape[2:]))
            targets = torch.tensor([5 * i % classes for i in range(math.prod(rest))]).reshape(rest)
        else:
            targets = filled(4, 3, shape)
            targets = (targets + 1) / 2 if name == "binary_cross_entropy" else targets
        value = LOSSES[name](logits, targets, reduction=reduction)
        (gradient,) = torch.autograd.grad(value, [logits])
        row = {"loss": name, "shape": shape, "reduction": reduction}
        yield row, np.concatenate([[value.item()], gradient.numpy().ravel()])


OPTIMIZERS: list[tuple[str, Row]] = [
    ("sgd", {"lr": 0.1}),
    ("momentum", {"lr": 0.1, "momentum": 0.9}),
    ("momentum", {"lr": 0.02, "momentum": 0.5}),
    ("adam", {"lr": 0.001}),
    ("adam", {"lr": 0.1, "betas": [0.8, 0.95], "eps": 1e-3}),
]


def optimizers() -> Iterator[tuple[Row, np.ndarray]]:
    """Five steps of each."""
    for name, options in OPTIMIZERS:
        parameters = [filled(7, 3 + k, shape).requires_grad_() for k, shape in enumerate(((3, 4), (5,)))]
        stepping = (torch.optim.Adam if name == "adam" else torch.optim.SGD)(parameters, **options)
        after = []
        for step in range(5):
            for k, tensor in enumerate(parameters):
                tensor.grad = filled(5, step + k, tuple(tensor.shape))
            stepping.step()
            after += [tensor.detach().numpy().ravel().copy() for tensor in parameters]
        row = {"optimizer": name, "options": options, "shapes": [[3, 4], [5]], "steps": 5}
        yield row, np.concatenate(after)


def main() -> int:
    """Ask PyTorch every case and write both files."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixtures come from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    warnings.filterwarnings("ignore", message="LSTM with projections is not supported with oneDNN")
    parts = {
        "recurrent": [recurrent(row) for row in recurrent_cases()],
        "losses": list(losses()),
        "optimizers": list(optimizers()),
    }
    document = json.dumps({"about": ABOUT, "torch": TORCH, "fill": FILL}, indent=1).removesuffix("\n}")
    for name, rows in parts.items():
        lines = ",\n".join(json.dumps(row, allow_nan=False) for row, _ in rows)
        document += f',\n "{name}": [\n{lines}\n]'
    values = np.concatenate([found for rows in parts.values() for _, found in rows]).astype(np.float32)
    (HERE / "torch_gradients_recurrent.json").write_text(document + "}\n", encoding="utf-8")
    np.savez_compressed(HERE / "torch_gradients_recurrent.npz", values=values)
    print({name: len(rows) for name, rows in parts.items()}, f"{values.size} values")
    return 0


if __name__ == "__main__":
    sys.exit(main())
