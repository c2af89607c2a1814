"""Deformable convolution, element by element in PyTorch: torchvision's needs its compiled part."""

from __future__ import annotations

from typing import Any

import torch

from torch_cases import Case, Shape


def interpolated(x: torch.Tensor, row: torch.Tensor, column: torch.Tensor) -> torch.Tensor:
    """The elements at rows and columns that are no integers, [N, C, *positions], zeros outside."""
    value = torch.zeros(*x.shape[:2], *row.shape[1:])
    samples = torch.arange(len(x)).reshape(-1, 1, 1)
    above, before = row.detach().floor().long(), column.detach().floor().long()
    for down in (0, 1):
        for right in (0, 1):
            at, along = above + down, before + right
            weight = (row - above if down else 1 - (row - above)) * (
                column - before if right else 1 - (column - before)
            )
            inside = (at >= 0) & (at < x.shape[2]) & (along >= 0) & (along < x.shape[3])
            element = x[samples, :, at.clamp(0, x.shape[2] - 1), along.clamp(0, x.shape[3] - 1)].permute(0, 3, 1, 2)
            value = value + element * (weight * inside)[:, None]
    return value


def moved(x: torch.Tensor, offset: torch.Tensor, mask: Any, window: tuple[int, int], **fields: Any) -> torch.Tensor:
    """The elements of each window, [N, C, window, positions], each sampled for itself."""
    stride, padding, dilation = (
        fields.get(key, base) for key, base in (("stride", 1), ("padding", 0), ("dilation", 1))
    )
    channels = x.shape[1]
    taps, (rows, columns) = window[0] * window[1], offset.shape[2:]
    groups = offset.shape[1] // (2 * taps)
    parts = []
    for group in range(groups):
        own = x[:, group * channels // groups : (group + 1) * channels // groups]
        values = []
        for tap in range(taps):
            first = 2 * (group * taps + tap)
            y = torch.arange(rows).reshape(-1, 1) * stride - padding + tap // window[1] * dilation + offset[:, first]
            z = torch.arange(columns) * stride - padding + tap % window[1] * dilation + offset[:, first + 1]
            value = interpolated(own, y, z)
            values.append(value if mask is None else value * mask[:, group * taps + tap, None])
        parts.append(torch.stack(values, dim=2))
    return torch.cat(parts, dim=1)


def deformed(x: Shape, out_channels: int, window: tuple[int, int], at: tuple[int, int], **fields: Any) -> Case:
    groups, moves = fields.get("groups", 1), fields.pop("moves", 1)
    taps, has_mask, bias = window[0] * window[1], fields.pop("mask", False), fields.get("bias", True)
    inputs = (x, (x[0], 2 * moves * taps, *at), *([(x[0], moves * taps, *at)] if has_mask else []))

    def forward(*given: torch.Tensor, weight: torch.Tensor, **more: torch.Tensor) -> torch.Tensor:
        read = moved(given[0], given[1], given[2] if has_mask else None, window, **fields)
        read = read.reshape(x[0], groups, x[1] // groups, taps, *at)
        own = weight.reshape(groups, out_channels // groups, x[1] // groups, taps)
        y = torch.einsum("ngctyx,goct->ngoyx", read, own).reshape(x[0], out_channels, *at)
        return y + more["bias"].reshape(-1, 1, 1) if bias else y

    parameters = {"weight": (out_channels, x[1] // groups, *window), **({"bias": (out_channels,)} if bias else {})}
    written = {"out_channels": out_channels, "kernel_size": list(window), **fields}
    return Case("deform_conv", written, inputs, forward, parameters, saves=False)


MAP = (2, 4, 5, 6)
CASES = [
    deformed(MAP, 3, (2, 3), (4, 4)),
    deformed(MAP, 3, (3, 3), (5, 6), padding=1, mask=True),
    deformed(MAP, 4, (3, 2), (2, 3), stride=2, mask=True, moves=2, groups=2),
    deformed(MAP, 6, (2, 2), (5, 6), padding=1, dilation=2, moves=4, bias=False),
    deformed((1, 1, 3, 3), 1, (1, 1), (3, 3)),
]
