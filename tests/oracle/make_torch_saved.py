"""Write torch_saved.json: what PyTorch 2.13.0 keeps for the backward pass, layer by layer and of whole networks.

Run it as make_torch_layers.py, in the same environment. The same script gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from attention_axes import BROADCAST, BROADCAST_IN_GROUPS
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional
from torch_modules import module, uneven

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TORCH = "2.13.0"
HERE = Path(__file__).parent
ABOUT = (
    "What PyTorch 2.13.0 keeps for the backward pass in training mode, float32, CPU, as "
    "torch.autograd.graph.saved_tensors_hooks shows it: storages, each once, without parameters and buffers. Of a "
    "layer: the `inputs` whose storages are kept, whether the first output's is (`output`), and the bytes of all "
    "others (`own`); every float input requires a gradient. Of a network, whose input requires none: `storages` and "
    "their `bytes` together; the loss is left out. `fused` are the bytes where oneDNN's recurrent kernel runs, `bytes` "
    "those of PyTorch's own loop; `workspaces` what oneDNN alone decides about. Written by make_torch_saved.py."
)
Shape = tuple[int, ...]


def kept(forward: Callable[[], Any], without: Iterable[torch.Tensor]) -> tuple[list[Any], Any]:
    """The storages that a forward pass saves, each once, and what it returns."""
    known = {tensor.untyped_storage()._cdata for tensor in without}
    alive: list[torch.Tensor] = []  # so that no storage is freed and its address given to another
    storages: dict[int, Any] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        alive.append(tensor)
        storage = tensor.untyped_storage()
        if storage._cdata not in known:
            storages.setdefault(storage._cdata, storage)
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        given = forward()
    return list(storages.values()), given


def tensors_of(given: Any) -> list[torch.Tensor]:
    """All tensors in what a module returns, the first output first."""
    return [given] if isinstance(given, torch.Tensor) else [tensor for part in given for tensor in tensors_of(part)]


class Learnt(nn.Module):
    """A function of inputs and learnt tensors of given shapes."""

    def __init__(self, function: Callable[..., Any], *shapes: Shape) -> None:
        super().__init__()
        self.function = function
        self.learnt = nn.ParameterList(nn.Parameter(torch.ones(shape)) for shape in shapes)

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.function(*inputs, *self.learnt)


class Attention(nn.Module):
    """torch.nn.MultiheadAttention called as our layer calls it."""

    def __init__(self, fields: dict[str, Any], shapes: list[Shape]) -> None:
        super().__init__()
        options = {name: value for name, value in fields.items() if name not in ("need_weights", "is_causal")}
        self.inner = nn.MultiheadAttention(shapes[0][2], **options)
        self.fields = fields

    def forward(self, query: torch.Tensor, *rest: torch.Tensor) -> Any:
        key = rest[0] if rest else query
        value = rest[1] if len(rest) > 1 else key
        mask = None
        if self.fields.get("is_causal"):
            axis = 1 if self.fields.get("batch_first") else 0
            mask = nn.Transformer.generate_square_subsequent_mask(query.shape[axis])
        weights = self.fields.get("need_weights", False)
        hint = mask is not None and not weights
        output, averaged = self.inner(query, key, value, need_weights=weights, attn_mask=mask, is_causal=hint)
        return (output, averaged) if weights else output


class WithStates(nn.Module):
    """A recurrent module whose initial states are inputs of their own."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor, *states: torch.Tensor) -> Any:
        return self.inner(x, states if len(states) > 1 else states[0]) if states else self.inner(x)


def scale(fields: dict[str, Any], shapes: list[Shape]) -> nn.Module:
    axis = fields.get("dim", 1) % len(shapes[0])
    factors = (shapes[0][axis], *(1,) * (len(shapes[0]) - axis - 1))
    if fields.get("bias"):
        return Learnt(lambda x, weight, bias: x * weight + bias, factors, factors)
    return Learnt(lambda x, weight: x * weight, factors)


def product_of(*inputs: torch.Tensor) -> torch.Tensor:
    result = inputs[0]
    for other in inputs[1:]:
        result = result * other
    return result


