"""lp_pool, as PyTorch has it, and with padding, gaps and absolute values of a convolution with ones."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from torch_cases import Case, Filled


def pooled(x: tuple[int, ...], *, positive: bool = False, **fields: Any) -> Case:
    pool = {3: functional.lp_pool1d, 4: functional.lp_pool2d, 5: functional.lp_pool3d}[len(x)]
    given = {"norm_type": 2, "stride": None, **fields}
    return Case("lp_pool", fields, (Filled(x, positive=positive),), lambda x: pool(x, **given))


def summed(x: tuple[int, ...], kernel_size: list[int], *, positive: bool = False, **fields: Any) -> Case:
    def forward(x: Any) -> Any:
        p, ones = fields.get("norm_type", 2), torch.ones(x.shape[1], 1, *kernel_size)
        more = {name: fields[name] for name in ("stride", "padding", "dilation") if name in fields}
        base = x.abs() if fields.get("absolute") else x
        sums = functional.conv2d(base.pow(p), ones, groups=x.shape[1], **{"stride": kernel_size, **more})
        return sums.pow(1 / p)

    note = "a convolution with ones: PyTorch's have no padding and no dilation"
    given = {"kernel_size": kernel_size, **fields}
    return Case("lp_pool", given, (Filled(x, positive=positive),), forward, saves=False, note=note)


CASES = [
    pooled((2, 3, 8), kernel_size=3),
    pooled((2, 3, 8), kernel_size=3, stride=2, ceil_mode=True),
    pooled((2, 3, 7, 9), kernel_size=[3, 2], norm_type=4),
    pooled((2, 3, 7, 9), kernel_size=[3, 2], norm_type=4, stride=[2, 3], ceil_mode=True),
    pooled((2, 3, 7, 9), kernel_size=[2, 3], norm_type=1, stride=2),
    pooled((2, 3, 7, 9), kernel_size=[2, 3], norm_type=3, stride=1, positive=True),
    pooled((2, 3, 7, 9), kernel_size=2, norm_type=2.5, ceil_mode=True, positive=True),
    pooled((1, 2, 4, 5, 6), kernel_size=2, norm_type=3, ceil_mode=True, positive=True),
    summed((2, 3, 7, 9), [3, 2], padding=[2, 1], stride=1, positive=True),
    summed((2, 3, 7, 9), [2, 3], dilation=[3, 2], stride=2, norm_type=3, absolute=True),
    summed((2, 3, 7, 9), [3, 3], padding=1, dilation=2, norm_type=1, absolute=True),
]
