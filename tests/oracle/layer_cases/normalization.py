"""Normalizations in evaluation mode, and the linear layer's ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layer_cases import SHAPES, Case, case

if TYPE_CHECKING:
    from collections.abc import Iterator


def cases() -> Iterator[Case]:
    """Every normalization."""
    yield from _batch()
    yield from _instance()
    yield from _layer()
    yield from _group()
    yield from _local_response()


def _batch() -> Iterator[Case]:
    shapes = {"rank 2": (5, 3), "rank 3": SHAPES[1], "rank 4": SHAPES[2], "rank 5": SHAPES[3]}
    for rank, shape in shapes.items():
        yield case(f"{rank}, running statistics", "batch_norm", shape)
        yield case(f"{rank} without weight and bias", "batch_norm", shape, affine=False)
        yield case(f"{rank}, the batch's own statistics", "batch_norm", shape, track_running_stats=False)
        yield case(f"{rank} with nothing of its own", "batch_norm", shape, affine=False, track_running_stats=False)
    yield case("a larger eps", "batch_norm", SHAPES[2], eps=0.25)
    yield case("momentum does not change evaluation", "batch_norm", SHAPES[2], momentum=0.5)
    yield case("a cumulative average (momentum null) does not either", "batch_norm", SHAPES[2], momentum=None)
    yield case("stated features that arrive", "batch_norm", SHAPES[2], num_features=3)
    yield case("a weight without a bias", "batch_norm", SHAPES[2], bias=False)
    yield case("a weight alone, own statistics", "batch_norm", SHAPES[2], bias=False, track_running_stats=False)
    yield case("neither weight nor bias, whatever `bias` says", "batch_norm", SHAPES[2], affine=False, bias=True)
    yield case("a batch of one with running statistics", "batch_norm", (1, 3))
    yield case(
        "large values, the batch's own statistics", "batch_norm", SHAPES[1], track_running_stats=False, times=100.0
    )


def _instance() -> Iterator[Case]:
    for rank, shape in SHAPES.items():
        yield case(f"{rank}-D", "instance_norm", shape)
        yield case(f"{rank}-D with weight and bias", "instance_norm", shape, affine=True)
        yield case(f"{rank}-D with running statistics", "instance_norm", shape, track_running_stats=True)
        yield case(f"{rank}-D with both", "instance_norm", shape, affine=True, track_running_stats=True)
    yield case("a larger eps", "instance_norm", SHAPES[2], eps=0.5)
    yield case("a weight without a bias", "instance_norm", SHAPES[2], affine=True, bias=False)
    yield case(
        "a weight alone, running statistics",
        "instance_norm",
        SHAPES[2],
        affine=True,
        bias=False,
        track_running_stats=True,
    )
    yield case("stated features that arrive", "instance_norm", SHAPES[2], num_features=3, affine=True)
    yield case(
        "a map of one cell with running statistics", "instance_norm", (2, 3, 1), affine=True, track_running_stats=True
    )


def _layer() -> Iterator[Case]:
    # PyTorch has no default here: null means the last axis.
    for shape in ((5, 7), (2, 5, 7), (2, 3, 5, 7), (2, 3, 4, 5, 7)):
        yield case(f"rank {len(shape)}, the last axis", "layer_norm", shape)
    plane = SHAPES[2]
    yield case("the last axis, stated as a number", "layer_norm", plane, normalized_shape=11)
    yield case("the last two axes", "layer_norm", plane, normalized_shape=[7, 11])
    yield case("all but the batch", "layer_norm", plane, normalized_shape=[3, 7, 11])
    yield case("without weight and bias", "layer_norm", plane, elementwise_affine=False)
    yield case("without bias", "layer_norm", plane, bias=False)
    yield case("without bias over two axes", "layer_norm", plane, normalized_shape=[7, 11], bias=False)
    yield case("no bias where there is no weight", "layer_norm", plane, elementwise_affine=False, bias=True)
    yield case("a larger eps", "layer_norm", plane, eps=1.0)
    yield case("an axis of one is its bias", "layer_norm", (2, 3, 1))
    yield case("large values", "layer_norm", (2, 5, 7), times=100.0)
    yield case("small values, where eps counts", "layer_norm", (2, 5, 7), times=0.001)


def _group() -> Iterator[Case]:
    for rank, shape in SHAPES.items():
        wide = (shape[0], 6, *shape[2:])
        yield case(f"{rank}-D, three groups of two channels", "group_norm", wide, num_groups=3)
        yield case(f"{rank}-D, two groups without weight and bias", "group_norm", wide, num_groups=2, affine=False)
    wide = (2, 6, 7, 11)
    yield case("one group is a layer norm over all", "group_norm", wide, num_groups=1)
    yield case("as many groups as channels is an instance norm", "group_norm", wide, num_groups=6)
    yield case("rank 2", "group_norm", (5, 6), num_groups=2)
    yield case("a larger eps", "group_norm", wide, num_groups=3, eps=0.5)
    yield case("a weight without a bias", "group_norm", wide, num_groups=3, bias=False)
    yield case("no weight, whatever `bias` says", "group_norm", wide, num_groups=3, affine=False, bias=True)
    yield case("stated channels that arrive", "group_norm", wide, num_groups=3, num_channels=6)


def _local_response() -> Iterator[Case]:
    for size in range(1, 7):
        yield case(
            f"a window of {size} channels", "local_response_norm", (2, 7, 3, 5), size=size, alpha=0.5, beta=0.75, k=2.0
        )
    yield case("the defaults", "local_response_norm", (2, 7, 3, 5), size=5)
    yield case("rank 3", "local_response_norm", (2, 5, 7), size=3, alpha=1.0)
    yield case("rank 4, an even window", "local_response_norm", (2, 5, 3, 7), size=4, alpha=1.0)
    yield case("rank 5", "local_response_norm", (2, 5, 3, 4, 7), size=3, alpha=1.0)
    yield case("rank 5, an even window", "local_response_norm", (2, 5, 3, 4, 7), size=2, alpha=1.0)
    yield case("a window wider than the channels", "local_response_norm", (2, 3, 5, 7), size=9, alpha=1.0)
    yield case("AlexNet's figures", "local_response_norm", (2, 7, 3, 5), size=5, alpha=5e-4, beta=0.75, k=2.0)
    yield case("beta 1 with large values", "local_response_norm", (2, 7, 3, 5), size=5, alpha=1.0, beta=1.0, times=40.0)
