"""Every layer against PyTorch: shapes, parameters, multiply-accumulates, numbers and refusals of tests/oracle."""

from __future__ import annotations

import dataclasses
import json
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapecalc.diagnostics import LayerError, Source, Span
from shapecalc.layers import Layer, layer_type, layer_types
from shapecalc.parser.grammar import parse
from shapecalc.reference import find
from shapecalc.reference.base import Array, Call
from tests.oracle.torch_cases import layers_asked
from tests.support.rows import for_each

ORACLE = Path(__file__).parent
FIXTURE = json.loads((ORACLE / "torch_layers.json").read_text(encoding="utf-8"))
VALUES = np.load(ORACLE / "torch_layers.npz")["values"]
NOT_PYTORCHS = {"rbf", "positional_encoding", "class_token", "opaque"}
NOT_PYTORCHS |= {"parameter", "buffer", "constant"}  # tensors, not operations: torch_tensors.json
BLOCKS = {"encoder_layer", "decoder_layer", "gpt2_block"}
"""What is no layer of the format, but a few of them."""
"""Layers that PyTorch has not: held by hand in tests/reference."""
TOLERANCE = 1e-5
LARGEST_FIXTURES = 1_500_000

Row = dict[str, Any]
Shape = tuple[int, ...]

ANSWERED: list[Row] = [row for row in FIXTURE["cases"] if "output" in row]
REFUSED: list[Row] = [row for row in FIXTURE["cases"] if "error" in row and "alone" not in row]
REFUSED_BY_ONE_KERNEL: list[Row] = [row for row in FIXTURE["cases"] if "alone" in row]
REFUSED_BY_THE_FORMAT: list[Row] = [row for row in FIXTURE["cases"] if "ours" in row]

# What PyTorch says and the codes that say the same here; a draw may break several rules at once.
CODES: tuple[tuple[str, set[str]], ...] = (
    ("Kernel size can't be greater than actual input size", {"SC302"}),
    ("Output size is too small", {"SC302"}),
    ("Invalid computed output size", {"SC302"}),
    ("gives the empty shape", {"SC302"}),
    ("could not construct a memory descriptor", {"SC302"}),
    ("Padding size should be less than the corresponding input dimension", {"SC302"}),
    ("wrapping around more than once", {"SC302"}),
    ("output (W: 0)", {"SC302"}),
    ("half of kernel size", {"SC306", "SC302"}),
    ("half of effective kernel size", {"SC306", "SC302"}),
    ("output padding must be smaller", {"SC308", "SC302"}),
    ("Padding length", {"SC204"}),
    ("must be divisible by", {"SC304"}),
    ("divisible by num_groups", {"SC301"}),
    ("channels instead", {"SC301"}),
    ("running_mean should contain", {"SC301"}),
    ("to match num_features", {"SC301"}),
    ("Given normalized_shape", {"SC301"}),
    ("shapes cannot be multiplied", {"SC301"}),
    ("Expected more than 1", {"SC302", "SC305"}),
    ("to match the convolution dimensions", {"SC204"}),
    ("or a tuple of two ints", {"SC204"}),
    ("output_size must be 2", {"SC204"}),
    ("output_size.size() must be 2", {"SC204"}),
    ("non-positive stride", {"SC201"}),
    ("divisor must be not zero", {"SC201"}),
    ("Expected 3D or higher", {"SC305"}),
    ("is invalid for input of size", {"SC307"}),
    ("only one dimension can be inferred", {"SC205"}),
    ("number of dimensions in the tensor input does not match", {"SC204"}),
    ("duplicate dims", {"SC205", "SC310"}),
    ("Dimension out of range", {"SC310"}),
    ("start_dim cannot come after end_dim", {"SC205", "SC310"}),
    ("either size or scale_factor", {"SC205"}),
    ("only one of size or scale_factor", {"SC205"}),
    ("mode needs", {"SC305", "SC205"}),
    ("align_corners option can only be set", {"SC205"}),
    ("must have the same number of spatial dimensions", {"SC204"}),
)


def by_name(rows: list[Row]) -> list[Any]:
    return [pytest.param(row, id=row["name"]) for row in rows]


def tuples(value: Any) -> Any:
    return tuple(tuples(entry) for entry in value) if isinstance(value, list) else value


def layer_of(row: Row) -> Layer:
    cls = layer_type(row["layer"])
    assert cls is not None, row["layer"]
    return cls(**{name: tuples(value) for name, value in row["fields"].items()})


def written(layer: Any) -> Row:
    """Every field of a layer as it was written, which is what a kernel is handed."""
    return {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}


def file_of(row: Row) -> Source:
    """A file with the row's layer alone; JSON is YAML."""
    return Source("net.yaml", f"input: {row['input']}\nlayers:\n  - {row['layer']}: {json.dumps(row['fields'])}\n")


def shapes(tensors: dict[str, list[int]]) -> dict[str, Shape]:
    return {name: tuple(shape) for name, shape in tensors.items()}


def filled(name: str, shape: Shape, scale: float = 1.0) -> Array:
    a, b = FIXTURE["fill"][name]
    cells = (((a * np.arange(prod(shape)) + b) % 17 - 8) / 8).reshape(shape)
    if name == "running_var":
        cells = 1 + cells**2
    return np.asarray(cells * scale, dtype=np.float32)


