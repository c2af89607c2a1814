"""The layers that give an input the number of axes that a layer reads."""

from math import isqrt

from shapecalc.dims import Dim, Shape, pretty, product, show

LEAST_SIDE = 4
"""The side of the smallest square that a number of features is taken for."""

SIDES = (7, 4, 8, 6, 5)
"""The sides of small maps, most frequent first."""

MOST_SPATIAL = 3
"""The number of spatial axes that layers read at most."""


def bridge(expects: str, x: Shape, *, steps: bool = False, grows: bool = False) -> str | None:
    """Return the layers to put before one that expects other axes, as the help of its error; None if not known.

    `steps` is whether the layer reads a sequence step by step, `grows` whether it enlarges a map, which may be a vector
    at first.

    >>> bridge("[N, C, *spatial] with 1 to 3 spatial axes", (64, 784))
    'put `reshape: [0, 1, 28, 28]` before it for images, or `unsqueeze: 1` for a signal of 784'
    >>> bridge("[N, T, features]", (64, 512, 1, 26), steps=True)
    'put `permute: [0, 3, 1, 2]` and `flatten: 2` before it: each column is a step of 512 features'
    """
    if expects.startswith("[N, C"):
        return _to_map(x, plane="H, W" in expects, grows=grows)
    if expects.startswith(("[N, T, features]", "[N, length, features] as query")):
        return _to_sequence(x, steps=steps, time_first=False)
    if expects.startswith(("[T, N, features]", "[length, N, features] as query")):
        return _to_sequence(x, steps=steps, time_first=True)
    return None


def one_rank(inputs: tuple[Shape, ...]) -> str | None:
    """Return the help for a map and rows of features that are to be joined; None for other ranks."""
    maps = [x for x in dict.fromkeys(inputs) if len(x) > 2]
    rows = [x for x in dict.fromkeys(inputs) if len(x) == 2]
    if len(maps) != 1 or len(rows) != 1 or maps[0][0] != rows[0][0]:
        return None
    return f"put `flatten`, or `global_avg_pool` and `flatten`, after {show(maps[0])}"


def per_channel(inputs: tuple[Shape, ...]) -> str | None:
    """Return the help for a map and one number per channel, whose axes are matched from the last."""
    maps = [x for x in dict.fromkeys(inputs) if len(x) > 2]
    rows = [x for x in dict.fromkeys(inputs) if len(x) == 2]
    if len(maps) != 1 or len(rows) != 1 or maps[0][:2] != rows[0]:
        return None
    return f"put `reshape: {[0, 0, *[1] * (len(maps[0]) - 2)]}` after {show(rows[0])}: one number per channel"


def _to_map(x: Shape, *, plane: bool, grows: bool) -> str | None:
    if len(x) > 2 + MOST_SPATIAL:
        last = len(x) - 2 - MOST_SPATIAL
        return f"put `flatten: {{start_dim: 0, end_dim: {last}}}` before it, which joins the first {last + 1} axes"
    if len(x) == 3 and plane:
        return f"put `unsqueeze: 1` before it if {show(x)} has no channels"
    if len(x) != 2:
        return None
    signal = f"for a signal of {pretty(x[1])}"
    image = _image(x[1])
    if grows and isinstance(x[1], int) and (image is None or image[0] == 1):
        return f"put `reshape: {[0, x[1], 1, 1]}` before it: a map of one cell with {x[1]} channels"
    if image is None:
        return None if plane else f"put `unsqueeze: 1` before it {signal}, or a `reshape`"
    of = "images" if image[0] in (1, 3) else f"{image[0]} channels"
    text = f"put `reshape: {[0, *image]}` before it for {of}"
    return text if plane else f"{text}, or `unsqueeze: 1` {signal}"


def _image(features: Dim) -> tuple[int, int, int] | None:
    """Return the channels and sides of the square image that has a number of features, None if there is none.

    >>> _image(784), _image(3072), _image(6272), _image(100)
    ((1, 28, 28), (3, 32, 32), (128, 7, 7), (1, 10, 10))
    """
    if not isinstance(features, int):
        return None
    for channels in (1, 3):
        side = isqrt(features // channels)
        if channels * side * side == features and side >= LEAST_SIDE:
            return channels, side, side
    for side in SIDES:
        channels, rest = divmod(features, side * side)
        if not rest and channels >= 8 and channels.bit_count() == 1:
            return channels, side, side
    return None


def _to_sequence(x: Shape, *, steps: bool, time_first: bool) -> str | None:
    if len(x) == 2:
        one = f"`unsqueeze: {0 if time_first else 1}` before it for one step of {pretty(x[1])} features"
        each = "`permute: [1, 0]` and `unsqueeze: -1`" if time_first else "`unsqueeze: -1`"
        return f"put {one}, or {each} for {pretty(x[1])} steps of one number"
    if len(x) == 4 and steps:
        order = [3, 0, 1, 2] if time_first else [0, 3, 1, 2]
        features = pretty(x[1] * x[2])
        return f"put `permute: {order}` and `flatten: 2` before it: each column is a step of {features} features"
    if len(x) == 4:
        order = [2, 0, 1] if time_first else [0, 2, 1]
        return f"put `flatten: 2` and `permute: {order}` before it: each cell is a position of {pretty(x[1])} features"
    if len(x) == 5:
        moved = " and `permute: [1, 0, 2]`" if time_first else ""
        return f"put `flatten: 2`{moved} before it: axis 1 is time, each step has {pretty(product(x[2:]))} features"
    return None