def stochastic(fields: dict[str, Any]) -> Callable[[torch.Tensor], torch.Tensor]:
    """torchvision.ops.stochastic_depth in training."""

    def drop(x: torch.Tensor) -> torch.Tensor:
        if fields["p"] == 0:
            return x
        size = [x.shape[0]] + [1] * (x.ndim - 1) if fields.get("mode", "row") == "row" else [1] * x.ndim
        noise = torch.empty(size).bernoulli_(1 - fields["p"])
        return x * noise.div_(1 - fields["p"])

    return drop


FUNCTIONS: dict[str, Callable[[dict[str, Any]], Callable[..., Any]]] = {
    "add": lambda _: lambda *inputs: sum(inputs[1:], start=inputs[0]),
    "multiply": lambda _: product_of,
    "concat": lambda fields: lambda *inputs: torch.cat(inputs, fields.get("dim", 1)),
    "matmul": lambda fields: lambda a, b: a @ (b.transpose(-1, -2) if fields.get("transpose_b") else b),
    "split": lambda fields: lambda x: torch.split(x, fields["split_size"], fields.get("dim", 1)),
    "chunk": lambda fields: lambda x: torch.chunk(x, fields["chunks"], fields.get("dim", 1)),
    "select_channels": lambda fields: lambda x: torch.index_select(x, 1, torch.tensor(fields["channels"])),
    "squeeze": lambda fields: lambda x: x.squeeze(fields["dim"]),
    "unsqueeze": lambda fields: lambda x: x.unsqueeze(fields["dim"]),
    "center_crop": lambda _: lambda x: x[:, :, 1:-1, 1:-1],
    "channel_shuffle": lambda fields: nn.ChannelShuffle(fields["groups"]),
    "pixel_shuffle": lambda fields: nn.PixelShuffle(fields["upscale_factor"]),
    "pixel_unshuffle": lambda fields: nn.PixelUnshuffle(fields["downscale_factor"]),
    "stochastic_depth": stochastic,
    "rbf": lambda fields: lambda x: ((x.unsqueeze(-2) - torch.ones(fields["out_features"], x.shape[-1])) ** 2).sum(-1),
    "cosine_similarity": lambda fields: nn.CosineSimilarity(fields.get("dim", 1)),
    "scaled_dot_product_attention": lambda fields: lambda *qkv: functional.scaled_dot_product_attention(*qkv, **fields),
}


def positions(fields: dict[str, Any], shapes: list[Shape]) -> nn.Module:
    steps, _, features = shapes[0]
    if fields.get("kind") == "learned":
        return Learnt(lambda x, table: x + table[: len(x), None], (fields["max_length"], features))
    return Learnt(lambda x: x + torch.ones(steps, 1, features))


def class_token(fields: dict[str, Any], shapes: list[Shape]) -> nn.Module:  # noqa: ARG001 - one signature for all
    return Learnt(lambda x, token: torch.cat((token.expand(x.shape[0], -1, -1), x), 1), (1, 1, shapes[0][2]))


def rms_norm(fields: dict[str, Any], shapes: list[Shape]) -> nn.Module:
    return nn.RMSNorm(**{"normalized_shape": shapes[0][-1], **fields})


MODULES: dict[str, Callable[[dict[str, Any], list[Shape]], nn.Module]] = {
    "multihead_attention": Attention,
    "scale": scale,
    "rms_norm": rms_norm,
    "class_token": class_token,
    "positional_encoding": positions,
}


def built(word: str, fields: dict[str, Any], shapes: list[Shape]) -> nn.Module:
    """The module of a layer word, with the fields that a user writes."""
    if word in MODULES:
        return MODULES[word](fields, shapes)
    if word in FUNCTIONS:
        return Learnt(FUNCTIONS[word](fields))
    pairs = uneven(fields, shapes[0]) if word in ("conv", "max_pool", "avg_pool") else None
    if pairs is not None and all(before == after for before, after in pairs):
        fields = {**fields, "padding": [before for before, _ in pairs]}  # which the kernel does by itself
    inner = module(word, fields, shapes[0])
    return WithStates(inner) if word in ("rnn", "lstm", "gru") else inner


MAP, LINE, SOLID, TOKENS, PLAIN = (2, 6, 7, 11), (2, 6, 11), (2, 6, 5, 7, 11), (5, 3, 8), (3, 7)
WORDS = (
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "hardswish",
    "hardsigmoid",
    "sigmoid",
    "tanh",
    "softplus",
)


