"""Sums, products, joins and pieces against PyTorch: shapes, numbers, multiply-accumulates and refusals."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import numpy as np
import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.layers import Layer, layer_type
from shapecalc.reference import find
from shapecalc.reference.base import Array, Call
from tests.oracle.test_torch_fixtures import ORACLE, Row, Shape, by_name, tuples, written
from tests.support.rows import for_each

FIXTURE = json.loads((ORACLE / "merging.json").read_text(encoding="utf-8"))
ANSWERED: list[Row] = [row for row in FIXTURE["cases"] if "outputs" in row]
REFUSED: list[Row] = [row for row in FIXTURE["cases"] if "error" in row]
FEWER: list[Row] = [row for row in FIXTURE["cases"] if "fewer" in row]
LARGEST_FIXTURE = 150_000

CODES = {
    "The size of tensor a": "SC315",
    "Sizes of tensors must match": "SC315",
    "Tensors must have same number of dimensions": "SC315",
    "Expected size for first two dimensions": "SC315",
    "split_with_sizes expects split_sizes to sum exactly": "SC301",
    "INDICES element is out of DATA bounds": "SC310",
    "Dimension out of range": "SC310",
}


def layer_of(row: Row) -> Layer:
    cls = layer_type(row["layer"])
    assert cls is not None, row["layer"]
    return cls(**{name: tuples(value) for name, value in row["fields"].items()})


def entering(row: Row) -> list[Shape]:
    return [tuple(shape) for shape in row["inputs"]]


def inputs(row: Row) -> list[Array]:
    """The inputs by the rule that the fixture states."""
    fills = FIXTURE["fill"]
    return [
        np.asarray(((a * np.arange(prod(shape)) + b) % 17 - 8) / 8, dtype=np.float32).reshape(shape)
        for shape, (a, b) in ((shape, fills[j % len(fills)]) for j, shape in enumerate(entering(row)))
    ]


def run_kernel(row: Row) -> tuple[tuple[Array, ...], int]:
    call = Call("case", row["layer"], written(layer_of(row)), {}, ("x",), ("y",))
    result: Any = find(row["layer"]).run(call, *inputs(row))
    return result if isinstance(result, tuple) else (result,), call.work.macs


@for_each("row", by_name(ANSWERED))
def test_every_output_has_pytorchs_order_and_shape(row: Row) -> None:
    outputs = layer_of(row).outputs(*entering(row))
    assert list(outputs.values()) == [tuple(shape) for shape in row["outputs"]]
    assert next(iter(outputs.values())) == layer_of(row).output_shape(*entering(row))


@for_each("row", by_name(ANSWERED))
def test_the_kernel_gives_pytorchs_numbers_to_the_last_bit(row: Row) -> None:
    outputs, _ = run_kernel(row)
    for y, shape, values in zip(outputs, row["outputs"], row["values"], strict=True):
        assert y.dtype == np.float32
        np.testing.assert_array_equal(y, np.array(values, dtype=np.float32).reshape(shape))


@for_each("row", by_name(ANSWERED))
def test_macs_are_half_of_pytorchs_flop_counter_by_rule_and_by_run(row: Row) -> None:
    layer = layer_of(row)
    assert layer.macs(*entering(row), layer.output_shape(*entering(row))) == row["macs"]
    assert run_kernel(row)[1] == row["macs"]


@for_each("row", by_name(REFUSED))
def test_what_pytorch_refuses_is_refused_for_the_same_reason(row: Row) -> None:
    expected = next(code for words, code in CODES.items() if words in row["error"])
    if (row["layer"], row["inputs"]) == ("select_channels", [[5]]):
        expected = "SC305"  # a vector has no channels: the rule says so before it asks for one
    with pytest.raises(LayerError) as refused:
        layer_of(row).output_shape(*entering(row))
    assert refused.value.code == expected, refused.value.message


@for_each("row", by_name(REFUSED))
def test_the_kernel_finds_by_itself_what_pytorch_refuses(row: Row) -> None:
    with pytest.raises((ValueError, IndexError)):
        run_kernel(row)


@pytest.mark.parametrize("row", by_name(FEWER))
def test_where_pytorch_gives_fewer_chunks_than_asked_rule_and_kernel_refuse_and_name_the_number(row: Row) -> None:
    with pytest.raises(LayerError) as refused:
        layer_of(row).outputs(*entering(row))
    assert (refused.value.code, refused.value.label) == ("SC304", f"gives {row['fewer']}")
    with pytest.raises(ValueError, match=f"are {row['fewer']}, not {row['fields']['chunks']}"):
        run_kernel(row)


def test_the_fixture_holds_what_it_promises() -> None:
    assert len(ANSWERED) >= 84
    assert len(REFUSED) >= 22
    assert len(FEWER) >= 6
    assert (ORACLE / "merging.json").stat().st_size <= LARGEST_FIXTURE


def test_a_number_off_by_one_bit_is_noticed() -> None:
    row = next(row for row in ANSWERED if row["layer"] == "add")
    (y,), _ = run_kernel(row)
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(np.nextafter(y, np.float32(9)).ravel(), row["values"][0])
