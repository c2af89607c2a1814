"""Max and average pools, adaptive and global ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layer_cases import SHAPES, Case, case

if TYPE_CHECKING:
    from collections.abc import Iterator

SPLIT = "F.pad (the odd cell of same after, as in Keras), then the pool unpadded"
CLIPPED = (
    "F.pad, then the pool unpadded; a last window that starts past the input and the padding before it is cut off, "
    "which is PyTorch's rule where both sides are padded alike"
)

# What holds for max and average pools of any rank.
EITHER: tuple[tuple[str, dict[str, Any]], ...] = (
    ("the stride is the window unless stated", {"kernel_size": 2}),
    ("a stated stride of null is the window", {"kernel_size": 3, "stride": None}),
    ("overlapping windows", {"kernel_size": 3, "stride": 2}),
    ("a stride longer than the window", {"kernel_size": 2, "stride": 3}),
    ("a window of 1", {"kernel_size": 1, "stride": 2}),
    ("padding", {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("half of an even window as padding", {"kernel_size": 4, "stride": 3, "padding": 2}),
    ("ceil_mode keeps a clipped last window", {"kernel_size": 2, "ceil_mode": True}),
    ("ceil_mode with padding", {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    (
        "ceil_mode drops a window that starts in the right padding",
        {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True},
    ),
    ("ceil_mode with stride 4 and a window of 2", {"kernel_size": 2, "stride": 4, "padding": 1, "ceil_mode": True}),
    ("ceil_mode with an overhang", {"kernel_size": 4, "stride": 3, "padding": 1, "ceil_mode": True}),
    ("valid is no padding", {"kernel_size": 3, "stride": 2, "padding": "valid"}),
)
SAME: tuple[tuple[str, dict[str, Any]], ...] = (
    ("same with stride 1", {"kernel_size": 3, "stride": 1}),
    ("same with stride 2", {"kernel_size": 3, "stride": 2}),
    ("same with an even window and its own stride", {"kernel_size": 2}),
    ("same with a window of 4 and stride 3", {"kernel_size": 4, "stride": 3}),
    ("same with a stride longer than the window", {"kernel_size": 2, "stride": 5}),
    ("same with ceil_mode gives the same", {"kernel_size": 3, "stride": 2, "ceil_mode": True}),
)
DILATED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("dilation 2", {"kernel_size": 2, "stride": 1, "dilation": 2}),
    ("dilation with padding", {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2}),
    ("dilation with ceil_mode", {"kernel_size": 2, "stride": 3, "dilation": 3, "ceil_mode": True}),
    (
        "dilation, padding and ceil_mode",
        {"kernel_size": 3, "stride": 3, "padding": 1, "dilation": 2, "ceil_mode": True},
    ),
)
COUNTED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("padding is not counted on request", {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    (
        "neither padding nor overhang is counted",
        {"kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": True, "count_include_pad": False},
    ),
    ("the overhang is never counted", {"kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": True}),
    ("divisor_override", {"kernel_size": 2, "divisor_override": 3}),
    (
        "divisor_override holds for padding and overhang too",
        {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "divisor_override": 7},
    ),
    (
        "divisor_override wins over count_include_pad",
        {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False, "divisor_override": 2},
    ),
)


def cases() -> Iterator[Case]:
    """Every pool."""
    for rank, shape in SHAPES.items():
        for layer in ("max_pool", "avg_pool"):
            for name, fields in EITHER:
                yield case(f"{rank}-D, {name}", layer, shape, **fields)
            for name, fields in SAME:
                yield case(f"{rank}-D, {name}", layer, shape, padding="same", note=SPLIT, **fields)
            yield from _asymmetric(layer, rank, shape)
        for name, fields in DILATED:
            yield case(f"{rank}-D, {name}", "max_pool", shape, **fields)
        for name, fields in COUNTED:
            yield case(f"{rank}-D, {name}", "avg_pool", shape, **fields)
        yield case(
            f"{rank}-D, same without counting the padding",
            "avg_pool",
            shape,
            note=SPLIT,
            kernel_size=4,
            stride=2,
            padding="same",
            count_include_pad=False,
        )
        yield case(
            f"{rank}-D, same with dilation",
            "max_pool",
            shape,
            note=SPLIT,
            kernel_size=3,
            stride=2,
            padding="same",
            dilation=2,
        )
    yield from _one_number_per_axis()
    yield from _at_the_edge()
    yield from _adaptive()
    yield from _global()


def _asymmetric(layer: str, rank: int, shape: tuple[int, ...]) -> Iterator[Case]:
    pairs = [[1, 0], [0, 1], [1, 2]][:rank]
    after = [[0, 1]] * rank
    yield case(
        f"{rank}-D, different padding on both sides", layer, shape, note=SPLIT, kernel_size=4, stride=3, padding=pairs
    )
    yield case(
        f"{rank}-D, padding after only, with ceil_mode",
        layer,
        shape,
        note=CLIPPED,
        kernel_size=2,
        stride=3,
        padding=after,
        ceil_mode=True,
    )
    yield case(
        f"{rank}-D, different padding with an overhang",
        layer,
        shape,
        note=CLIPPED,
        kernel_size=4,
        stride=3,
        padding=pairs,
        ceil_mode=True,
    )


def _one_number_per_axis() -> Iterator[Case]:
    plane, volume = SHAPES[2], SHAPES[3]
    for layer in ("max_pool", "avg_pool"):
        yield case("a window of 3 x 2 with a stride of 2 x 1", layer, plane, kernel_size=[3, 2], stride=[2, 1])
        yield case(
            "everything per axis with ceil_mode",
            layer,
            plane,
            kernel_size=[2, 5],
            stride=[3, 4],
            padding=[1, 2],
            ceil_mode=True,
        )
        yield case(
            "everything per axis in 3-D", layer, volume, kernel_size=[2, 3, 4], stride=[3, 2, 1], padding=[1, 0, 2]
        )
        yield case("a list of one number in 1-D", layer, SHAPES[1], kernel_size=[3], stride=[2], padding=[1])
        yield case("a stride per axis with one window", layer, plane, kernel_size=3, stride=[1, 2])
    yield case("dilation per axis", "max_pool", plane, kernel_size=2, stride=1, dilation=[3, 5])


def _at_the_edge() -> Iterator[Case]:
    for layer in ("max_pool", "avg_pool"):
        yield case("a window as long as the map", layer, SHAPES[2], kernel_size=[7, 11])
        yield case("ceil_mode lets a window be longer than the map", layer, (2, 3, 2), kernel_size=3, ceil_mode=True)
        yield case(
            "ceil_mode lets a window be far longer than the map",
            layer,
            (2, 3, 1),
            kernel_size=5,
            stride=5,
            ceil_mode=True,
        )
        yield case("one cell, the rest padding", layer, (2, 3, 1), kernel_size=3, stride=2, padding=1)
        yield case("ceil_mode where the division is exact", layer, (2, 3, 9), kernel_size=3, stride=2, ceil_mode=True)
        yield case("a map of one cell and a window of one", layer, (1, 1, 1, 1), kernel_size=1)
        yield case("a batch of one with one channel", layer, (1, 1, 7, 11), kernel_size=[2, 3])
        yield case(
            "the dropped window of 9, k4, s4, p2", layer, (1, 1, 9), kernel_size=4, stride=4, padding=2, ceil_mode=True
        )
    yield case(
        "a dilated window that sees padding alone is minus infinity",
        "max_pool",
        (2, 3, 1),
        kernel_size=2,
        stride=1,
        padding=1,
        dilation=2,
    )
    yield case(
        "padding never wins over negative cells", "max_pool", (1, 3, 5), kernel_size=3, stride=2, padding=1, times=-4.0
    )


def _adaptive() -> Iterator[Case]:
    sizes: dict[int, tuple[tuple[str, Any], ...]] = {
        1: (
            ("one", 1),
            ("a divisor-free 4", 4),
            ("13, more than there are", 13),
            ("the same", 11),
            ("a list of one", [3]),
        ),
        2: (
            ("one number for both axes", 3),
            ("5 x 4, windows overlap", [5, 4]),
            ("9 x 13, more than there are", [9, 13]),
            ("null keeps the first axis", [None, 3]),
            ("null keeps the second axis", [2, None]),
            ("the same", [7, 11]),
            ("one cell", 1),
        ),
        3: (
            ("one number for all axes", 2),
            ("3 x 4 x 5", [3, 4, 5]),
            ("null in the middle", [2, None, 3]),
            ("more than there are", [6, 7, 8]),
        ),
    }
    for layer in ("adaptive_avg_pool", "adaptive_max_pool"):
        for rank, entries in sizes.items():
            for name, size in entries:
                yield case(f"{rank}-D to {name}", layer, SHAPES[rank], output_size=size)


def _global() -> Iterator[Case]:
    for layer in ("global_avg_pool", "global_max_pool"):
        for rank, shape in SHAPES.items():
            yield case(f"{rank}-D keeps axes of one", layer, shape)
            yield case(f"{rank}-D without the axes", layer, shape, keepdim=False)
        yield case("a map of one cell", layer, (2, 3, 1, 1), keepdim=False)
