"""Relative position biases of T5 (transformers 5.24), Swin (torchvision 0.28) and BLOOM, by their own functions."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional
from transformers.models.bloom.modeling_bloom import build_alibi_tensor
from transformers.models.t5.modeling_t5 import T5Attention

from torch_cases import Case, Filled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

WORD = "relative_position_bias"


def t5(*inputs: Tensor, weight: Tensor, fields: dict[str, Any]) -> Tensor:
    """`T5Attention.compute_bias`, whose class needs a configuration."""
    queries, keys = inputs[0].shape[-2], inputs[-1].shape[-2]
    buckets = T5Attention._relative_position_bucket(
        torch.arange(keys)[None] - torch.arange(queries)[:, None],
        bidirectional=fields.get("bidirectional", True),
        num_buckets=fields.get("num_buckets", 32),
        max_distance=fields.get("max_distance", 128),
    )
    return functional.embedding(buckets, weight).permute([2, 0, 1]).unsqueeze(0)


def swin(*_inputs: Tensor, relative_position_bias_table: Tensor, window: tuple[int, ...]) -> Tensor:
    """`define_relative_position_index` and `_get_relative_position_bias` of torchvision, for any number of axes."""
    places = torch.stack(torch.meshgrid(*map(torch.arange, window), indexing="ij")).flatten(1)
    offsets = places[:, :, None] - places[:, None, :]
    index = torch.zeros_like(offsets[0])
    for axis, size in enumerate(window):
        index = index * (2 * size - 1) + offsets[axis] + size - 1
    count = prod(window)
    table = relative_position_bias_table[index.flatten()]
    return table.view(count, count, -1).permute(2, 0, 1).contiguous().unsqueeze(0)


def alibi(*inputs: Tensor, num_heads: int) -> Tensor:
    """The slopes of BLOOM, which adds slope · j: by −slope · i, the same for all keys, that is −slope · (i − j)."""
    queries, keys = inputs[0].shape[-2], inputs[-1].shape[-2]
    slopes = build_alibi_tensor(torch.ones(1, 2), num_heads, torch.float32)[:, 0, 1]
    distance = (torch.arange(queries)[:, None] - torch.arange(keys)).abs()
    return -slopes[None, :, None, None] * distance


def cases() -> Iterator[Case]:
    for fields, inputs in (
        ({}, ((2, 7, 6),)),
        ({}, ((2, 5, 6), (2, 9, 6))),
        ({"bidirectional": False}, ((2, 5, 6), (2, 9, 6))),
        ({}, ((300, 1), (4, 1))),
        ({}, ((4, 1), (300, 1))),
        ({"bidirectional": False}, ((300, 1), (4, 1))),
        ({"num_buckets": 320, "max_distance": 800}, ((900, 1), (1, 1))),
        ({"num_buckets": 10, "max_distance": 20}, ((60, 1), (3, 1))),
        ({"num_buckets": 7, "max_distance": 30, "bidirectional": False}, ((60, 1), (3, 1))),
    ):
        whole = {"num_heads": 2, **fields}
        table = {"weight": (fields.get("num_buckets", 32), 2)}
        yield Case(WORD, whole, inputs, partial(t5, fields=fields), table)
    for window, size in (((3, 3), 3), ((2, 5), [2, 5]), ((2, 3, 4), [2, 3, 4]), ((5,), [5])):
        table = {"relative_position_bias_table": (prod(2 * each - 1 for each in window), 3)}
        fields = {"num_heads": 3, "kind": "swin", "window_size": size}
        yield Case(WORD, fields, ((2, prod(window), 6),), partial(swin, window=window), table)
    for heads in (1, 4, 6, 8, 12, 20):
        inputs = (Filled((2, 5, 3)), (2, 9, 3))
        yield Case(WORD, {"num_heads": heads, "kind": "alibi"}, inputs, partial(alibi, num_heads=heads), saves=False)


CASES = tuple(cases())
