"""Random stacks of layers that fit each other: grown layer by layer against the shape that has come out so far."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import strategies as st

from shapecalc.architecture import Architecture, Input, Step
from shapecalc.diagnostics import LayerError
from shapecalc.dims import symbol
from shapecalc.layers import layer_type
from shapecalc.layers.reshaping import Identity
from tests.support.pointwise_strategies import ALONG_AXES, POINTWISE, nothing, some

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers import Layer
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

    Shape = tuple[int, ...]
    Fields = dict[str, Any]
    Proposal = Callable[[st.DrawFn, Shape], Fields | None]

MOST_NUMBERS = 3_000
"""In any value of a stack: enough to slide windows over, few enough to run hundreds of stacks."""
LONGEST = {1: 24, 2: 12, 3: 7}
"""Cells of one spatial axis, by the number of axes."""
AXES = ("D", "H", "W")


@dataclass(frozen=True)
class Stack:
    """Layers on an input: built in Python, written as a file, and with its symbols and their sizes."""

    input: tuple[str | int, ...]
    sizes: dict[str, int]
    layers: tuple[Layer, ...]
    fields: tuple[Fields, ...]
    dtype: str = "float32"
    reads: tuple[tuple[str, ...], ...] = ()
    """The slots that each layer reads; where there are none, each reads the one before it."""

    def architecture(self) -> Architecture:
        """The stack as the parser would make it, without the parser."""
        steps = []
        before = "input"
        for position, layer in enumerate(self.layers):
            reads = self.reads[position] if self.reads else (before,)
            steps.append(Step(f"{layer.type}_{position}", layer, reads))
            before = steps[-1].path
        shape = tuple(symbol(dim) if isinstance(dim, str) else dim for dim in self.input)
        entering = Input("input", shape, self.dtype)
        return Architecture("stack", (entering,), tuple(steps), {"output": before})

    def text(self) -> str:
        """The stack as a file: `from` only where a step reads something else than the one before it."""
        steps: list[dict[str, Any]] = []
        before = "input"
        for step, fields in zip(self.architecture().steps, map(as_lists, self.fields), strict=True):
            reads = {} if step.inputs == (before,) else {"from": list(step.inputs)}
            steps.append({step.layer.type: fields, **reads})
            before = step.path
        entering = {"shape": list(self.input), "dtype": self.dtype} if self.dtype == "int64" else list(self.input)
        document = {"name": "stack", "input": entering, "layers": steps}
        return str(yaml.safe_dump(document, sort_keys=False))


def as_lists(value: Any) -> Any:
    """The value as YAML has it: tuples are lists."""
    if isinstance(value, dict):
        return {key: as_lists(entry) for key, entry in value.items()}
    return [as_lists(entry) for entry in value] if isinstance(value, tuple) else value


def each_axis(draw: st.DrawFn, rank: int, low: int, high: int) -> int | tuple[int, ...]:
    """One number for all spatial axes, or one for each."""
    entry = st.integers(low, high)
    return draw(st.one_of(entry, st.tuples(*[entry] * rank)))


def entries(value: Any, rank: int) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,) * rank


def groups_of(draw: st.DrawFn, channels: int) -> int:
    return draw(st.sampled_from([count for count in range(1, channels + 1) if channels % count == 0]))


def window(draw: st.DrawFn, x: Shape, *, dilated: bool) -> Fields | None:
    """A window that fits into every axis, and how it slides."""
    rank = len(x) - 2
    if rank not in LONGEST:
        return None
    dilation = each_axis(draw, rank, 1, 2) if dilated and draw(st.booleans()) else 1
    room = min((n - 1) // d + 1 for n, d in zip(x[2:], entries(dilation, rank), strict=True))
    fields: Fields = {"kernel_size": each_axis(draw, rank, 1, min(room, 4))}
    if draw(st.booleans()):
        fields["stride"] = each_axis(draw, rank, 1, 3)
    if dilation != 1:
        fields["dilation"] = dilation
    return fields


def padding(draw: st.DrawFn, rank: int, most: int) -> Any:
    side = st.integers(0, most)
    pair = st.tuples(side, side)
    return draw(
        st.one_of(side, st.tuples(*[side] * rank), st.tuples(*[pair] * rank), st.sampled_from(["same", "valid"]))
    )


def conv(draw: st.DrawFn, x: Shape) -> Fields | None:
    fields = window(draw, x, dilated=True)
    if fields is None:
        return None
    groups = groups_of(draw, x[1]) if draw(st.booleans()) else 1
    fields |= {"out_channels": groups * draw(st.integers(1, 3)), "groups": groups}
    if draw(st.booleans()):
        fields["padding"] = padding(draw, len(x) - 2, 3)
        if min(x[2:]) > 3:
            fields |= some(draw, padding_mode=st.sampled_from(["reflect", "replicate", "circular"]))
    return fields | some(draw, bias=st.booleans(), in_channels=st.just(x[1]))


def separable_conv(draw: st.DrawFn, x: Shape) -> Fields | None:
    fields = window(draw, x, dilated=True)
    if fields is None:
        return None
    return fields | {"out_channels": draw(st.integers(1, 4))} | some(draw, depth_multiplier=st.integers(1, 2))


def unfold(draw: st.DrawFn, x: Shape) -> Fields | None:
    fields = window(draw, x, dilated=True) if len(x) == 4 else None
    return fields if fields is None else fields | some(draw, padding=st.integers(0, 2))


def conv_transpose(draw: st.DrawFn, x: Shape) -> Fields | None:
    rank = len(x) - 2
    if rank not in LONGEST:
        return None
    groups = groups_of(draw, x[1]) if draw(st.booleans()) else 1
    stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    return {
        "out_channels": groups * draw(st.integers(1, 3)),
        "groups": groups,
        "kernel_size": each_axis(draw, rank, 1, 3),
        "stride": stride,
        "dilation": dilation,
        "padding": draw(st.integers(0, 2)),
        "output_padding": draw(st.integers(0, max(stride, dilation) - 1)),
    } | some(draw, bias=st.booleans())


def pool(draw: st.DrawFn, x: Shape, *, dilated: bool) -> Fields | None:
    fields = window(draw, x, dilated=dilated)
    if fields is not None and draw(st.booleans()):
        fields["padding"] = padding(draw, len(x) - 2, min(entries(fields["kernel_size"], len(x) - 2)) // 2)
    return fields if fields is None else fields | some(draw, ceil_mode=st.booleans())


def max_pool(draw: st.DrawFn, x: Shape) -> Fields | None:
    return pool(draw, x, dilated=True)


def avg_pool(draw: st.DrawFn, x: Shape) -> Fields | None:
    fields = pool(draw, x, dilated=False)
    return fields if fields is None else fields | some(draw, count_include_pad=st.booleans())


def adaptive(draw: st.DrawFn, x: Shape) -> Fields | None:
    rank = len(x) - 2
    size = st.integers(1, 9)
    return {"output_size": draw(st.one_of(size, st.tuples(*[st.none() | size] * rank)))} if rank in LONGEST else None


def global_pool(draw: st.DrawFn, x: Shape) -> Fields | None:
    return some(draw, keepdim=st.booleans()) if len(x) - 2 in LONGEST else None


def linear(draw: st.DrawFn, x: Shape) -> Fields:
    return {"out_features": draw(st.integers(1, 8))} | some(draw, bias=st.booleans(), in_features=st.just(x[-1]))


def rbf(draw: st.DrawFn, _x: Shape) -> Fields:
    return {"out_features": draw(st.integers(1, 8))}


def flatten(draw: st.DrawFn, x: Shape) -> Fields:
    start = draw(st.integers(0, len(x) - 1))
    end = draw(st.integers(start, len(x) - 1))
    return {"start_dim": start, "end_dim": draw(st.sampled_from([end, end - len(x)]))}


def reshape(draw: st.DrawFn, x: Shape) -> Fields:
    """Keeps the batch and joins or splits the rest, or makes one axis of everything."""
    if len(x) == 1:
        return {"shape": draw(st.sampled_from([(-1, 1), (1, 0), (-1,)]))}
    return {"shape": draw(st.sampled_from([(0, -1), (-1,), (0, 1, -1), (0, groups_of(draw, x[1]), -1)]))}


def permute(draw: st.DrawFn, x: Shape) -> Fields:
    order = draw(st.permutations(range(len(x))))
    return {"dims": tuple(draw(st.sampled_from([axis, axis - len(x)])) for axis in order)}


def pad(draw: st.DrawFn, x: Shape) -> Fields | None:
    side = st.integers(0, 2)
    if len(x) - 2 in LONGEST and draw(st.booleans()):
        fields: Fields = {"padding": draw(side)}
        if min(x[2:]) > 2:
            fields |= some(draw, mode=st.sampled_from(["reflect", "replicate", "circular"]))
        return fields
    axes = draw(st.integers(1, len(x)))
    return {"padding": draw(st.tuples(*[side] * (2 * axes)))} | some(draw, value=st.sampled_from([0.5, -1]))


def upsample(draw: st.DrawFn, x: Shape) -> Fields | None:
    rank = len(x) - 2
    if rank not in LONGEST:
        return None
    scale = st.sampled_from([1, 2, 1.5, 0.5, 1.1, 2.0])
    if draw(st.booleans()):
        fields: Fields = {"size": each_axis(draw, rank, 1, 9)}
    else:
        fields = {"scale_factor": draw(st.one_of(scale, st.tuples(*[scale] * rank)))}
    if draw(st.booleans()):
        fields |= {"mode": {1: "linear", 2: "bilinear", 3: "trilinear"}[rank]} | some(draw, align_corners=st.booleans())
    return fields


def batch_norm(draw: st.DrawFn, x: Shape) -> Fields | None:
    flags = some(draw, affine=st.booleans(), track_running_stats=st.booleans())
    return flags | some(draw, num_features=st.just(x[1])) if len(x) > 1 else None


def instance_norm(draw: st.DrawFn, x: Shape) -> Fields | None:
    return some(draw, affine=st.booleans(), track_running_stats=st.booleans()) if len(x) > 2 else None


def layer_norm(draw: st.DrawFn, x: Shape) -> Fields:
    return some(draw, normalized_shape=st.just(x[-1]), elementwise_affine=st.booleans(), bias=st.booleans())


def group_norm(draw: st.DrawFn, x: Shape) -> Fields | None:
    return {"num_groups": groups_of(draw, x[1])} | some(draw, affine=st.booleans()) if len(x) > 1 else None


def local_response_norm(draw: st.DrawFn, x: Shape) -> Fields | None:
    return {"size": draw(st.integers(1, 7))} if len(x) > 2 else None


def squeeze(draw: st.DrawFn, x: Shape) -> Fields | None:
    ones = [axis - from_the_end for axis, size in enumerate(x) if size == 1 for from_the_end in (0, len(x))]
    if not ones:
        return None
    dim = draw(st.sampled_from(ones))
    return {"dim": draw(st.sampled_from([dim, (dim,)]))}


def unsqueeze(draw: st.DrawFn, x: Shape) -> Fields:
    return {"dim": draw(st.integers(-len(x) - 1, len(x)))}


def channel_shuffle(draw: st.DrawFn, x: Shape) -> Fields | None:
    return {"groups": groups_of(draw, x[1])} if len(x) > 2 else None


def pixel_shuffle(draw: st.DrawFn, x: Shape) -> Fields | None:
    return {"upscale_factor": draw(st.sampled_from([1, 2, 3]))} if len(x) == 4 else None


def pixel_unshuffle(draw: st.DrawFn, x: Shape) -> Fields | None:
    return {"downscale_factor": draw(st.sampled_from([1, 2, 3]))} if len(x) == 4 else None


def center_crop(draw: st.DrawFn, x: Shape) -> Fields | None:
    return {"size": each_axis(draw, len(x) - 2, 1, min(x[2:]))} if len(x) - 2 in LONGEST else None


def stochastic_depth(draw: st.DrawFn, _x: Shape) -> Fields:
    return {"p": draw(st.sampled_from([0, 0.5, 1]))} | some(draw, mode=st.sampled_from(["row", "batch"]))


def scale(draw: st.DrawFn, x: Shape) -> Fields | None:
    axis = draw(st.integers(0, len(x) - 1))
    dim = draw(st.sampled_from([axis, axis - len(x)]))
    return {"dim": dim} | some(draw, bias=st.booleans(), num_features=st.just(x[axis]))


def slice_(draw: st.DrawFn, x: Shape) -> Fields:
    axis = draw(st.integers(0, len(x) - 1))
    start = draw(st.integers(0, x[axis] - 1))
    end = draw(st.integers(start + 1, x[axis]))
    fields: Fields = {"dim": draw(st.sampled_from([axis, axis - len(x)]))}
    fields |= some(draw, start=st.sampled_from([start, start - x[axis]]), step=st.integers(1, 3))
    ends = [end, end - x[axis]] if end < x[axis] else [end]
    return fields | some(draw, end=st.sampled_from(ends))


def roll(draw: st.DrawFn, x: Shape) -> Fields:
    dims = draw(st.lists(st.integers(-len(x), len(x) - 1), min_size=1, max_size=3))
    shifts = tuple(draw(st.integers(-9, 9)) for _ in dims)
    return {"shifts": shifts, "dims": tuple(dims)} if len(dims) > 1 else {"shifts": shifts[0], "dims": dims[0]}


def flip(draw: st.DrawFn, x: Shape) -> Fields:
    return {"dims": tuple(draw(st.lists(st.integers(0, len(x) - 1), min_size=1, max_size=3, unique=True)))}


def expand(draw: st.DrawFn, x: Shape) -> Fields:
    own = [draw(st.integers(1, 3)) if size == 1 and draw(st.booleans()) else -1 for size in x]
    return {"size": (*(draw(st.integers(1, 2)) for _ in range(draw(st.integers(0, 1)))), *own)}


def tile(draw: st.DrawFn, x: Shape) -> Fields:
    return {"dims": tuple(draw(st.lists(st.integers(1, 2), min_size=1, max_size=len(x) + 1)))}


def repeat_interleave(draw: st.DrawFn, x: Shape) -> Fields:
    return {"repeats": draw(st.integers(1, 3)), "dim": draw(st.integers(-len(x), len(x) - 1))}


def along_an_axis(draw: st.DrawFn, x: Shape) -> Fields:
    return some(draw, dim=st.integers(-len(x), len(x) - 1))


def experts(draw: st.DrawFn, _x: Shape) -> Fields:
    count = draw(st.integers(1, 6))
    fields: Fields = {"count": count, "top_k": draw(st.integers(1, count)), "hidden_features": draw(st.integers(1, 4))}
    fields |= some(draw, router=st.sampled_from(["softmax", "sigmoid"]), normalize=st.booleans(), bias=st.booleans())
    return fields | some(draw, shared_experts=st.integers(1, 2), router_bias=st.booleans(), gated=st.booleans())


PROPOSALS: dict[str, Proposal] = {
    "conv": conv,
    "conv_transpose": conv_transpose,
    "max_pool": max_pool,
    "avg_pool": avg_pool,
    "adaptive_avg_pool": adaptive,
    "adaptive_max_pool": adaptive,
    "global_avg_pool": global_pool,
    "global_max_pool": global_pool,
    "linear": linear,
    "rbf": rbf,
    "experts": experts,
    "flatten": flatten,
    "reshape": reshape,
    "permute": permute,
    "pad": pad,
    "upsample": upsample,
    "batch_norm": batch_norm,
    "instance_norm": instance_norm,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "local_response_norm": local_response_norm,
    "softmax": along_an_axis,
    "log_softmax": along_an_axis,
    "squeeze": squeeze,
    "unsqueeze": unsqueeze,
    "channel_shuffle": channel_shuffle,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "center_crop": center_crop,
    "stochastic_depth": stochastic_depth,
    "scale": scale,
    "slice": slice_,
    "roll": roll,
    "flip": flip,
    "expand": expand,
    "tile": tile,
    "repeat_interleave": repeat_interleave,
    **dict.fromkeys(("identity", "dropout", "relu", "relu6", "leaky_relu", "elu", "gelu", "silu"), nothing),
    **dict.fromkeys(("hardswish", "hardsigmoid", "sigmoid", "tanh", "softplus"), nothing),
    "separable_conv": separable_conv,
    "unfold": unfold,
    **POINTWISE,
    **ALONG_AXES,
}
WINDOWED = ("conv", "conv", "conv_transpose", "max_pool", "avg_pool", "upsample", "pad")
DRAWN = (*WINDOWED, *WINDOWED, *sorted(PROPOSALS))
"""Windows are where sizes go wrong: they are drawn more often than the rest."""


@st.composite
def stacks(draw: st.DrawFn, *, batch: str = "N", longest: int = 8) -> Stack:
    """A stack of one to eight layers on one to three spatial axes, all of which inference accepts at `sizes`."""
    rank = draw(st.integers(1, 3))
    axes = AXES[3 - rank :]
    sizes = {batch: draw(st.integers(1, 3))} | {axis: draw(st.integers(1, LONGEST[rank])) for axis in axes}
    entering = (batch, draw(st.integers(1, 6)), *axes)
    x = tuple(sizes[dim] if isinstance(dim, str) else dim for dim in entering)
    layers: list[Layer] = []
    fields: list[Fields] = []
    for _ in range(draw(st.integers(1, longest))):
        word = draw(st.sampled_from(DRAWN))
        proposed = PROPOSALS[word](draw, x)
        # What does not fit becomes an identity: a stack is never thrown away, and no layer is favoured.
        word, proposed, (layer, x) = fitting(word, proposed, x) or ("identity", {}, (Identity(), x))
        layers.append(layer)
        fields.append(proposed)
    return Stack(entering, sizes, tuple(layers), tuple(fields))


def fitting(word: str, fields: Fields | None, x: Shape) -> tuple[str, Fields, tuple[Layer, Shape]] | None:
    """The layer and what leaves it; None where the rule refuses, or where so much leaves that a run would take long.

    Nor is a lone number let through, which has no axis for the next layer to be drawn for.
    """
    cls = layer_type(word)
    if fields is None or cls is None:
        return None
    try:
        layer = cls(**fields)
        y = layer.output_shape(x)
    except LayerError:
        return None
    return (word, fields, (layer, y)) if y and prod(y) <= MOST_NUMBERS else None  # type: ignore[return-value, arg-type]


def stretches_by_chance(general: Report, concrete: Report) -> bool:
    """Whether an axis of a merge that has a symbol happens to be 1 and to meet a longer one.

    Such a size is not among those that fit: what leaves is then not what the closed form says.
    """
    return any(
        len({*sizes}) > 1 and any(size == 1 and form != 1 for form, size in zip(forms, sizes, strict=True))
        for form_row, row in zip(general.layers, concrete.layers, strict=False)
        if row.type in STRETCHING
        for forms, sizes in zip(_stretched(form_row), _stretched(row), strict=True)
    )


STRETCHING = {"add": None, "multiply": None, "matmul": -2}
"""Layers whose inputs stretch to each other, and before which axis."""


def _stretched(row: LayerReport) -> list[tuple[Any, ...]]:
    """The axes of all inputs that meet, a shorter one with 1 in front."""
    shapes = [shape[: STRETCHING[row.type]] for shape in row.inputs]
    rank = max(map(len, shapes))
    return list(zip(*((1,) * (rank - len(shape)) + shape for shape in shapes), strict=True))
