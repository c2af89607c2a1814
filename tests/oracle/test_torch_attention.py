"""Attention, RMS norm and whole transformer blocks against PyTorch: outputs, parameters, multiply-accumulates."""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc.diagnostics import LayerError
from shapecalc.layers import Layer, layer_type
from shapecalc.reference import find
from shapecalc.reference.base import Array, Call
from tests.oracle.test_torch_fixtures import ORACLE, TOLERANCE, Row, Shape, by_name, shapes, tuples, written
from tests.support.rows import for_each

if TYPE_CHECKING:
    from shapecalc import Architecture

FIXTURE = json.loads((ORACLE / "torch_attention.json").read_text(encoding="utf-8"))
VALUES = np.load(ORACLE / "torch_attention.npz")["values"]
FIGURES = json.loads((ORACLE / "oracle.json").read_text(encoding="utf-8"))
BLOCKS = ("encoder_layer", "decoder_layer", "gpt2_block")
CODES = {
    "embed_dim must be divisible": "SC304",
    "is invalid for input of size": "SC314",
    "does not match value shape": "SC314",
    "expecting key weights shape": "SC301",
}

ANSWERED: list[Row] = [row for row in FIXTURE["cases"] if "outputs" in row]
ALONE = [row for row in ANSWERED if row["layer"] not in BLOCKS]
WHOLE = [row for row in ANSWERED if row["layer"] in BLOCKS]
REFUSED: list[Row] = [row for row in FIXTURE["cases"] if "error" in row]
ORACLES = [row for row in FIGURES["embedding_attention"] if row["type"] == "MultiheadAttention"]


def layer_of(row: Row) -> Layer:
    cls = layer_type(row["layer"])
    assert cls is not None
    return cls(**{name: tuples(value) for name, value in row["fields"].items()})


def entering(row: Row) -> list[Shape]:
    return [tuple(shape) for shape in row["inputs"]]


def filled(a: int, b: int, shape: Shape) -> Array:
    return np.asarray(((a * np.arange(prod(shape)) + b) % 17 - 8) / 8).reshape(shape)


def inputs(row: Row) -> list[Array]:
    fills = zip(FIXTURE["fill"]["inputs"], entering(row), strict=False)
    return [filled(a, b, shape).astype(np.float32) for (a, b), shape in fills]


def parameters(row: Row) -> dict[str, Array]:
    a, b = FIXTURE["fill"]["parameters"]
    tensors = enumerate(row["parameters"].items())
    return {name: (filled(a, b + k, tuple(shape)) / 4).astype(np.float32) for k, (name, shape) in tensors}


def expected() -> dict[str, dict[str, Array]]:
    sizes = [prod(shape) for row in ANSWERED for shape in row["outputs"].values()]
    assert sum(sizes) == VALUES.size
    flat = iter(np.split(VALUES, np.cumsum(sizes)[:-1]))
    return {row["name"]: {key: next(flat).reshape(shape) for key, shape in row["outputs"].items()} for row in ANSWERED}


EXPECTED = expected()


def test_no_row_is_dropped() -> None:
    assert (len(ALONE), len(WHOLE), len(REFUSED), len(ORACLES)) == (246, 51, 5, 6)


@for_each("row", by_name(ALONE))
def test_a_layer_has_pytorchs_shapes_parameters_and_macs(row: Row) -> None:
    layer, x = layer_of(row), entering(row)
    outputs = layer.outputs(*x)
    assert list(outputs.items()) == list(shapes(row["outputs"]).items())
    assert list(layer.parameters(*x).items()) == list(shapes(row["parameters"]).items())
    assert layer.macs(*x, outputs["output"]) == row["macs"]
    assert sum(layer.macs_parts(*x, outputs["output"]).values()) == row["macs"]


