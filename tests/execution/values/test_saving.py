"""Arrays by name as an `.npz` file."""

from __future__ import annotations

from io import BytesIO

import numpy as np

from shapecalc.execution.values.saving import npz


def test_numpy_loads_what_was_saved_under_any_name() -> None:
    arrays = {"file": np.ones((2, 3)), "c1.weight.grad": np.arange(4).T, "b/畳み": np.array(2.5, np.float32)}
    content = npz(arrays)
    with np.load(BytesIO(content)) as loaded:
        assert list(loaded) == list(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(loaded[name], array)
            assert loaded[name].dtype == array.dtype
    assert npz(arrays) == content
