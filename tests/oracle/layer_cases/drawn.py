"""Windows drawn at random: PyTorch says of each whether it is refused, so that our refusals meet its own."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from layer_cases import Case, case

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20260
PER_LAYER = 30
# Short axes, so that windows often do not fit and ceil_mode often drops one.
LONGEST = {1: 17, 2: 9, 3: 6}


def cases() -> Iterator[Case]:
    """Up to thirty draws a layer; the generator turns those that PyTorch refuses into refusals."""
    random = Random(SEED)
    for layer in ("conv", "conv_transpose", "max_pool", "avg_pool"):
        for number in range(PER_LAYER):
            rank = random.choice((1, 1, 2, 2, 3))
            spatial = tuple(random.randint(1, LONGEST[rank]) for _ in range(rank))
            fields = {
                "conv": _conv,
                "conv_transpose": _conv_transpose,
                "max_pool": _max_pool,
                "avg_pool": _avg_pool,
            }[layer](random, rank)
            channels = fields["groups"] * random.choice((1, 2)) if "groups" in fields else random.choice((1, 3))
            batch = random.choice((1, 2))
            if layer == "avg_pool" and rank == 3 and _longer(fields["kernel_size"], spatial):
                continue  # AvgPool3d alone refuses these: see refusals.py
            yield case(f"{rank}-D, draw {number}", layer, (batch, channels, *spatial), **fields)


def _longer(window: int | list[int], spatial: tuple[int, ...]) -> bool:
    windows = window if isinstance(window, list) else [window] * len(spatial)
    return any(cells > size for cells, size in zip(windows, spatial, strict=True))


def _per_axis(random: Random, rank: int, low: int, high: int) -> int | list[int]:
    if random.random() < 0.5:
        return random.randint(low, high)
    return [random.randint(low, high) for _ in range(rank)]


def _conv(random: Random, rank: int) -> dict[str, Any]:
    groups = random.choice((1, 1, 2, 3))
    return {
        "out_channels": groups * random.choice((1, 2)),
        "kernel_size": _per_axis(random, rank, 1, 4),
        "stride": _per_axis(random, rank, 1, 4),
        "padding": _per_axis(random, rank, 0, 2),
        "dilation": _per_axis(random, rank, 1, 3),
        "groups": groups,
        "bias": random.random() < 0.5,
        "padding_mode": random.choice(("zeros", "zeros", "zeros", "reflect", "replicate", "circular")),
    }


def _conv_transpose(random: Random, rank: int) -> dict[str, Any]:
    groups = random.choice((1, 1, 2, 3))
    return {
        "out_channels": groups * random.choice((1, 2)),
        "kernel_size": _per_axis(random, rank, 1, 4),
        "stride": _per_axis(random, rank, 1, 4),
        "padding": _per_axis(random, rank, 0, 2),
        "output_padding": _per_axis(random, rank, 0, 2),
        "dilation": _per_axis(random, rank, 1, 3),
        "groups": groups,
        "bias": random.random() < 0.5,
    }


def _max_pool(random: Random, rank: int) -> dict[str, Any]:
    return {
        "kernel_size": _per_axis(random, rank, 1, 5),
        "stride": _per_axis(random, rank, 1, 5),
        "padding": _per_axis(random, rank, 0, 2),
        "dilation": _per_axis(random, rank, 1, 2),
        "ceil_mode": random.random() < 0.7,
    }


def _avg_pool(random: Random, rank: int) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "kernel_size": _per_axis(random, rank, 1, 5),
        "stride": _per_axis(random, rank, 1, 5),
        "padding": _per_axis(random, rank, 0, 2),
        "ceil_mode": random.random() < 0.7,
        "count_include_pad": random.random() < 0.5,
    }
    if random.random() < 0.3:
        fields["divisor_override"] = random.randint(1, 9)
    return fields
