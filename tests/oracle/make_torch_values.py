"""Write torch_values.json: every value and gradient of small networks in PyTorch 2.13.0, and updates of their weights.

Run it as make_torch_layers.py, in the same environment. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

TORCH = "2.13.0"
HERE = Path(__file__).parent
ABOUT = (
    "What PyTorch 2.13.0 computes in float64 on the CPU, in evaluation mode: `values` of every slot, `gradients` of "
    "the loss with respect to every slot and parameter by autograd, `losses` before each step and after the last, "
    "`updated` parameters after the last step. Element i of parameter number k is (((7*i + 3 + k) mod 17) - 8) / 16, "
    "of a running variance that and 1 added. Written by make_torch_values.py."
)


def filled(a: int, b: int, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor of multiples of 1/16 from -1/2 to 1/2, exact in binary."""
    flat = [((a * i + b) % 17 - 8) / 16 for i in range(math.prod(shape))]
    return torch.tensor(flat, dtype=torch.float64).reshape(shape)


Network = dict[str, Any]


def chain(*names: str) -> Callable[[dict[str, nn.Module], dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    """Return the forward pass of modules one after another."""

    def forward(modules: dict[str, nn.Module], inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        (x,) = inputs.values()
        values = {}
        for name in names:
            x = modules[name](x)
            values[name] = x
        return values

    return forward


def diamond(modules: dict[str, nn.Module], inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return two inputs through one shared layer, their product, and what is added to it."""
    u, v = modules["u"](inputs["x"]), modules["u"](inputs["y"])
    product = u * v
    act = torch.tanh(product)
    total = act + u
    return {"u": u, "v": v, "p": product, "act": act, "s": total, "out": modules["out"](total)}


def recurrent(modules: dict[str, nn.Module], inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return an embedding, an LSTM, and its last hidden state through a linear layer."""
    e = modules["e"](inputs["ids"])
    r, (h, c) = modules["r"](e)
    return {"e": e, "r": r, "r.h_n": h, "r.c_n": c, "head": modules["head"](r)}


NETWORKS: list[Network] = [
    {
        "yaml": "{input: [N, 3], layers: [{linear: 4, name: h}, {relu: , name: a}, {linear: 5, name: out}]}",
        "modules": {"h": nn.Linear(3, 4), "a": nn.ReLU(), "out": nn.Linear(4, 5)},
        "forward": chain("h", "a", "out"),
        "inputs": {"input": filled(5, 0, (2, 3))},
        "loss": "cross_entropy",
        "targets": torch.tensor([3, 1]),
        "optimizer": ("sgd", {"lr": 0.5}, 3),
    },
    {
        "yaml": "{input: [N, 2, 6, 5], layers: [{conv: {out_channels: 3, kernel_size: 3, padding: 1}, name: c}, "
        "{batch_norm: , name: b}, {leaky_relu: 0.1, name: a}, {max_pool: 2, name: p}, {flatten: , name: f}, "
        "{linear: 2, name: out}, {sigmoid: , name: s}]}",
        "modules": {
            "c": nn.Conv2d(2, 3, 3, padding=1),
            "b": nn.BatchNorm2d(3),
            "a": nn.LeakyReLU(0.1),
            "p": nn.MaxPool2d(2),
            "f": nn.Flatten(),
            "out": nn.Linear(18, 2),
            "s": nn.Sigmoid(),
        },
        "forward": chain("c", "b", "a", "p", "f", "out", "s"),
        "inputs": {"input": filled(5, 0, (2, 2, 6, 5))},
        "loss": "bce",
        "targets": torch.tensor([[0.0, 1.0], [1.0, 0.25]], dtype=torch.float64),
        "optimizer": ("adam", {"lr": 0.05}, 2),
    },
    {
        "yaml": "{inputs: {x: [N, 3], y: [N, 3]}, layers: [{linear: 2, name: u, from: x}, "
        "{linear: 2, name: v, from: y, share: u}, {multiply: , name: p, from: [u, v]}, {tanh: , name: act}, "
        "{add: , name: s, from: [act, u]}, {linear: {out_features: 3, bias: false}, name: out}]}",
        "modules": {"u": nn.Linear(3, 2), "out": nn.Linear(2, 3, bias=False)},
        "forward": diamond,
        "inputs": {"x": filled(5, 0, (2, 3)), "y": filled(4, 3, (2, 3))},
        "loss": "mse",
        "targets": filled(3, 1, (2, 3)),
        "optimizer": ("momentum", {"lr": 0.25, "momentum": 0.9}, 3),
    },
    {
        "yaml": "{inputs: {ids: {shape: [N, T], dtype: int64}}, layers: [{embedding: {num_embeddings: 7, "
        "embedding_dim: 3}, name: e}, {lstm: {hidden_size: 2, batch_first: true}, name: r}, {linear: 7, name: head}]}",
        "modules": {"e": nn.Embedding(7, 3), "r": nn.LSTM(3, 2, batch_first=True), "head": nn.Linear(2, 7)},
        "forward": recurrent,
        "inputs": {"ids": torch.tensor([[2, 5, 2, 6], [0, 1, 3, 5]])},
        "loss": "cross_entropy",
        "targets": torch.tensor([[5, 2, 6, 0], [1, 3, 5, 4]]),
        "optimizer": ("sgd", {"lr": 0.25}, 2),
    },
]
LOSSES = {"mse": functional.mse_loss, "bce": functional.binary_cross_entropy}
BUFFERS = ("running_mean", "running_var")


def loss_of(network: Network, values: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the loss of the last value; of a sequence each position is a sample."""
    output = list(values.values())[-1]
    if network["loss"] == "cross_entropy":
        return functional.cross_entropy(output.flatten(0, -2), network["targets"].flatten())
    return LOSSES[network["loss"]](output, network["targets"])


def described(network: Network) -> dict[str, Any]:
    """Return what PyTorch computes for one network."""
    modules: dict[str, nn.Module] = {name: module.double().eval() for name, module in network["modules"].items()}
    parameters: dict[str, torch.Tensor] = {}
    for name, module in modules.items():
        tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        for own, tensor in tensors.items():
            if tensor.is_floating_point():
                fill = filled(7, 3 + len(parameters), tuple(tensor.shape)) + (1 if own == "running_var" else 0)
                tensor.data.copy_(fill)
                parameters[f"{name}.{own}"] = tensor
    inputs = {name: x.clone().requires_grad_() if x.is_floating_point() else x for name, x in network["inputs"].items()}
    given = {name: tensor.detach().clone() for name, tensor in parameters.items()}
    kind, options, steps = network["optimizer"]
    trained = [tensor for name, tensor in parameters.items() if not name.endswith(BUFFERS)]
    optimizer = (torch.optim.Adam if kind == "adam" else torch.optim.SGD)(trained, **options)
    values = network["forward"](modules, inputs)
    for value in values.values():
        value.retain_grad()
    loss = loss_of(network, values)
    losses = [loss.item()]
    loss.backward()
    everything = {**inputs, **parameters, **values}
    gradients = {name: tensor.grad.clone() for name, tensor in everything.items() if tensor.grad is not None}
    for _ in range(steps):
        optimizer.step()
        optimizer.zero_grad()
        again = loss_of(network, network["forward"](modules, inputs))
        losses.append(again.item())
        again.backward()
    return {
        "yaml": network["yaml"],
        "inputs": listed(network["inputs"]),
        "weights": listed(given),
        "loss": network["loss"],
        "targets": network["targets"].tolist(),
        "optimizer": [kind, options["lr"], steps],
        "values": listed(values),
        "gradients": listed(gradients),
        "losses": losses,
        "updated": listed({name: parameters[name] for name in given if not name.endswith(BUFFERS)}),
    }


def listed(tensors: dict[str, torch.Tensor]) -> dict[str, Any]:
    """Return tensors as lists."""
    return {name: tensor.detach().tolist() for name, tensor in tensors.items()}


def main() -> int:
    """Ask PyTorch every network and write the file."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixtures come from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    lines = ",\n".join(json.dumps(described(network), allow_nan=False) for network in NETWORKS)
    head = json.dumps({"about": ABOUT, "torch": TORCH}, indent=1).removesuffix("\n}")
    (HERE / "torch_values.json").write_text(f'{head},\n "networks": [\n{lines}\n]}}\n', encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