def layer_cases() -> Iterator[tuple[str, dict[str, Any], list[Shape]]]:  # noqa: C901, PLR0912 - a list
    """Every word with the fields that decide what it keeps."""
    for word in WORDS:
        yield word, {}, [MAP]
    yield "gelu", {"approximate": "tanh"}, [MAP]
    for word in ("softmax", "log_softmax"):
        yield from ((word, {}, [MAP]), (word, {"dim": 1}, [MAP]))
    for shape in (LINE, MAP, SOLID):
        yield "conv", {"out_channels": 4, "kernel_size": 3}, [shape]
        yield "conv_transpose", {"out_channels": 4, "kernel_size": 3}, [shape]
        for word in ("max_pool", "avg_pool"):
            yield word, {"kernel_size": 2}, [shape]
        for word in ("adaptive_avg_pool", "adaptive_max_pool"):
            yield from ((word, {"output_size": size}, [shape]) for size in (1, 3))
        for word in ("global_avg_pool", "global_max_pool"):
            yield from ((word, {"keepdim": keep}, [shape]) for keep in (True, False))
    window = {"out_channels": 4, "kernel_size": 3}
    for more in (
        {"padding": 1},
        {"padding": "same"},
        {"padding": "same", "kernel_size": 4},
        {"padding": "same", "kernel_size": [3, 4]},
        {"padding": "same", "stride": 2},
        {"padding": "same", "stride": 2, "kernel_size": 2},
        {"padding": [[0, 1], [1, 1]]},
        {"padding": [[1, 1], [2, 2]]},
        {"padding": 1, "padding_mode": "reflect"},
        {"padding": 1, "padding_mode": "replicate"},
        {"padding": 1, "padding_mode": "circular"},
        {"bias": False, "groups": 2},
        {"dilation": 2, "padding": "same"},
    ):
        yield "conv", window | more, [MAP]
    for word in ("max_pool", "avg_pool"):
        for more in ({"padding": 1}, {"padding": "same"}, {"ceil_mode": True}, {"padding": [[0, 1], [0, 0]]}):
            yield word, {"kernel_size": 3, **more}, [MAP]
    for shape in ((11,), (2, 11), LINE, MAP):
        yield from (("linear", {"out_features": 5, "bias": bias}, [shape]) for bias in (True, False))
    yield "rbf", {"out_features": 5}, [(2, 11)]
    for affine in (True, False):
        for tracks in (True, False):
            fields = {"affine": affine, "track_running_stats": tracks}
            yield from ((word, fields, [shape]) for word in ("batch_norm", "instance_norm") for shape in (LINE, MAP))
        yield "group_norm", {"num_groups": 3, "affine": affine}, [MAP]
        for word in ("layer_norm", "rms_norm"):
            yield word, {"elementwise_affine": affine}, [MAP]
            yield word, {"elementwise_affine": affine, "normalized_shape": [7, 11]}, [MAP]
    for shape in (LINE, MAP):
        yield "local_response_norm", {"size": 5}, [shape]
    yield from (("scale", {"bias": bias, "dim": dim}, [MAP]) for bias in (False, True) for dim in (1, -1))
    yield from (("dropout", {"p": p}, [MAP]) for p in (0.0, 0.5, 1.0))
    yield from (("stochastic_depth", {"p": p, "mode": mode}, [MAP]) for p in (0.0, 0.2) for mode in ("row", "batch"))
    gate = (2, 6, 1, 1)
    for word in ("add", "multiply"):
        yield from ((word, {}, shapes) for shapes in ([MAP, MAP], [MAP, gate], [MAP] * 3, [gate, gate, MAP, MAP]))
    yield from (("concat", {}, shapes) for shapes in ([MAP, MAP], [MAP]))
    for a, b in (
        ((5, 7), (7, 11)),
        ((3, 5, 7), (3, 7, 11)),
        ((2, 3, 5, 7), (2, 3, 7, 11)),
        ((2, 3, 5, 7), (7, 11)),
        ((2, 3, 5, 7), (3, 7, 11)),
        ((2, 1, 5, 7), (2, 3, 7, 11)),
    ):
        yield "matmul", {}, [a, b]
        yield "matmul", {"transpose_b": True}, [a, (*b[:-2], b[-1], b[-2])]
    yield from (("split", {"split_size": 4}, [MAP]), ("chunk", {"chunks": 3}, [MAP]))
    yield "select_channels", {"channels": [2, 0]}, [MAP]
    yield from (("identity", {}, [MAP]), ("flatten", {}, [MAP]), ("reshape", {"shape": [0, 3, -1]}, [MAP]))
    yield from (("permute", {"dims": [0, 2, 3, 1]}, [MAP]), ("squeeze", {"dim": 1}, [(2, 1, 7)]))
    yield from (("unsqueeze", {"dim": 1}, [PLAIN]), ("select", {"dim": 1, "index": -1}, [MAP]))
    yield "select", {"dim": 0, "index": -1}, [MAP]
    yield from ((word, {"dim": 1, "keepdim": keep}, [MAP]) for word in ("mean", "max", "sum") for keep in (True, False))
    for mode in ("constant", "reflect", "replicate", "circular"):
        yield "pad", {"padding": 1, "mode": mode}, [MAP]
    yield from (("upsample", {"scale_factor": 2, "mode": mode}, [MAP]) for mode in ("nearest", "bilinear"))
    yield "center_crop", {"size": [5, 9]}, [MAP]
    yield from (("channel_shuffle", {"groups": 3}, [MAP]), ("pixel_shuffle", {"upscale_factor": 2}, [(2, 8, 7, 11)]))
    yield "pixel_unshuffle", {"downscale_factor": 2}, [(2, 6, 8, 10)]
    yield from (
        ("embedding", {"num_embeddings": 10, "embedding_dim": 4}, [PLAIN]),
        ("one_hot", {"num_classes": 9}, [PLAIN]),
    )
    yield from (("cosine_similarity", {"dim": dim}, [MAP, MAP]) for dim in (1, 3))
    yield "positional_encoding", {}, [TOKENS]
    yield "positional_encoding", {"kind": "learned", "max_length": 9}, [TOKENS]
    yield "class_token", {}, [TOKENS]
    yield from recurrent_cases()
    yield from attention_cases()


