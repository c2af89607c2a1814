"""Our layer words as PyTorch modules, built from the fields that a user writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Shape = tuple[int, ...]
Pairs = list[tuple[int, int]]


class Applied(nn.Module):
    """A function of the input, and the module inside it whose parameters count."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor], inner: nn.Module | None = None) -> None:
        super().__init__()
        self.function = function
        if inner is not None:
            self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def module(word: str, fields: Mapping[str, Any], shape: Shape) -> nn.Module:
    """The module of a layer; what PyTorch refuses, it raises here or when the module is called."""
    return BUILDERS[word](dict(fields), shape)


def per_axis(value: Any, rank: int) -> list[Any]:
    """One entry per axis, from one number for all or a list."""
    return list(value) if isinstance(value, list) else [value] * rank


def keras_split(size: int, window: int, stride: int, dilation: int) -> tuple[int, int]:
    """Padding before and after one axis for `same`: the odd cell goes after."""
    total = max((-(-size // stride) - 1) * stride + dilation * (window - 1) + 1 - size, 0)
    return total // 2, total - total // 2


def uneven(fields: Mapping[str, Any], shape: Shape) -> Pairs | None:
    """The pairs of a padding that no torch module takes: pairs as written, or `same` with Keras's split."""
    padding = fields.get("padding", 0)
    if isinstance(padding, list) and isinstance(padding[0], list):
        return [(before, after) for before, after in padding]
    if padding != "same":
        return None
    rank = len(shape) - 2
    window = per_axis(fields["kernel_size"], rank)
    stride = per_axis(fields.get("stride") or (1 if "out_channels" in fields else window), rank)
    dilation = per_axis(fields.get("dilation", 1), rank)
    return [keras_split(*axis) for axis in zip(shape[2:], window, stride, dilation, strict=True)]


def torch_order(pairs: Pairs) -> list[int]:
    """Pairs per axis as F.pad wants them: flat, the last axis first."""
    return [cells for pair in reversed(pairs) for cells in pair]


def _typed(name: str, rank: int) -> type[nn.Module]:
    kind: type[nn.Module] = getattr(nn, f"{name}{rank}d")
    return kind


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def conv(fields: dict[str, Any], shape: Shape) -> nn.Module:
    rank = len(shape) - 2
    fields.setdefault("in_channels", shape[1])
    kind = _typed("Conv", rank)
    # PyTorch has `same` itself at stride 1: its own word is asked there.
    torch_same = fields.get("padding") == "same" and per_axis(fields.get("stride", 1), rank) == [1] * rank
    pairs = None if torch_same else uneven(fields, shape)
    if pairs is None:
        return kind(**_tuples(fields))
    mode = fields.pop("padding_mode", "zeros").replace("zeros", "constant")
    inner = kind(**_tuples({**fields, "padding": 0}))
    return Applied(lambda x: inner(functional.pad(x, torch_order(pairs), mode=mode)), inner)


def conv_transpose(fields: dict[str, Any], shape: Shape) -> nn.Module:
    fields.setdefault("in_channels", shape[1])
    kind = _typed("ConvTranspose", len(shape) - 2)
    pairs = uneven(fields, shape)
    if pairs is None:
        return kind(**_tuples(fields))
    inner = kind(**_tuples({**fields, "padding": 0}))

    def cropped(x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = inner(x)
        for axis, (before, after) in enumerate(pairs, start=2):
            y = y.narrow(axis, before, y.shape[axis] - before - after)
        return y

    return Applied(cropped, inner)


def _unclipped(y: torch.Tensor, stride: list[int], shape: Shape, pairs: Pairs) -> torch.Tensor:
    """Cut off windows that start past the input and the padding before it: with F.pad, PyTorch cannot know."""
    for axis, (size, (before, _), step) in enumerate(zip(shape[2:], pairs, stride, strict=True), start=2):
        y = y.narrow(axis, 0, min(y.shape[axis], -(-(size + before) // step)))
    return y


def _pool(fields: dict[str, Any], shape: Shape) -> tuple[dict[str, Any], Pairs | None, list[int]]:
    rank = len(shape) - 2
    pairs = uneven(fields, shape)
    if pairs is not None or fields.get("padding") == "valid":
        fields = {**fields, "padding": 0}
    return _tuples(fields), pairs, per_axis(fields.get("stride") or fields["kernel_size"], rank)


def max_pool(fields: dict[str, Any], shape: Shape) -> nn.Module:
    written, pairs, stride = _pool(fields, shape)
    inner = _typed("MaxPool", len(shape) - 2)(**written)
    if pairs is None:
        return inner
    lowest = float("-inf")
    return Applied(
        lambda x: _unclipped(inner(functional.pad(x, torch_order(pairs), value=lowest)), stride, shape, pairs)
    )


def avg_pool(fields: dict[str, Any], shape: Shape) -> nn.Module:
    if len(shape) == 3 and "divisor_override" in fields:
        return _line_as_plane(fields, shape)
    written, pairs, stride = _pool(fields, shape)
    inner = _typed("AvgPool", len(shape) - 2)(**written)
    if pairs is None:
        return inner

    def averaged(x: torch.Tensor) -> torch.Tensor:
        y = inner(functional.pad(x, torch_order(pairs)))
        if not written.get("count_include_pad", True):
            y = y / inner(functional.pad(torch.ones_like(x), torch_order(pairs)))
        return _unclipped(y, stride, shape, pairs)

    return Applied(averaged)


def _line_as_plane(fields: dict[str, Any], shape: Shape) -> nn.Module:
    """AvgPool1d has no divisor_override: the line is pooled as a plane of height 1."""
    neutral = {"kernel_size": 1, "stride": 1, "padding": 0}
    flat = {
        name: [neutral[name], *per_axis(value, 1)] if name in neutral and value is not None else value
        for name, value in fields.items()
    }
    inner = avg_pool(flat, (*shape[:2], 1, shape[2]))
    return Applied(lambda x: inner(x.unsqueeze(2)).squeeze(2))


def adaptive(name: str) -> Callable[[dict[str, Any], Shape], nn.Module]:
    """AdaptiveAvgPool or AdaptiveMaxPool of the input's rank."""
    return lambda fields, shape: _typed(name, len(shape) - 2)(**_tuples(fields))


def pooled_whole(reduce: Callable[..., torch.Tensor]) -> Callable[[dict[str, Any], Shape], nn.Module]:
    """A global pool: the reduction over every spatial axis."""

    def build(fields: dict[str, Any], shape: Shape) -> nn.Module:
        axes = tuple(range(2, len(shape)))
        return Applied(lambda x: reduce(x, dim=axes, keepdim=fields.get("keepdim", True)))

    return build


def per_rank_norm(name: str) -> Callable[[dict[str, Any], Shape], nn.Module]:
    """BatchNorm or InstanceNorm of the input's rank; rank 2 counts as a line."""
    return lambda fields, shape: _typed(name, max(len(shape) - 2, 1))(**{"num_features": shape[1], **fields})


def layer_norm(fields: dict[str, Any], shape: Shape) -> nn.Module:
    return nn.LayerNorm(**{"normalized_shape": shape[-1], **fields})


def group_norm(fields: dict[str, Any], shape: Shape) -> nn.Module:
    return nn.GroupNorm(**{"num_channels": shape[1], **fields})


def linear(fields: dict[str, Any], shape: Shape) -> nn.Module:
    return nn.Linear(**{"in_features": shape[-1], **fields})


def reshape(fields: dict[str, Any], shape: Shape) -> nn.Module:
    target = [size or shape[axis] for axis, size in enumerate(fields["shape"])]
    return Applied(lambda x: torch.reshape(x, target))


def permute(fields: dict[str, Any], shape: Shape) -> nn.Module:  # noqa: ARG001 - one signature for all
    return Applied(lambda x: x.permute(*fields["dims"]))


def pad(fields: dict[str, Any], shape: Shape) -> nn.Module:
    padding = fields["padding"]
    flat = padding if isinstance(padding, list) else [padding] * (2 * (len(shape) - 2))
    mode = fields.get("mode", "constant")
    value = fields.get("value", 0.0) if mode == "constant" else None
    return Applied(lambda x: functional.pad(x, flat, mode=mode, value=value))


def upsample(fields: dict[str, Any], shape: Shape) -> nn.Module:  # noqa: ARG001 - one signature for all
    return nn.Upsample(**_tuples(fields))


def plain(kind: type[nn.Module]) -> Callable[[dict[str, Any], Shape], nn.Module]:
    """A module whose fields are ours and do not depend on the input."""
    return lambda fields, shape: kind(**fields)  # noqa: ARG005 - one signature for all


def along(kind: type[nn.Module]) -> Callable[[dict[str, Any], Shape], nn.Module]:
    """A softmax; its axis is the last one unless stated."""
    return lambda fields, shape: kind(**{"dim": -1, **fields})  # noqa: ARG005 - one signature for all


def recurrent(kind: type[nn.Module]) -> Callable[[dict[str, Any], Shape], nn.Module]:
    """RNN, LSTM or GRU: it reads the features that arrive unless the fields say how many."""
    return lambda fields, shape: kind(**{"input_size": shape[-1], **fields})


def reduced(reduce: Callable[..., torch.Tensor]) -> Callable[[dict[str, Any], Shape], nn.Module]:
    """A function that is called with the fields."""
    return lambda fields, shape: Applied(lambda x: reduce(x, **fields))  # noqa: ARG005 - one signature for all


def one_hot(fields: dict[str, Any], shape: Shape) -> nn.Module:  # noqa: ARG001 - one signature for all
    return Applied(lambda x: functional.one_hot(x, fields["num_classes"]).float())


BUILDERS: dict[str, Callable[[dict[str, Any], Shape], nn.Module]] = {
    "conv": conv,
    "conv_transpose": conv_transpose,
    "max_pool": max_pool,
    "avg_pool": avg_pool,
    "adaptive_avg_pool": adaptive("AdaptiveAvgPool"),
    "adaptive_max_pool": adaptive("AdaptiveMaxPool"),
    "global_avg_pool": pooled_whole(torch.mean),
    "global_max_pool": pooled_whole(torch.amax),
    "linear": linear,
    "flatten": plain(nn.Flatten),
    "dropout": plain(nn.Dropout),
    "identity": plain(nn.Identity),
    "batch_norm": per_rank_norm("BatchNorm"),
    "instance_norm": per_rank_norm("InstanceNorm"),
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "local_response_norm": plain(nn.LocalResponseNorm),
    "reshape": reshape,
    "permute": permute,
    "pad": pad,
    "upsample": upsample,
    "relu": plain(nn.ReLU),
    "relu6": plain(nn.ReLU6),
    "leaky_relu": plain(nn.LeakyReLU),
    "elu": plain(nn.ELU),
    "gelu": plain(nn.GELU),
    "silu": plain(nn.SiLU),
    "hardswish": plain(nn.Hardswish),
    "hardsigmoid": plain(nn.Hardsigmoid),
    "sigmoid": plain(nn.Sigmoid),
    "tanh": plain(nn.Tanh),
    "softmax": along(nn.Softmax),
    "log_softmax": along(nn.LogSoftmax),
    "softplus": plain(nn.Softplus),
    "rnn": recurrent(nn.RNN),
    "lstm": recurrent(nn.LSTM),
    "gru": recurrent(nn.GRU),
    "embedding": plain(nn.Embedding),
    "one_hot": one_hot,
    "cosine_similarity": plain(nn.CosineSimilarity),
    "select": reduced(torch.select),
    "mean": reduced(torch.mean),
    "max": reduced(torch.amax),
    "sum": reduced(torch.sum),
}
