"""Orders of axes: whether the shape of an image is written with the channels first, and with its batch.

A shape alone never proves an order. These functions return one only for shapes that no common network has otherwise:
an axis of 1, 3 or 4 behind an image, which has many more rows and columns than channels.
"""

from shapecalc.dims import Dim, Expr, Shape, pretty, show, symbol
from shapecalc.layers.base import Layer

COLOURS = (1, 3, 4)
"""The numbers of channels of a picture: grey, RGB, RGB and transparency."""

Order = tuple[int, ...]
"""The axes of a shape in another order, as `permute` takes them."""

_CHANNELS = ("C", "channels")
_ROWS_AND_COLUMNS = (("H", "W"), ("height", "width"))
"""Names of symbols that say what an axis is."""

_DIGIT = 28
"""The rows and columns of a digit of MNIST, which its data set gives without a channel axis."""

_DEEP = (7, 14, 28, 56)
"""The rows and columns of deep maps of pictures of 224 x 224, which are unusual numbers of channels."""

_LEAST = 8
"""The rows and columns of the smallest picture, a digit of scikit-learn."""
_SQUARE = 6
_OBLONG = 12
"""How many times more columns than channels a picture has at least, if it is square and if not."""


def channels_last_order(stated: Shape, window: tuple[int, ...] | None) -> Order | None:
    """Return the order that makes the channels axis 1; None if they probably are.

    `stated` is the shape of an input as the file has it, `window` that of the layer that reads it. Equal last axes are
    those of a map.

    >>> channels_last_order((5, 28, 28, 1), (3, 3))
    (0, 3, 1, 2)
    >>> channels_last_order((5, 64, 7, 3), (3, 3)) is None     # 64 maps of 7 x 3
    True
    """
    rank = len(stated)
    if not 3 <= rank <= 5:
        return None
    names, last, middle = _names(stated), stated[-1], stated[2]
    if stated[1] in COLOURS or names[1] in _CHANNELS:
        return None
    named = rank > 3 and names[-3:-1] in _ROWS_AND_COLUMNS
    coloured = last in COLOURS and _slides(window, -1, last) and _is_image(stated, last, window)
    deep = rank == 4 and stated[1] == middle and middle in _DEEP and isinstance(last, int) and last % 32 == 0
    if named or coloured or deep:
        return moved(rank, rank - 1, 1)
    between = rank == 4 and middle in COLOURS and stated[1] == last and _large(last, middle)
    frames = rank == 5 and middle == 3 and stated[3] == last and _large(last, middle)
    return moved(rank, 2, 1) if (between or frames) and _slides(window, 0, 1) else None


def as_pictures(stated: Shape) -> Shape | None:
    """Return the shape of pictures with batch and channels; None if it probably has both axes.

    >>> show(as_pictures((3, 480, 640))), show(as_pictures((32, 32, 3))), show(as_pictures((64, 28, 28)))
    ('[N, 3, 480, 640]', '[N, 3, 32, 32]', '[64, 1, 28, 28]')
    >>> as_pictures((8, 3, 100)) is None
    True
    """
    if len(stated) != 3:
        return None
    first, middle, last = stated
    names, batch = _names(stated), symbol("N")
    if first in COLOURS or names[0] in _CHANNELS:
        return (batch, *stated) if _is_picture(middle, last, first) else None
    if last in COLOURS or names[2] in _CHANNELS:
        alike = first == middle or names[:2] in _ROWS_AND_COLUMNS
        return (batch, last, first, middle) if alike and _is_picture(first, middle, last) else None
    return (first, 1, middle, last) if names[1:] in _ROWS_AND_COLUMNS or middle == last == _DIGIT else None


def missing_axis(stated: Shape, pictures: Shape) -> str:
    """Return the name of the axis that a shape lacks to be one of `as_pictures`."""
    return "channel axis" if stated[0] == pictures[0] else "batch axis"


def window_of(layer: Layer, x: Shape) -> tuple[int, ...] | None:
    """Return the size of a layer's window along each spatial axis; None without one for each."""
    size = getattr(layer, "kernel_size", None)
    if isinstance(size, tuple):
        return size if len(size) == len(x) - 2 else None
    return None if size is None else (size,) * (len(x) - 2)


def reordered(shape: Shape, order: Order) -> Shape:
    """Return a shape with its axes in another order."""
    return tuple(shape[axis] for axis in order)


def reordering(shape: Shape, order: Order) -> str:
    """Return the help for an input whose axes are in another order than layers read them."""
    return f"write the input as {show(reordered(shape, order))}, or put `permute: {list(order)}` before the first step"


def moved(rank: int, axis: int, to: int) -> Order:
    """Return the order of `rank` axes in which one is moved to another index.

    >>> moved(4, 3, 1), moved(3, 1, 2)
    ((0, 3, 1, 2), (0, 2, 1))
    """
    others = [other for other in range(rank) if other != axis]
    return (*others[:to], axis, *others[to:])


def _names(shape: Shape) -> tuple[str, ...]:
    """Return the text of each size, which is the name of a symbol."""
    return tuple(map(pretty, shape))


def _is_image(stated: Shape, channels: Dim, window: tuple[int, ...] | None) -> bool:
    """Return whether the axes between batch and channels are those of an image or a sequence."""
    if len(stated) == 3:
        return _is_sequence(stated[1], channels, window)
    *_, rows, columns, _ = stated
    if isinstance(stated[1], Expr):
        # A number of channels that depends on the input has no parameters of a fixed number.
        return isinstance(columns, Expr) or columns >= _LEAST
    if isinstance(columns, Expr):
        return channels == 1 and (isinstance(rows, Expr) or rows >= _LEAST)
    return _large(rows, 1) and (_large(columns, channels, _SQUARE if rows == columns else _OBLONG))


def _is_sequence(length: Dim, channels: Dim, window: tuple[int, ...] | None) -> bool:
    """Return whether an axis is the steps of a sequence: channels of deep maps are multiples of 16."""
    if isinstance(length, Expr):
        return True
    least, multiple = (_LEAST, 32) if channels == 1 else (20, 16)
    return length >= least and length % multiple != 0 and window is not None and window[-1] > 1


def _is_picture(rows: Dim, columns: Dim, channels: Dim) -> bool:
    """Return whether two axes are rows and columns, and not channels and steps of a sequence."""
    if isinstance(rows, Expr) or isinstance(columns, Expr):
        return _names((rows, columns)) in _ROWS_AND_COLUMNS
    if rows != columns:
        return channels == 3 and min(rows, columns) >= 32 and max(rows, columns) <= 3 * min(rows, columns)
    # Four sequences with as many channels as steps are as likely as one picture, if both are a multiple of 32.
    return rows >= 16 and (channels != 4 or rows % 32 != 0)


def _large(size: Dim, channels: Dim, times: int = _SQUARE) -> bool:
    return isinstance(size, Expr) or (isinstance(channels, int) and size >= max(_LEAST, times * channels))


def _slides(window: tuple[int, ...] | None, axis: int, channels: Dim) -> bool:
    """Return whether a window covers several positions along an axis, which one channel does not have."""
    return channels != 1 or window is None or window[axis] > 1
