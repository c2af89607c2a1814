"""max_pool with the places of maxima, max_unpool, and average pools whose windows have gaps."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from torch_cases import Case, Filled


def places(x: tuple[int, ...], **fields: Any) -> Case:
    pool = {3: functional.max_pool1d, 4: functional.max_pool2d}[len(x)]

    def forward(x: Any) -> Any:
        return pool(x, **{"stride": None, **fields}, return_indices=True)

    return Case("max_pool", {**fields, "return_indices": True}, (x,), forward, saves=False)


def unpooled(x: tuple[int, ...], **fields: Any) -> Case:
    unpool = {3: functional.max_unpool1d, 4: functional.max_unpool2d}[len(x)]
    more = {name: fields[name] for name in ("kernel_size", "stride", "padding", "output_size") if name in fields}
    below = 17  # of the rule of filling: within a channel of at most 17 elements no place is stated twice
    return Case("max_unpool", fields, (x, Filled(x, "int64", below)), lambda x, i: unpool(x, i, **more))


def dilated(x: tuple[int, ...], kernel_size: list[int], **fields: Any) -> Case:
    def forward(x: Any) -> Any:
        ones = torch.ones(x.shape[1], 1, *kernel_size)
        more = {name: fields[name] for name in ("stride", "padding", "dilation") if name in fields}
        sums = functional.conv2d(x, ones, groups=x.shape[1], **{"stride": kernel_size, **more})
        counted = torch.ones_like(x)
        if fields.get("count_include_pad", True):
            return sums / ones[0].numel()
        return sums / functional.conv2d(counted, ones, groups=x.shape[1], **{"stride": kernel_size, **more})

    note = "a convolution with ones: PyTorch's average pools have no dilation"
    return Case("avg_pool", {"kernel_size": kernel_size, **fields}, (x,), forward, saves=False, note=note)


CASES = [
    places((2, 3, 7, 9), kernel_size=2),
    places((2, 3, 7, 9), kernel_size=[3, 2], stride=[2, 1], padding=[1, 0], dilation=[1, 2]),
    places((2, 3, 8), kernel_size=3, stride=2, ceil_mode=True),
    unpooled((2, 3, 5), kernel_size=4),
    unpooled((2, 3, 2, 4), kernel_size=3, stride=2),
    unpooled((2, 3, 2, 4), kernel_size=2, output_size=[5, 9]),
    unpooled((2, 3, 9), kernel_size=3, stride=2, padding=1),
    dilated((2, 3, 9, 11), [3, 2], dilation=[2, 3]),
    dilated((2, 3, 9, 11), [3, 3], dilation=2, stride=2, padding=1, count_include_pad=False),
    dilated((2, 3, 9, 11), [2, 3], dilation=3, stride=1, padding=1),
]
