"""What stands for tensors while a program is read."""

from __future__ import annotations

import numpy as np

from shapecalc.importers.graph import Stored
from shapecalc.importers.torch_export.operands import MISSING, Empty, FileTensor, is_array, is_tensor, leaves


def test_the_leaves_of_lists_are_in_order() -> None:
    assert list(leaves([1, [2, [3]], "text"])) == [1, 2, 3, "text"]
    assert list(leaves(5)) == [5]


def test_tensors_are_told_from_numbers_and_shapes() -> None:
    tensors = [np.zeros(2), FileTensor(Stored("w", (2,))), Empty((0,)), MISSING]
    assert all(map(is_tensor, tensors))
    assert not any(map(is_tensor, [2, 2.5, "same", None, [3, 4]]))
    assert [is_array(tensor) for tensor in tensors] == [True, False, False, False]
