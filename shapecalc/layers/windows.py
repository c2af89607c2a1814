"""Window arithmetic: the only copy of the formula ⌊(n + p₀ + p₁ − d(f − 1) − 1)/s⌋ + 1 and of related ones.

n: length of the axis, f: window, s: stride, d: dilation, p₀ and p₁: padding before and after, K = d(f − 1) + 1: the
length of a dilated window. Functions are about one axis; layers loop over theirs.
"""

from collections.abc import Mapping
from itertools import count
from typing import Any

from shapecalc.diagnostics.errors import FieldName, InFile, LayerError
from shapecalc.dims import Dim, Expr, Shape, ceil_div, floor_div, greatest, least, pretty
from shapecalc.layers.axes import per_axis
from shapecalc.layers.comparisons import is_at_least, reaches
from shapecalc.layers.constraints import REFUSING, Constraints

Pair = tuple[int, int]

PER_AXIS = "kernelh kernelw kernelheight kernelwidth strideh stridew padh padw paddingh paddingw"
"""Fields of other tools that state one axis each, folded."""

LONG_WINDOW = 16
"""Windows of fewer elements along an axis, those of real networks, always count as a whole."""

FOREIGN_FIELDS = (
    "kernel_size: kernel ~kernels kernelshape kernelsizes ksize filtersize windowsize windowshape ~window ~k ~f",
    "stride: strides subsample ~s",
    "padding: pad",
    (
        "padding: ~pads ~paddings ~p | use `padding: [[before, after], …]`, a pair for each axis: ONNX lists all "
        "that comes before first"
    ),
    "padding: ~autopad | `padding: 0` is VALID; `padding: same`, of `conv`, is SAME_UPPER",
    "dilation: dilations dilationrate atrousrate ~rate ~d",
    f"nothing: {PER_AXIS} | write a list with a number for each axis, such as `kernel_size: [3, 5]`",
)
"""`Layer.foreign_fields` of a layer with windows."""


def span(window: int, dilation: int = 1) -> int:
    """Return the length of a dilated window, K = d(f − 1) + 1.

    >>> span(3, dilation=2)
    5
    """
    return dilation * (window - 1) + 1


def output_size(
    length: Dim,
    window: int,
    stride: int = 1,
    pad: Pair = (0, 0),
    dilation: int = 1,
    *,
    ceil_mode: bool = False,
    axis: int | None = None,
    constraints: Constraints = REFUSING,
) -> Dim:
    """Return the number of positions that a window takes along one axis.

    ⌊(n + p₀ + p₁ − d(f − 1) − 1)/s⌋ + 1, in elements. With `ceil_mode` the division rounds up, and a window that
    would start past the input and its left padding is dropped: min(⌈(n + p₀ + p₁ − K)/s⌉ + 1, ⌈(n + p₀)/s⌉). The two
    numerators differ by a constant, so that the smaller is known for a symbol too and one floor is left.
    Raises `LayerError` SC302 if no window fits. `axis` is named in the message.
    Source: torch.nn.Conv2d and torch.nn.MaxPool2d, "Shape".

    >>> output_size(32, window=5)                            # LeNet-5, C1: (32 + 2·0 − 5)/1 + 1
    28
    >>> output_size(224, window=11, stride=4, pad=(2, 2))    # torchvision's AlexNet
    55
    >>> output_size(112, window=3, stride=2, ceil_mode=True)  # GoogLeNet's first pool
    56
    """
    before, after = pad
    elements = length + before + after
    room = elements - dilation * (window - 1) - 1
    if ceil_mode:
        # ⌈room/s⌉ + 1 = ⌈(room + s)/s⌉ against ⌈(n + p₀)/s⌉
        within = stride - 1 - dilation * (window - 1) + after
        positions = ceil_div(length + before + min(within, 0), stride)
        if type(positions) is int and positions < 1:
            raise _too_long(length, window, pad, dilation, axis)
        constraints.require_nonnegative(positions - 1)
        return positions
    if type(room) is int:
        if room < 0:
            raise _too_long(length, window, pad, dilation, axis)
        return room // stride + 1
    lowest = least(room)
    if lowest is None or lowest < 0:
        highest = greatest(room)
        if highest is not None and highest < 0:
            raise _too_long(length, window, pad, dilation, axis)
        constraints.require_nonnegative(room)
    return floor_div(room, stride) + 1


