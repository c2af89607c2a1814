"""Parts and orders of axes, against Python's slices and NumPy's permutations."""

from __future__ import annotations

import numpy as np

from shapecalc.importers.torch_export.views import order_of, part_sizes, slice_bounds

ENDS = (None, -12, -10, -3, 0, 4, 10, 12, (1 << 63) - 1)


def test_slices_end_where_those_of_python_end() -> None:
    wrong = []
    for start in ENDS:
        for end in ENDS:
            first, last = slice_bounds(10, start, end)
            if list(range(first, max(first, last))) != list(range(10)[start:end]):
                wrong.append((start, end))
    assert wrong == []


def test_parts_are_those_of_array_split() -> None:
    wrong = []
    for size in range(1, 12):
        for count in range(1, size + 1):
            expected = [len(part) for part in np.array_split(np.arange(size), count)]
            if part_sizes("tensor_split", {"sections": count}, size) != expected:
                wrong.append((size, count))
    assert wrong == []


def test_orders_of_axes_are_those_of_numpy() -> None:
    x = np.zeros((2, 3, 5, 7))
    cases = [
        ("transpose", {"dim0": 0, "dim1": -1}, np.swapaxes(x, 0, -1)),
        ("permute", {"dims": [2, 0, -1, 1]}, x.transpose(2, 0, 3, 1)),
        ("movedim", {"source": 1, "destination": -1}, np.moveaxis(x, 1, -1)),
        ("movedim", {"source": [0, 1], "destination": [2, 0]}, np.moveaxis(x, [0, 1], [2, 0])),
    ]
    for name, arguments, expected in cases:
        assert x.transpose(order_of(name, arguments, 4)).shape == expected.shape, name