def recurrent_cases() -> Iterator[tuple[str, dict[str, Any], list[Shape]]]:
    options: tuple[dict[str, Any], ...] = (
        {},
        {"num_layers": 3},
        {"bidirectional": True},
        {"num_layers": 2, "dropout": 0.3},
        {"num_layers": 2, "bidirectional": True, "dropout": 0.3},
        {"bias": False},
        {"batch_first": True},
        {"batch_first": True, "bidirectional": True},
        {"batch_first": True, "num_layers": 2, "bidirectional": True},
    )
    for word in ("rnn", "lstm", "gru"):
        yield from ((word, {"hidden_size": 7, **more}, [TOKENS]) for more in options)
        yield word, {"hidden_size": 7}, [(1, 3, 8)]
        states: list[Shape] = [(2, 3, 7)] * (2 if word == "lstm" else 1)
        yield word, {"hidden_size": 7, "num_layers": 2}, [TOKENS, *states]
    yield "rnn", {"hidden_size": 7, "nonlinearity": "relu"}, [TOKENS]
    for more in ({}, {"num_layers": 2}, {"bidirectional": True, "num_layers": 2}):
        yield "lstm", {"hidden_size": 7, "proj_size": 4, **more}, [TOKENS]


def attention_cases() -> Iterator[tuple[str, dict[str, Any], list[Shape]]]:
    query, key = (5, 3, 8), (7, 3, 8)
    turned = [(3, 5, 8), (3, 7, 8)]
    options: tuple[dict[str, Any], ...] = (
        {},
        {"bias": False},
        {"need_weights": True},
        {"dropout": 0.1},
        {"dropout": 0.1, "need_weights": True},
        {"add_bias_kv": True},
        {"add_zero_attn": True},
        {"add_bias_kv": True, "need_weights": True},
    )
    for more in options:
        for inputs in ([query], [query, key], [query, key, key]):
            yield "multihead_attention", {"num_heads": 2, **more}, inputs
        yield "multihead_attention", {"num_heads": 2, "batch_first": True, **more}, turned[:1]
        yield "multihead_attention", {"num_heads": 2, "batch_first": True, **more}, turned
    for more in ({"is_causal": True}, {"is_causal": True, "need_weights": True}):
        yield "multihead_attention", {"num_heads": 2, **more}, [query]
    for more in ({}, {"need_weights": True}, {"dropout": 0.1}):
        fields = {"num_heads": 2, "kdim": 6, "vdim": 4, **more}
        yield "multihead_attention", fields, [query, (7, 3, 6), (7, 3, 4)]
    word = "scaled_dot_product_attention"
    heads, others = (2, 4, 5, 8), (2, 4, 7, 8)
    yield from ((word, fields, [heads, others, others]) for fields in ({}, {"scale": 0.3}))
    yield word, {"is_causal": True}, [heads, heads, heads]
    yield word, {"enable_gqa": True}, [heads, (2, 2, 7, 8), (2, 2, 7, 8)]
    yield word, {}, [heads, others, (2, 4, 7, 6)]
    yield word, {"is_causal": True}, [heads, heads, (2, 4, 5, 6)]
    yield word, {}, [(3, 5, 8), (3, 7, 8), (3, 7, 8)]
    for leading in BROADCAST:
        yield word, {}, [(*axes, length, 4) for axes, length in zip(leading, (5, 7, 7), strict=True)]
        yield word, {}, [(*axes, *end) for axes, end in zip(leading, ((5, 4), (7, 4), (7, 6)), strict=True)]
    for leading in BROADCAST_IN_GROUPS:
        ends = zip(leading, (5, 7, 7), strict=True)
        yield word, {"enable_gqa": True}, [(*axes, length, 4) for axes, length in ends]