def run_kernel(row: Row) -> tuple[Array, int]:
    """What the kernel of a row's layer gives, and the multiply-accumulates it did."""
    layer = layer_of(row)
    shape = tuple(row["input"])
    tensors: dict[str, Any] = {**layer.parameters(shape), **layer.buffers(shape)}
    call = Call(
        path="case",
        kernel=row["layer"],
        fields=written(layer),
        parameters={name: filled(name, tensor) for name, tensor in tensors.items()},
        inputs=("input",),
        outputs=("output",),
    )
    y = find(row["layer"]).run(call, filled("input", shape, row.get("scale", 1.0)))
    assert isinstance(y, np.ndarray)
    return y, call.work.macs


def expected_values() -> dict[str, Array]:
    ends = np.cumsum([prod(row["output"]) for row in ANSWERED])
    assert ends[-1] == VALUES.size
    flat = np.split(VALUES, ends[:-1])
    return {row["name"]: cells.reshape(row["output"]) for row, cells in zip(ANSWERED, flat, strict=True)}


EXPECTED = expected_values()


@for_each("row", by_name(ANSWERED))
def test_the_output_shape_is_pytorchs(row: Row) -> None:
    assert layer_of(row).output_shape(tuple(row["input"])) == tuple(row["output"])


@for_each("row", by_name(ANSWERED))
def test_parameters_have_pytorchs_names_shapes_and_count(row: Row) -> None:
    parameters = layer_of(row).parameters(tuple(row["input"]))
    assert parameters == shapes(row["parameters"])
    assert sum(prod(shape) for shape in parameters.values()) == row["params"]


@for_each("row", by_name(ANSWERED))
def test_buffers_have_pytorchs_names_shapes_and_count(row: Row) -> None:
    buffers = layer_of(row).buffers(tuple(row["input"]))
    assert buffers == shapes(row["buffers"])
    assert sum(prod(shape) for shape in buffers.values()) == row["buffer_count"]


@for_each("row", by_name(ANSWERED))
def test_macs_are_half_of_pytorchs_flop_counter(row: Row) -> None:
    assert layer_of(row).macs(tuple(row["input"]), tuple(row["output"])) == row["macs"]


@for_each("row", by_name(ANSWERED))
def test_the_kernel_gives_pytorchs_numbers(row: Row) -> None:
    y, _ = run_kernel(row)
    assert y.dtype == np.float32
    assert y.shape == tuple(row["output"])
    np.testing.assert_allclose(y, EXPECTED[row["name"]], rtol=TOLERANCE, atol=TOLERANCE)


@for_each("row", by_name(ANSWERED))
def test_the_kernel_does_as_many_macs_as_pytorch_counts(row: Row) -> None:
    _, macs = run_kernel(row)
    assert macs == row["macs"]


@for_each("row", by_name(REFUSED))
def test_what_pytorch_refuses_is_refused_for_the_same_reason(row: Row) -> None:
    codes = next(codes for words, codes in CODES if words in row["error"])
    with pytest.raises(LayerError) as refused:
        layer_of(row).output_shape(tuple(row["input"]))
    assert refused.value.code in codes, refused.value.message


@pytest.mark.parametrize("row", by_name(REFUSED_BY_ONE_KERNEL))
def test_what_one_pytorch_kernel_alone_refuses_is_taken(row: Row) -> None:
    layer_of(row).output_shape(tuple(row["input"]))


@pytest.mark.parametrize("row", by_name(REFUSED_BY_THE_FORMAT))
def test_what_only_the_format_refuses_is_refused_at_its_place(row: Row) -> None:
    _, findings, _ = parse(file_of(row))
    assert [(found.code, found.span) for found in findings] == [("SC201", Span(1, 9, 1, 10))]


@for_each("row", by_name(ANSWERED))
def test_a_file_says_the_same_fields(row: Row) -> None:
    architecture, findings, _ = parse(file_of(row))
    assert findings == ()
    assert architecture is not None
    assert [step.layer for step in architecture.steps] == [layer_of(row)]


def test_every_layer_type_has_cases_in_some_fixture_and_every_case_a_layer_type() -> None:
    names = ("torch_recurrent.json", "torch_moving.json", "merging.json", "torch_attention.json")
    others = [json.loads((ORACLE / name).read_text(encoding="utf-8")) for name in names]
    answered = [*ANSWERED, *(row for fixture in others for row in fixture["cases"] if {"output", "outputs"} & set(row))]
    asked = {row["layer"] for row in answered} | layers_asked()
    assert asked - BLOCKS == set(layer_types()) - NOT_PYTORCHS


def test_the_fixtures_hold_what_they_promise() -> None:
    assert len(ANSWERED) >= 799
    assert len(REFUSED) >= 112
    sizes = [path.stat().st_size for path in ORACLE.glob("torch_layers.*")]
    assert len(sizes) == 2
    assert sum(sizes) <= LARGEST_FIXTURES


def test_a_number_off_by_more_than_the_tolerance_is_noticed() -> None:
    row = next(row for row in ANSWERED if row["layer"] == "conv")
    y, _ = run_kernel(row)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(y + np.float32(1e-3), EXPECTED[row["name"]], rtol=TOLERANCE, atol=TOLERANCE)