def same_size(length: Dim, stride: int = 1) -> Dim:
    """Return the number of positions with `same` padding, ⌈n/s⌉ for any window.

    >>> same_size(7, stride=2)
    4
    """
    return ceil_div(length, stride)


def same_pad(length: int, window: int, stride: int = 1, dilation: int = 1) -> Pair:
    """Return the padding of `same`: the least that gives ⌈n/s⌉ positions, of an odd number one more after than before.

    Source: Keras and ONNX (SAME_UPPER), torch.nn.Conv2d for stride 1.

    >>> same_pad(6, window=3, stride=2)
    (0, 1)
    """
    positions = -(-length // stride)
    total = max((positions - 1) * stride + span(window, dilation) - length, 0)
    return total // 2, total - total // 2


def padded_shape(
    x: Shape, kernel_size: Any, stride: Any, padding: Any, dilation: Any, *, splits: bool = False, always: bool = False
) -> Shape | None:
    """Return the spatial shape of the padded copy of the input, or None if no copy is made.

    A kernel applies equal padding at both ends itself. For uneven padding a copy is padded first: by all of it or, with
    `splits`, as in PyTorch's convolution with `same` and stride 1, by the difference only. With `always`, by all of it.

    >>> padded_shape((1, 6, 7, 11), 4, 1, "same", 1, splits=True), padded_shape((1, 6, 7, 11), 3, 1, 1, 1)
    ((8, 12), None)
    """
    rank = len(x) - 2
    windows, strides = per_axis(kernel_size, rank, "kernel_size"), per_axis(stride, rank, "stride")
    dilations = per_axis(dilation, rank, "dilation")
    axes = zip(x[2:], windows, strides, padding_pairs(padding, windows, dilations), dilations, strict=True)
    added = [_added(n, f, s, d) if isinstance(p, str) else p for n, f, s, p, d in axes]
    if not always and all(before == after for before, after in added):
        return None
    if splits and not always and padding == "same" and set(strides) == {1}:
        return tuple(n + (after - before) for n, (before, after) in zip(x[2:], added, strict=True))
    return tuple(n + before + after for n, (before, after) in zip(x[2:], added, strict=True))


def _added(n: Dim, window: int, stride: int, dilation: int) -> tuple[Dim, Dim]:
    """Return the padding of `same` along an axis; of a symbolic axis with a stride, all of it after."""
    if isinstance(n, int):
        return same_pad(n, window, stride, dilation)
    total = (
        span(window, dilation) - 1 if stride == 1 else (same_size(n, stride) - 1) * stride + span(window, dilation) - n
    )
    return (total // 2, total - total // 2) if isinstance(total, int) else (0, total)


def transposed_size(
    length: Dim,
    window: int,
    stride: int = 1,
    pad: Pair = (0, 0),
    dilation: int = 1,
    output_padding: int = 0,
    *,
    axis: int | None = None,
    constraints: Constraints = REFUSING,
) -> Dim:
    """Return the length of the output of a transposed window along one axis.

    (n − 1)s − p₀ − p₁ + d(f − 1) + output_padding + 1, in elements.
    Raises `LayerError` SC302 if the padding cuts off all of it.
    Source: torch.nn.ConvTranspose2d, "Shape".

    >>> transposed_size(8, window=4, stride=2, pad=(1, 1))    # DCGAN doubles each axis
    16
    """
    before, after = pad
    elements = (length - 1) * stride - before - after + span(window, dilation) + output_padding
    highest = elements if type(elements) is int else greatest(elements)
    if highest is not None and highest < 1:
        raise LayerError(
            "SC302",
            expects=f"padding below the size that it writes ({pretty(elements + before + after)})",
            receives=f"{before} + {after}",
            axis=axis,
            field="padding",
        )
    constraints.require_nonnegative(elements - 1)
    return elements


def unread(length: int, window: int, stride: int = 1, pad: Pair = (0, 0), dilation: int = 1) -> int:
    """Return the number of elements at the end of the input that no window reads because the division is not exact.

    >>> unread(224, window=3, stride=2)         # (224 − 3)/2 leaves 1
    1
    >>> unread(224, window=7, stride=2, pad=(3, 3))  # the element left over is padding
    0
    """
    left_over = (length + pad[0] + pad[1] - span(window, dilation)) % stride
    return min(max(left_over - pad[1], 0), length)


def unread_warning(
    x: Shape, kernel_size: Any, stride: Any, padding: Any, dilation: Any, *, pools: bool = False
) -> LayerError | None:
    """Return SC401 if no window reads the end of an axis because the division is not exact; None for symbols.

    A window shorter than its stride skips elements on purpose, as in the shortcuts of ResNet. The stride of a pool is
    its window by default, and its padding at most half of it.
    """
    rank = len(x) - 2
    kernel = per_axis(kernel_size, rank, "kernel_size")
    strides = kernel if stride is None else per_axis(stride, rank, "stride")
    dilations = per_axis(dilation, rank, "dilation")
    axes = zip(x[2:], kernel, strides, padding_pairs(padding, kernel, dilations), dilations, strict=True)
    sliding = {
        axis: (n, f, s, p, d)
        for axis, (n, f, s, p, d) in enumerate(axes)
        if isinstance(n, int) and isinstance(p, tuple) and f >= s
    }
    missed = {axis: elements for axis, slides in sliding.items() if (elements := unread(*slides))}
    if not missed:
        return None
    n, f, s, p, d = sliding[min(missed)]
    room = n + sum(p) - span(f, d)
    wider = count(max(max(p) for _, _, _, p, _ in sliding.values()))
    reads = next(q for q in wider if not any(unread(n, f, s, (q, q), d) for n, f, s, _, d in sliding.values()))
    ways = ["`ceil_mode: true`"] if pools else []
    if not pools or reads <= min(kernel) // 2:
        ways.append(f"`padding: {reads}`")
    return LayerError(
        "SC401",
        f"never reads {_last(missed, rank)} of {' x '.join(map(pretty, x[2:]))}",
        field="stride",
        label=f"{room} / {s} leaves {room % s} over",
        help=f"{' or '.join(ways)} reads to the end",
    )


def _last(missed: Mapping[int, int], rank: int) -> str:
    """Return which elements are missed along each axis, for a message.

    >>> _last({0: 1, 1: 1}, 2), _last({1: 2}, 2), _last({0: 3}, 1)
    ('the last row and the last column', 'the last 2 columns', 'the last 3 cells')
    """
    names = ("row", "column") if rank == 2 else ("cell",) * rank
    parts = []
    for axis, elements in missed.items():
        along = f" along axis {axis + 2}" if rank > 2 else ""
        parts.append(f"the last {f'{elements} {names[axis]}s' if elements > 1 else names[axis]}{along}")
    return " and ".join(parts)


def padding_pairs(padding: object, windows: tuple[int, ...], dilations: tuple[int, ...]) -> tuple[Pair | str, ...]:
    """Return the padding of each axis as a pair, or as `same`, from any notation of the field.

    Raises `LayerError` SC204 if the length of a list is not the number of spatial axes, SC305 for `causal` if there are
    several axes.

    >>> padding_pairs(1, (3, 3), (1, 1)), padding_pairs("valid", (3,), (1,)), padding_pairs("causal", (3,), (2,))
    (((1, 1), (1, 1)), ((0, 0),), ((4, 0),))
    """
    rank = len(windows)
    if padding == "same":
        return ("same",) * rank
    if padding == "valid":
        return ((0, 0),) * rank
    if padding == "causal":
        before = tuple((span(window, dilation) - 1, 0) for window, dilation in zip(windows, dilations, strict=True))
        if rank > 1:
            raise _not_causal(before)
        return before
    return tuple(entry if isinstance(entry, tuple) else (entry, entry) for entry in per_axis(padding, rank, "padding"))


def window_elements(
    x: Shape, kernel_size: Any, padding: Any, dilation: Any, *, ceil_mode: bool = True
) -> tuple[Dim, ...]:
    """Return the number of elements of a window along each axis that count.

    All of them, also where `ceil_mode` lets the window extend past the padded axis; but of a window of at least
    `LONG_WINDOW` elements that is longer than the padded axis, only those on it.

    >>> window_elements((1, 8, 19, 19), (2560, 3), 0, 1), window_elements((1, 8, 70), 30, 1, 4)
    ((19, 3), (18,))
    """
    rank = len(x) - 2
    windows = per_axis(kernel_size, rank, "kernel_size")
    dilations = per_axis(dilation, rank, "dilation")
    axes = zip(x[2:], windows, padding_pairs(padding, windows, dilations), dilations, strict=True)
    return tuple(
        _on_axis(n + sum(p), f, d) if ceil_mode and f >= LONG_WINDOW and isinstance(p, tuple) else f
        for n, f, p, d in axes
    )


def _on_axis(padded: Dim, window: int, dilation: int) -> Dim:
    """Return the elements of a window that a padded axis has: all of them, or ⌈padded/d⌉ if it is shorter."""
    if isinstance(padded, int):
        return min(window, -(-padded // dilation))
    length = span(window, dilation)
    if is_at_least(padded, length):
        return window
    return window - (1 - reaches(padded, length)) * (window - ceil_div(padded, dilation))


def _not_causal(before: tuple[Pair, ...]) -> LayerError:
    pairs = ", ".join(map(str, map(list, (before[0], *((0, 0),) * (len(before) - 1)))))
    return LayerError(
        "SC305",
        expects="one spatial axis, the time, for `causal`",
        receives=len(before),
        field="padding",
        help=(
            f"pad each axis by itself, {before[0][0]} before the time and 0 after it",
            InFile(f": along the first axis `padding: [{pairs}]`"),
        ),
    )


def transposed_pads(
    padding: Any, strides: tuple[int, ...], windows: tuple[int, ...], dilations: tuple[int, ...], extra: Any
) -> tuple[tuple[Pair, int], ...]:
    """Return for each axis the elements that a transposed window cuts off both ends, and those added at the end.

    A number of `padding` is cut off, and `extra`, the output padding, is added; None adds nothing. The words are those
    of Keras: `same` is for n·s elements, `valid` for (n − 1)s + max(K, s); with an output padding o they are for
    (n − 1)s + K mod 2 + o and (n − 1)s + K + o. Of an odd number `same` cuts one more off the end.
    Raises `LayerError` SC308 if the output padding is not below the stride, or the dilation if `padding` is a number.
    Source: Keras 3, keras.layers.Conv2DTranspose.

    >>> transposed_pads("same", (2,), (5,), (1,), None), transposed_pads("valid", (3,), (2,), (1,), None)
    ((((1, 2), 0),), (((0, 0), 1),))
    """
    rank = len(windows)
    words = isinstance(padding, str)
    extras = per_axis(extra, rank, "output_padding")
    pads = ((0, 0),) * rank if words else padding_pairs(padding, windows, dilations)
    ends = []
    for axis, (pad, s, f, d, o) in enumerate(zip(pads, strides, windows, dilations, extras, strict=True)):
        most = s if words else max(s, d)
        if o is not None and o >= most:
            raise _too_much_output_padding(o, most, axis, words=words)
        if padding == "same":
            length = span(f, d)
            cut = length - (s if o is None else length % 2 + o)
            ends.append(((max(cut, 0) // 2, max(cut, 0) - max(cut, 0) // 2), max(-cut, 0)))
        elif padding == "valid" and o is None:
            ends.append(((0, 0), max(s - span(f, d), 0)))
        else:
            assert isinstance(pad, tuple)  # every word is handled above
            ends.append((pad, o or 0))
    return tuple(ends)


def _too_much_output_padding(given: int, most: int, axis: int, *, words: bool) -> LayerError:
    larger = "the stride" if words else "the larger of stride and dilation"
    return LayerError(
        "SC308",
        expects=(FieldName("output_padding"), f" below {larger} ({most})"),
        receives=given,
        field="output_padding",
        help=("write ", FieldName("output_padding", most - 1), " or less" if most > 1 else ""),
        index=(axis,),
        replacement=str(most - 1),
    )


def _too_long(length: Dim, window: int, pad: Pair, dilation: int, axis: int | None) -> LayerError:
    needed, elements = span(window, dilation), length + pad[0] + pad[1]
    dilated = f" ({dilation} x ({window} - 1) + 1)" if dilation > 1 else ""
    padded = f" ({pretty(length)} + {pad[0]} + {pad[1]})" if any(pad) else ""
    most = 1 + (elements - 1) // dilation if isinstance(elements, int) else None
    smaller = (FieldName("kernel_size", most), " or less" if most > 1 else "") if most else ("a smaller window",)
    return LayerError(
        "SC302",
        expects=f"at least {needed} cells{dilated}",
        receives=f"{pretty(elements)}{padded}",
        axis=axis,
        field="kernel_size",
        label=f"spans {needed} cells",
        help=("write ", *smaller, ", or ", FieldName("padding"), f" that adds {_missing(needed, elements)}"),
        index=() if axis is None else (axis - 2,),
        replacement=str(most) if most else None,
    )


def _missing(needed: int, elements: Dim) -> str:
    if isinstance(elements, Expr):
        return "what is missing"
    missing = needed - elements
    return f"at least {missing} cell{'s' if missing > 1 else ''}"