def asked(word: str, fields: dict[str, Any], shapes: list[Shape]) -> dict[str, Any]:
    layer = built(word, fields, shapes).train()
    whole = word in ("embedding", "one_hot")
    # What enters is no leaf, as in a network: a leaf that needs a gradient may be kept for other reasons.
    inputs = [torch.ones(s, dtype=torch.int64) if whole else torch.randn(s).requires_grad_() * 1 for s in shapes]
    with torch.backends.mkldnn.flags(enabled=word not in ("rnn", "lstm", "gru")):
        storages, given = kept(lambda: layer(*inputs), (*layer.parameters(), *layer.buffers()))
    entered = {x.untyped_storage()._cdata: place for place, x in enumerate(inputs)}
    left = tensors_of(given)[0].untyped_storage()._cdata
    found: dict[str, Any] = {"inputs": [], "output": False, "own": 0}
    for storage in storages:
        if storage._cdata in entered:
            found["inputs"].append(entered[storage._cdata])
        elif storage._cdata == left:
            found["output"] = True
        else:
            found["own"] += storage.nbytes()
    found["inputs"].sort()
    return {"layer": word, "fields": fields, "shapes": [list(shape) for shape in shapes], **found}


# Networks, by hand; names and sizes are those of the files in architectures/.


def lenet5() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
        nn.Softmax(-1),
    )


def vgg16(*, inplace: bool = False) -> nn.Module:
    layers: list[nn.Module] = []
    channels = 3
    for width in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
        if width:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=inplace)]
            channels = width
        else:
            layers.append(nn.MaxPool2d(2))
    layers += [nn.AdaptiveAvgPool2d(7), nn.Flatten()]
    for width, reads in ((4096, 512 * 49), (4096, 4096)):
        layers += [nn.Linear(reads, width), nn.ReLU(inplace=inplace), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(4096, 1000))


