"""The gradients of layers with windows, norms and resampling against PyTorch's, by inputs and by parameters."""

from __future__ import annotations

import json
from collections import Counter
from math import prod

import numpy as np

from shapecalc.layers import layer_type
from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Array, Call
from shapecalc.reference.gradients import Context
from tests.oracle.test_torch_fixtures import ORACLE, TOLERANCE, Row, by_name, tuples, written
from tests.support.rows import for_each

FIXTURE = json.loads((ORACLE / "torch_gradients_windows.json").read_text(encoding="utf-8"))
VALUES = np.load(ORACLE / "torch_gradients_windows.npz")["values"]
ROWS: list[Row] = FIXTURE["cases"]


def filled(name: str, shape: list[int]) -> Array:
    a, b = FIXTURE["fill"][name]
    values = (((a * np.arange(prod(shape)) + b) % 17 - 8) / 8).reshape(shape)
    return np.asarray(1 + values**2 if name == "running_var" else values, dtype=np.float32)


def gradients(row: Row) -> dict[str, Array]:
    """What the reference kernels give, forward and back."""
    cls = layer_type(row["layer"])
    assert cls is not None
    layer = cls(**{name: tuples(value) for name, value in row["fields"].items()})
    arrays = {name: filled(name, shape) for name, shape in (row["parameters"] | row["buffers"]).items()}
    call = Call("case", row["layer"], written(layer), arrays, ("input",), ("output",))
    x = filled("input", row["input"]) * np.float32(row.get("scale", 1))
    y = find(row["layer"]).run(call, x)
    assert isinstance(y, np.ndarray)
    found = find_backward(row["layer"])(Context(call, (x,), (y,)), filled("gradient", row["output"]))
    (to_input,) = found.inputs
    assert to_input is not None
    return {"input": to_input, **found.parameters}


def expected() -> dict[str, dict[str, Array]]:
    """PyTorch's gradients by the name of the case and of what they are by."""
    tensors = [(row["name"], name, shape) for row in ROWS for name, shape in by_what(row).items()]
    pieces = np.split(VALUES, np.cumsum([prod(shape) for *_, shape in tensors]))
    assert pieces[-1].size == 0
    found: dict[str, dict[str, Array]] = {row["name"]: {} for row in ROWS}
    for (case, name, shape), piece in zip(tensors, pieces[:-1], strict=True):
        found[case][name] = piece.reshape(shape)
    return found


def by_what(row: Row) -> dict[str, list[int]]:
    return {"input": row["input"], **row["parameters"]}


EXPECTED = expected()


def test_no_row_is_dropped() -> None:
    counts = Counter(row["layer"] for row in ROWS)
    assert (len(ROWS), len(counts)) == (510, 19)


def test_the_fixture_stays_small() -> None:
    assert (ORACLE / "torch_gradients_windows.npz").stat().st_size < 300_000


@for_each("row", by_name(ROWS))
def test_gradients_are_pytorchs(row: Row) -> None:
    found = gradients(row)
    assert set(found) == set(by_what(row))
    for name, values in EXPECTED[row["name"]].items():
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], values, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)
