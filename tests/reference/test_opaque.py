"""An operator without a layer has no values."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.reference.base import Call
from shapecalc.reference.executor import ExecutionError, run


def test_a_run_stops_at_the_operator_and_names_it():
    fields = {"operator": "aten.bincount", "shape": (2,), "dtype": "float32"}
    with pytest.raises(ExecutionError, match=r"aten\.bincount"):
        run(Call("bins", "opaque", fields, {}, ("x",), ("bins",)), {"x": np.zeros(3, np.float32)})