@for_each("row", by_name(ALONE))
def test_its_kernel_gives_pytorchs_numbers_and_does_as_many_macs(row: Row) -> None:
    layer = layer_of(row)
    names = tuple(layer.outputs(*entering(row)))
    call = Call("case", row["layer"], written(layer), parameters(row), ("input",), names)
    result = find(row["layer"]).run(call, *inputs(row))
    outputs = dict(zip(names, result if isinstance(result, tuple) else (result,), strict=True))
    assert call.work.macs == row["macs"]
    for name, values in EXPECTED[row["name"]].items():
        assert outputs[name].dtype == np.float32
        np.testing.assert_allclose(outputs[name], values, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("row", by_name(REFUSED))
def test_what_pytorch_refuses_is_refused_for_the_same_reason(row: Row) -> None:
    code = next(code for words, code in CODES.items() if words in row["error"])
    with pytest.raises(LayerError) as refused:
        layer_of(row).output_shape(*entering(row))
    assert refused.value.code == code


@pytest.mark.parametrize("row", ORACLES, ids=lambda row: str(row["args"]))
def test_a_row_of_the_oracle_has_these_figures(row: Row) -> None:
    cls = layer_type("multihead_attention")
    assert cls is not None
    layer = cls(**row["args"], need_weights=True)
    x = entering({"inputs": row["input"]})
    outputs = layer.outputs(*x)
    assert outputs == {"output": tuple(row["output"]), "weights": tuple(row["weights"])}
    assert sum(map(prod, layer.parameters(*x).values())) == row["params"]  # type: ignore[arg-type]
    assert layer.macs(*x, outputs["output"]) == row["macs"]
    parts = layer.macs_parts(*x, outputs["output"])
    assert parts["QKᵀ"] + parts["AV"] == row["macs_by_op"]["bmm"]


def test_the_values_of_the_oracle_come_out() -> None:
    (row,) = (row for row in FIGURES["values"] if row["op"] == "MultiheadAttention")
    cls: Any = layer_type("multihead_attention")
    layer = cls(**row["args"], need_weights=True)
    shape, a, b = row["inputs"]["q = k = v"]
    x = filled(a, b, tuple(shape))
    tensors = {name: filled(7, 3 + k, shape) / 2 for k, (name, shape) in enumerate(layer.parameters(x.shape).items())}
    assert list(tensors) == row["inputs"]["order"]
    names = ("output", "weights")
    result = find("multihead_attention").run(
        Call("case", "multihead_attention", written(layer), tensors, ("x",), names), x
    )
    for values, figures in zip(result, (row, row["weights"]), strict=True):
        np.testing.assert_allclose(values, np.reshape(figures["values"], figures["shape"]), rtol=1e-8, atol=1e-9)


def attention(name: str, fields: Row, *, causal: bool = False, over: str = "") -> str:
    causal_field = ", is_causal: true" if causal else ""
    first = str(fields.get("batch_first", True)).lower()
    step = f"multihead_attention: {{num_heads: {fields.get('nhead') or fields['num_heads']}, batch_first: {first}"
    return f"{{{step}{causal_field}}}, name: {name}{f', from: [{over}]' if over else ''}}}"


def sublayer(name: str, norm: str, steps: str, *, norm_first: bool) -> list[str]:
    """A sum with what entered, normalised before it or after."""
    before = [f"      - {{layer_norm: , name: {norm}}}"] if norm_first else []
    after = [] if norm_first else [f"  - {{layer_norm: , name: {norm}}}"]
    inside = [*before, *(f"      - {step}" for step in steps.splitlines())]
    return [
        "  - add:",
        "      main:",
        *[f"  {line}" for line in inside],
        "      shortcut: []",
        f"    name: {name}",
        *after,
    ]


def network(row: Row) -> Architecture:
    """A block written in the format, with steps named as in PyTorch."""
    fields = row["fields"]
    if row["layer"] == "gpt2_block":
        feed = "{linear: 32, name: c_fc}\ngelu: {approximate: tanh}\n{linear: 8, name: c_proj}"
        lines = sublayer("b", "ln_1", attention("attn", fields, causal=True), norm_first=True)
        lines += sublayer("m", "ln_2", feed, norm_first=True)
    else:
        norm_first = fields["norm_first"]
        feed = f"{{linear: 12, name: linear1}}\n{fields['activation']}\n{{linear: 8, name: linear2}}"
        causal = row["layer"] == "decoder_layer"
        lines = sublayer("b", "norm1", attention("self_attn", fields, causal=causal), norm_first=norm_first)
        if causal:
            over = attention("multihead_attn", fields, over=f"{'norm2' if norm_first else 'norm1'}, memory")
            lines += sublayer("m", "norm2", over, norm_first=norm_first)
        lines += sublayer("f", "norm3" if causal else "norm2", feed, norm_first=norm_first)
    names = ["x", "memory"][: len(row["inputs"])]
    entries = ", ".join(f"{name}: {shape}" for name, shape in zip(names, row["inputs"], strict=True))
    start = "  - {identity: , name: a, from: x}"
    return shapecalc.loads(f"inputs: {{{entries}}}\nlayers:\n" + "\n".join([start, *lines]))


def ours(path: str) -> str:
    """A tensor's name without the sums and branches that it stands in."""
    return ".".join(part for part in path.split(".") if part not in ("b", "m", "f", "main"))


@for_each("row", by_name(WHOLE))
def test_a_block_in_the_format_is_pytorchs_block(row: Row) -> None:
    architecture = network(row)
    report = shapecalc.inspect(architecture)
    assert report.totals.macs == row["macs"]
    tensors = {
        f"{layer.path}.{name}": shape for layer in report.layers for name, shape in layer.facts.parameters.items()
    }
    assert {ours(path): list(shape) for path, shape in tensors.items()} == row["parameters"]
    filled_ones = parameters(row)
    arrays = dict(zip(report.architecture.inputs and [entry.name for entry in report.inputs], inputs(row), strict=True))
    values = shapecalc.run(architecture, arrays, params={path: filled_ones[ours(path)] for path in tensors})
    np.testing.assert_allclose(values["output"], EXPECTED[row["name"]]["output"], rtol=TOLERANCE, atol=TOLERANCE)
