"""The twin of a network as a PyTorch module, and what is measured of it; runs in the peers' environment.

    python -m benchmarks.twin_torch forward|backward|meta|fake|summary|once NETWORK.json [THREADS]

NETWORK.json is what `benchmarks.networks.plain` gives. `summary` and `once` are whole programs: what a user of
torchinfo or PyTorch would run.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from benchmarks.measuring import peak, resident, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable

Fields = dict[str, Any]


class Attention(nn.Module):
    """Self-attention, batch first, by the fused kernel: the fastest way that PyTorch has."""

    def __init__(self, features: int, heads: int, *, causal: bool) -> None:
        super().__init__()
        self.inward, self.outward = nn.Linear(features, 3 * features), nn.Linear(features, features)
        self.heads, self.causal = heads, causal

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, features = x.shape
        q, k, v = self.inward(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.outward(heads.transpose(1, 2).reshape(batch, length, features))


class Places(nn.Module):
    """A learnt row for each place, added."""

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(length, features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.weight[: x.shape[1]]


class Sum(nn.Module):
    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return first + second


class Join(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *parts: torch.Tensor) -> torch.Tensor:
        return torch.cat(parts, self.dim)


CONV = ("kernel_size", "stride", "padding", "dilation", "groups", "bias")
MODULES: dict[str, Callable[[Fields, list[int]], nn.Module]] = {
    "add": lambda _row, _entered: Sum(),
    "adaptive_avg_pool": lambda row, _entered: nn.AdaptiveAvgPool2d(row["output_size"]),
    "avg_pool": lambda row, _entered: nn.AvgPool2d(row["kernel_size"], row["stride"], row["padding"]),
    "batch_norm": lambda row, entered: nn.BatchNorm2d(entered[1], eps=row["eps"]),
    "concat": lambda row, _entered: Join(row["dim"]),
    "conv": lambda row, entered: nn.Conv2d(entered[1], row["out_channels"], **{name: row[name] for name in CONV}),
    "dropout": lambda row, _entered: nn.Dropout(row["p"]),
    "embedding": lambda row, _entered: nn.Embedding(row["num_embeddings"], row["embedding_dim"]),
    "flatten": lambda _row, _entered: nn.Flatten(),
    "gelu": lambda row, _entered: nn.GELU(row["approximate"]),
    "global_avg_pool": lambda _row, _entered: nn.AdaptiveAvgPool2d(1),
    "layer_norm": lambda row, entered: nn.LayerNorm(entered[-1], eps=row["eps"]),
    "linear": lambda row, entered: nn.Linear(entered[-1], row["out_features"], bias=row["bias"]),
    "local_response_norm": lambda row, _entered: nn.LocalResponseNorm(**row),
    "lstm": lambda row, entered: nn.LSTM(entered[-1], row["hidden_size"], row["num_layers"]),
    "max_pool": lambda row, _entered: nn.MaxPool2d(**row),
    "multihead_attention": lambda row, entered: Attention(entered[-1], row["num_heads"], causal=row["is_causal"]),
    "positional_encoding": lambda row, entered: Places(row["max_length"], entered[-1]),
    "relu": lambda _row, _entered: nn.ReLU(),
    "softmax": lambda row, _entered: nn.Softmax(row["dim"]),
    "tanh": lambda _row, _entered: nn.Tanh(),
}
"""A module by the word of its layer, from its fields and the shape that enters; the fields that are used here."""


class Twin(nn.Module):
    """The layers in their order; a value is let go after the last layer that reads it."""

    def __init__(self, network: dict[str, Any]) -> None:
        super().__init__()
        rows = network["rows"]
        self.layers = nn.ModuleList(MODULES[row["word"]](row["fields"], row["enters"][0]) for row in rows)
        self.slot, self.leaves = network["input"]["slot"], network["output"]
        last = {slot: place for place, row in enumerate(rows) for slot in row["reads"]}
        self.plan = [
            (row["reads"], row["writes"][0], [slot for slot in row["reads"] if last[slot] == place])
            for place, row in enumerate(rows)
        ]
        counted = sum(parameter.numel() for parameter in self.parameters())
        assert counted == network["params"], f"{counted} parameters against {network['params']}"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = {self.slot: x}
        for layer, (reads, writes, frees) in zip(self.layers, self.plan, strict=True):
            result = layer(*[values[slot] for slot in reads])
            values[writes] = result[0] if isinstance(result, tuple) else result
            for slot in frees:
                values.pop(slot, None)
        return values[self.leaves]


def entering(network: dict[str, Any]) -> torch.Tensor:
    entry = network["input"]
    if entry["dtype"] == "int64":
        return torch.zeros(entry["shape"], dtype=torch.int64)
    return torch.randn(entry["shape"])


def agreeing(network: dict[str, Any], net: Twin, x: torch.Tensor) -> None:
    """Hold the shape of every layer's output against ours."""
    found: list[list[int]] = []

    def note(_layer: nn.Module, _inputs: Any, output: Any) -> None:
        found.append(list((output[0] if isinstance(output, tuple) else output).shape))

    hooks = [layer.register_forward_hook(note) for layer in net.layers]
    net(x)
    for hook in hooks:
        hook.remove()
    assert found == [row["leaves"][0] for row in network["rows"]]


def forward(network: dict[str, Any]) -> dict[str, float]:
    floor = resident()
    net, x = Twin(network).eval(), entering(network)
    with torch.inference_mode():
        seconds = seconds_of(lambda: net(x))
    return {"seconds": seconds, "memory": peak() - floor}


def backward(network: dict[str, Any]) -> dict[str, float]:
    """Gradients by every parameter and by the input, in evaluation mode: the least of nine."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    net, x = Twin(network).eval(), entering(network).requires_grad_()
    taken = []
    for _ in range(9):
        net.zero_grad()
        x.grad = None
        y = net(x)
        began = clock()
        y.backward(torch.ones_like(y))
        taken.append(clock() - began)
    return {"seconds": min(taken)}


def meta(network: dict[str, Any]) -> dict[str, Any]:
    with torch.device("meta"):
        net, x = Twin(network).eval(), entering(network)
    with torch.inference_mode():
        agreeing(network, net, x)
        return {"seconds": seconds_of(lambda: net(x))}


def fake(network: dict[str, Any]) -> dict[str, Any]:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode(), torch.no_grad():
        net, x = Twin(network).eval(), entering(network)
        agreeing(network, net, x)
        return {"seconds": seconds_of(lambda: net(x))}


def summary(network: dict[str, Any]) -> None:
    import torchinfo

    with torch.device("meta"):
        net = Twin(network).eval()
    print(torchinfo.summary(net, network["input"]["shape"], device="meta", verbose=0))


def once(network: dict[str, Any]) -> None:
    net = Twin(network).eval()
    with torch.inference_mode():
        print(list(net(entering(network)).shape))


def main() -> None:
    what, path, *threads = sys.argv[1:]
    torch.set_num_threads(int(threads[0]) if threads else 2)
    network = json.loads(Path(path).read_text(encoding="utf-8"))
    acts = {"forward": forward, "backward": backward, "meta": meta, "fake": fake, "summary": summary, "once": once}
    found = acts[what](network)
    if found is not None:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