class Basic(nn.Module):
    def __init__(self, reads: int, channels: int, stride: int, *, inplace: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(reads, channels, 3, stride, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.relu = nn.ReLU(inplace=inplace)
        self.shortcut = nn.Sequential()
        if stride != 1 or reads != channels:
            self.shortcut = nn.Sequential(nn.Conv2d(reads, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        main = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        result: torch.Tensor = self.relu(main + self.shortcut(x))
        return result


def resnet18(*, inplace: bool = False) -> nn.Module:
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=inplace), nn.MaxPool2d(3, 2, 1)]
    blocks = []
    reads = 64
    for channels, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        for place in range(2):
            blocks.append(Basic(reads, channels, 1 if place else stride, inplace=inplace))
            reads = channels
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


class LstmClassifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10000, 100, padding_idx=0)
        self.encoder = nn.LSTM(100, 128, 2, bidirectional=True, dropout=0.3, batch_first=True)
        self.classifier = nn.Linear(256, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        output, _ = self.encoder(self.embedding(x))
        return functional.softmax(self.classifier(output.select(1, -1)), -1)


class CharRnn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(65, 512, 2, dropout=0.5, batch_first=True)
        self.decoder = nn.Linear(512, 65)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        output, _ = self.lstm(functional.one_hot(x, 65).float())
        return functional.softmax(self.decoder(output), -1)


class GruTagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20000, 100)
        self.encoder = nn.GRU(100, 150, bidirectional=True, batch_first=True)
        self.tags = nn.Linear(300, 17)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        output, _ = self.encoder(functional.dropout(self.embedding(x), 0.5))
        return functional.log_softmax(self.tags(functional.dropout(output, 0.5)), -1)


def images(n: int, channels: int, side: int) -> torch.Tensor:
    return torch.zeros(n, channels, side, side)


def words(n: int, steps: int) -> torch.Tensor:
    return torch.zeros(n, steps, dtype=torch.int64)


NETWORKS: list[tuple[str, Callable[[], nn.Module], dict[str, int], torch.Tensor]] = [
    ("lenet5", lenet5, {"N": 32}, images(32, 1, 32)),
    ("vgg16", vgg16, {"N": 2, "H": 64, "W": 64}, images(2, 3, 64)),
    ("vgg16", vgg16, {"N": 1, "H": 224, "W": 224}, images(1, 3, 224)),
    ("resnet18", resnet18, {"N": 3, "H": 64, "W": 64}, images(3, 3, 64)),
    ("resnet18", resnet18, {"N": 2, "H": 224, "W": 224}, images(2, 3, 224)),
    ("lstm-classifier", LstmClassifier, {"N": 5, "T": 11}, words(5, 11)),
    ("char-rnn", CharRnn, {"N": 3, "T": 7}, words(3, 7)),
    ("gru-tagger", GruTagger, {"N": 3, "T": 7}, words(3, 7)),
]


def size_of_workspaces(forward: Callable[[], Any]) -> list[int]:
    """The bytes of what oneDNN keeps for itself: it is the only one that keeps plain bytes."""
    sizes: list[int] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.dtype is torch.uint8:
            sizes.append(tensor.untyped_storage().nbytes())
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        forward()
    return sizes


def of_network(name: str, make: Callable[..., nn.Module], sizes: dict[str, int], x: torch.Tensor) -> dict[str, Any]:
    def measured(network: nn.Module, *, fused: bool) -> list[Any]:
        with torch.backends.mkldnn.flags(enabled=fused):
            return kept(lambda: network(x), (*network.parameters(), *network.buffers()))[0]

    network = make().train()
    storages = measured(network, fused=False)
    row: dict[str, Any] = {"name": name, "sizes": sizes, "storages": len(storages)}
    row["bytes"] = sum(storage.nbytes() for storage in storages)
    if name in ("vgg16", "resnet18"):
        row["inplace"] = sum(storage.nbytes() for storage in measured(make(inplace=True).train(), fused=False))
    if "T" in sizes:
        storages = measured(network, fused=True)
        row["fused"] = sum(storage.nbytes() for storage in storages)
        row["workspaces"] = sum(size_of_workspaces(lambda: network(x)))
    return row


def main() -> None:
    if torch.__version__.split("+")[0] != TORCH:
        sys.exit(f"expects torch {TORCH}, found {torch.__version__}")
    torch.manual_seed(0)
    document = {
        "torch": TORCH,
        "about": ABOUT,
        "layers": [asked(*case) for case in layer_cases()],
        "networks": [of_network(*network) for network in NETWORKS],
    }
    lines = json.dumps(document, separators=(",", ":"))
    for bracket in ('"about"', '"layers"', '"networks"', '{"layer"', '{"name"'):
        lines = lines.replace(bracket, "\n" + bracket)
    (HERE / "torch_saved.json").write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
