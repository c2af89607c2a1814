"""Linear, flatten, reshape, permute, pad and upsample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layer_cases import SHAPES, Case, case

if TYPE_CHECKING:
    from collections.abc import Iterator

UNSTRETCHED = "torch.reshape, after each 0 was replaced by the input's size there, as ONNX does"


def cases() -> Iterator[Case]:
    """Everything that moves cells without windows, and linear."""
    yield from _linear()
    yield from _flatten()
    yield from _reshape()
    yield from _permute()
    yield from _pad()
    yield from _nearest()
    yield from _interpolated()


def _linear() -> Iterator[Case]:
    for shape in ((2, 11), (2, 3, 11), (2, 3, 5, 11), (2, 3, 5, 7, 11)):
        yield case(f"rank {len(shape)}, the last axis", "linear", shape, out_features=7)
        yield case(f"rank {len(shape)} without bias", "linear", shape, out_features=5, bias=False)
    yield case("rank 1 is a batch of features only by convention", "linear", (11,), out_features=7)
    yield case("stated features that arrive", "linear", (2, 11), out_features=7, in_features=11)
    yield case("one feature to one", "linear", (2, 1), out_features=1)


def _flatten() -> Iterator[Case]:
    shape = (2, 3, 5, 7)
    yield case("keeps the batch", "flatten", shape)
    yield case("from the second axis on", "flatten", shape, start_dim=2)
    yield case("the middle axes", "flatten", shape, start_dim=1, end_dim=2)
    yield case("counted from the end", "flatten", shape, start_dim=-3, end_dim=-2)
    yield case("the batch too", "flatten", shape, start_dim=0)
    yield case("one axis is left as it is", "flatten", shape, start_dim=2, end_dim=2)
    yield case("rank 2 is left as it is", "flatten", (2, 11))
    yield case("rank 5", "flatten", SHAPES[3])


def _reshape() -> Iterator[Case]:
    shape = (2, 3, 4, 5)
    for name, target in (
        ("-1 is what is left over", [2, -1]),
        ("-1 first", [-1, 5]),
        ("0 keeps the batch", [0, 60]),
        ("0 keeps a middle axis", [0, 0, 20]),
        ("0 and -1", [0, 0, -1]),
        ("0 keeps the last axis", [2, 4, 3, 0]),
        ("more axes", [2, 3, 2, 2, 5, 1]),
        ("fewer axes", [6, 20]),
        ("one axis", [-1]),
        ("-1 stands for one", [2, 3, 4, 5, -1]),
    ):
        yield case(name, "reshape", shape, note=UNSTRETCHED if 0 in target else "", shape=target)


def _permute() -> Iterator[Case]:
    shape = (2, 3, 5, 7)
    for name, dims in (
        ("channels last", [0, 2, 3, 1]),
        ("channels first again", [0, 3, 1, 2]),
        ("all reversed", [3, 2, 1, 0]),
        ("counted from the end", [0, -1, -3, -2]),
        ("as it is", [0, 1, 2, 3]),
    ):
        yield case(name, "permute", shape, dims=dims)
    yield case("rank 3", "permute", (2, 3, 7), dims=[0, 2, 1])
    yield case("rank 5", "permute", SHAPES[3], dims=[0, 2, 4, 1, 3])


def _pad() -> Iterator[Case]:
    per_rank: dict[int, list[int]] = {1: [1, 2], 2: [1, 2, 3, 0], 3: [1, 2, 0, 3, 2, 1]}
    for rank, shape in SHAPES.items():
        for mode in ("constant", "reflect", "replicate", "circular"):
            yield case(f"{rank}-D {mode}, one number", "pad", shape, padding=2, mode=mode)
            yield case(f"{rank}-D {mode}, the last axis first", "pad", shape, padding=per_rank[rank], mode=mode)
    plane = SHAPES[2]
    yield case("a value of -1.5", "pad", plane, padding=[0, 1, 2, 0], value=-1.5)
    yield case("only the last axis of a plane", "pad", plane, padding=[3, 1])
    yield case("only the last axis of a volume", "pad", SHAPES[3], padding=[3, 1])
    yield case("the channels too", "pad", plane, padding=[0, 1, 2, 0, 1, 3])
    yield case("the batch too", "pad", plane, padding=[0, 0, 0, 0, 0, 0, 1, 2])
    yield case("features of rank 2", "pad", (2, 5), padding=[1, 2])
    yield case("nothing", "pad", plane, padding=0)
    yield case("a reflection one short of the axis", "pad", (2, 3, 4), padding=3, mode="reflect")
    yield case("circular once around", "pad", (2, 3, 4), padding=4, mode="circular")
    yield case("replicated beyond the axis", "pad", (2, 3, 2), padding=5, mode="replicate")


def _nearest() -> Iterator[Case]:
    for rank, shape in SHAPES.items():
        for factor in (2, 1.5, 0.5, 2.7):
            yield case(f"{rank}-D nearest, factor {factor}", "upsample", shape, scale_factor=factor)
    plane, volume = SHAPES[2], SHAPES[3]
    yield case("nearest, a factor per axis", "upsample", plane, scale_factor=[2, 1.5])
    yield case("nearest, one axis grows, one shrinks", "upsample", plane, scale_factor=[0.4, 3.0])
    yield case("nearest to one number", "upsample", plane, size=10)
    yield case("nearest to 10 x 5", "upsample", plane, size=[10, 5])
    yield case("nearest to the same size", "upsample", plane, size=[7, 11])
    yield case("nearest to one cell", "upsample", plane, size=1)
    yield case("nearest in 3-D to 7 x 3 x 10", "upsample", volume, size=[7, 3, 10])
    yield case("nearest in 1-D to 23", "upsample", SHAPES[1], size=23)


def _interpolated() -> Iterator[Case]:
    modes = {1: "linear", 2: "bilinear", 3: "trilinear"}
    targets = {1: [17], 2: [10, 5], 3: [7, 3, 10]}
    for rank, mode in modes.items():
        for align in (False, True):
            corners = "corners aligned" if align else "centres aligned"
            fields: dict[str, Any] = {"mode": mode, "align_corners": align}
            yield case(f"{mode}, factor 2, {corners}", "upsample", SHAPES[rank], scale_factor=2, **fields)
            yield case(f"{mode}, factor 1.5, {corners}", "upsample", SHAPES[rank], scale_factor=1.5, **fields)
            yield case(f"{mode}, factor 0.6, {corners}", "upsample", SHAPES[rank], scale_factor=0.6, **fields)
            yield case(f"{mode}, a size, {corners}", "upsample", SHAPES[rank], size=targets[rank], **fields)
            yield case(f"{mode}, one cell, {corners}", "upsample", SHAPES[rank], size=1, **fields)
            yield case(f"{mode}, from one cell, {corners}", "upsample", (2, 3, *[1] * rank), size=3, **fields)
    for align in (False, True):
        yield case(
            f"bilinear, a factor per axis, {'corners' if align else 'centres'} aligned",
            "upsample",
            SHAPES[2],
            scale_factor=[2.3, 0.7],
            mode="bilinear",
            align_corners=align,
        )
