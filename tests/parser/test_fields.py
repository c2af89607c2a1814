"""The fields of a layer: their notations, their spans, and what is wrong with each."""

from __future__ import annotations

from math import inf

import pytest

from shapecalc.checking.fix import fix_text
from shapecalc.diagnostics import Source
from shapecalc.layers import layer_type
from shapecalc.layers.conv import Conv
from shapecalc.layers.linear import Linear
from shapecalc.layers.padding import Pad
from shapecalc.layers.pooling import MaxPool
from shapecalc.parser.fields import example
from shapecalc.parser.grammar import parse
from tests.support.networks import findings, found, layers, read


def test_a_lone_value_fills_the_main_field() -> None:
    assert read(layers("max_pool: 2")).steps[0].layer == MaxPool(kernel_size=2)


def test_a_lone_list_fills_the_main_field() -> None:
    assert read(layers("max_pool: [2, 3]")).steps[0].layer == MaxPool(kernel_size=(2, 3))


def test_fields_are_taken_as_written() -> None:
    step = read(layers("conv: {out_channels: 6, kernel_size: [5, 3], padding: [[0, 1], [2, 3]], bias: false}")).steps[0]
    assert step.layer == Conv(out_channels=6, kernel_size=(5, 3), padding=((0, 1), (2, 3)), bias=False)


def test_spans_lead_to_the_type_and_to_each_entry() -> None:
    spans = read(layers("conv: {out_channels: 6, kernel_size: [5, 3]}")).steps[0].spans
    assert spans is not None
    assert (spans.type.line, spans.type.column, spans.type.end_column) == (3, 5, 9)
    columns = {name: (span.column, span.end_column) for name, span in spans.fields.items()}
    assert columns == {
        ("out_channels",): (26, 27),
        ("kernel_size",): (42, 48),
        ("kernel_size", 0): (43, 44),
        ("kernel_size", 1): (46, 47),
    }


def test_equal_layers_are_one_object() -> None:
    first, second = read(
        layers("conv: {out_channels: 6, kernel_size: 1}", "conv: {out_channels: 6, kernel_size: 1}")
    ).steps
    assert first.layer is second.layer


def test_values_that_python_holds_equal_are_told_apart() -> None:
    one, true = "conv: {out_channels: 1, kernel_size: 1}", "conv: {out_channels: true, kernel_size: 1}"
    assert found(layers(one, true, one, "conv: {out_channels: 1.0, kernel_size: 1}")) == [
        ("SC202", "true"),
        ("SC202", "1.0"),
    ]


def test_every_wrong_field_of_a_layer_is_reported() -> None:
    text = layers("conv: {out_channels: '6', kernel_size: [5, 0], bias: no}")
    assert found(text) == [("SC202", "'6'"), ("SC201", "0"), ("SC202", "no")]


def test_fields_are_checked_although_another_is_missing() -> None:
    assert found(layers("conv: {kernel_size: 0}")) == [("SC201", "0")]


def test_a_misspelt_field_is_read_as_the_near_word() -> None:
    text = layers("conv: {out_channels: 6, kernal_size: 33}")
    assert found(text) == [("SC102", "kernal_size"), ("SC302", "33")]


def test_a_field_that_is_there_wins_over_a_misspelt_one() -> None:
    text = layers("conv: {out_channels: 6, kernel_sise: 33, kernel_size: 5}")
    assert found(text) == [("SC102", "kernel_sise")]


@pytest.mark.parametrize(
    ("layer", "field", "meant"),
    [
        ("conv", "filters", "out_channels"),
        ("conv", "kernel", "kernel_size"),
        ("conv", "kernal", "kernel_size"),  # another framework's word, misspelt
        ("conv", "strides", "stride"),
        ("linear", "units", "out_features"),
        ("dropout", "rate", "p"),
        ("conv", "activation", None),
        ("relu", "slope", None),
    ],
)
def test_a_field_of_another_framework_is_recognised(layer: str, field: str, meant: str | None) -> None:
    (finding, *_) = findings(layers(f"{layer}: {{{field}: 1}}"))
    assert finding.code == "SC102"
    assert (finding.fix.replacement if finding.fix else None) == meant


def test_a_linear_layer_after_a_mistake_keeps_its_fields() -> None:
    architecture, noted, _ = parse(Source("net.yaml", layers("linear: {out_features: 5, hello_world: 3}")))
    assert [finding.code for finding in noted] == ["SC102"]
    assert architecture is not None
    assert architecture.steps[0].layer == Linear(out_features=5)


def test_null_is_a_value_only_of_fields_that_may_be_left_out() -> None:
    assert found(layers("linear: {out_features: 0, in_features: null}")) == [("SC201", "0")]
    assert found(layers("linear: {out_features: null, in_features: null}")) == [("SC202", "null")]


@pytest.mark.parametrize(
    ("step", "code", "message"),
    [
        ("conv: 64", "SC202", "`conv` expects its fields by name, receives 64"),
        ("relu: 2", "SC202", "`relu` has no field, receives 2"),
        ("conv: {kernel_size: 3}", "SC106", "`conv` expects `out_channels`, receives none"),
        ("conv", "SC106", "`conv` expects `out_channels` and `kernel_size`, receives none"),
    ],
)
def test_fields_that_are_missing_or_unnamed_are_refused(step: str, code: str, message: str) -> None:
    (finding,) = findings(layers(step))
    assert (finding.code, finding.message) == (code, message)


@pytest.mark.parametrize(
    ("type_", "written"),
    [
        ("relu", "relu"),
        ("max_pool", "max_pool: …"),
        ("group_norm", "group_norm: …"),
        ("select", "select: {dim: …, index: …}"),
    ],
)
def test_an_example_has_the_fields_that_a_layer_must_have(type_: str, written: str) -> None:
    cls = layer_type(type_)
    assert cls is not None
    assert example(cls) == written


PADDED = "input: [1, 3, 8, 8]\nlayers:\n"


@pytest.mark.parametrize(("text", "value"), [("-.inf", -inf), (".inf", inf), ("-.INF", -inf), ("-3", -3)])
def test_padding_may_be_infinite(text: str, value: float) -> None:
    (step,) = read(layers(f"pad: {{padding: 1, value: {text}}}")).steps
    assert step.layer == Pad(padding=1, value=value)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param("  - pad: {padding: 1, value: .nan}\n", id="not a number"),
        pytest.param("  - pad: {padding: .inf}\n", id="another field"),
        pytest.param("  - pad: {padding: 1, value: 1e999}\n", id="too large for a float"),
        pytest.param("  - pad: {padding: 1, value: &v -.inf}\n  - leaky_relu: *v\n", id="an alias in another layer"),
        pytest.param("  - leaky_relu: &v -.inf\n  - pad: {padding: 1, value: *v}\n", id="an alias of another layer's"),
        pytest.param("  - leaky_relu: -.inf\n  - pad: {padding: 1, value: -.inf}\n", id="one of two"),
    ],
)
def test_other_numbers_that_are_not_finite_are_refused(steps: str) -> None:
    assert [finding.code for finding in findings(PADDED + steps)] == ["SC025"]


def test_a_field_that_is_missing_next_to_an_infinity_is_named() -> None:
    assert [finding.code for finding in findings(PADDED + "  - pad: {value: -.inf}\n")] == ["SC106"]


@pytest.mark.parametrize(
    ("step", "after"),
    [
        ("relu: {inplace: true}", "relu"),
        ("relu: {inplace: true}  # why", "relu  # why"),
        ("relu: {inplace: true}\n    name: first", "relu: \n    name: first"),
        ("{relu: {inplace: true}, name: first}", "{relu: , name: first}"),
        ("leaky_relu: {negative_slope: 0.2, inplace: True}", "leaky_relu: {negative_slope: 0.2}"),
        ("leaky_relu: {inplace: True, negative_slope: 0.2}", "leaky_relu: {negative_slope: 0.2}"),
        ("dropout: {p: 0.2, inplace: , }", "dropout: {p: 0.2, }"),
        ("relu:\n      inplace: true", None),
        ("leaky_relu:\n      negative_slope: 0.2\n      inplace: true", None),
        ("leaky_relu: {negative_slope: 0.2,\n      inplace: true}", None),
    ],
)
def test_in_place_is_removed_where_it_stands_in_braces(step: str, after: str | None) -> None:
    found = fix_text(Source("net.yaml", layers(step)))
    assert found.source.text == layers(step if after is None else after)
    assert [finding.help for finding in found.remaining] == (
        ["it has no meaning here: leave it out"] if after is None else []
    )


@pytest.mark.parametrize(
    ("activation", "help_text"),
    [
        ("relu", "put `- relu` as the next step"),
        ("ReLU", "put `- relu` as the next step"),
        ("nn.GELU", "put `- gelu` as the next step"),
        ("softmax", "put `- softmax` as the next step"),
        ("linear", "leave it out"),
        ("null", "leave it out"),
        ("selu", "put `- selu` as the next step"),
        ("conv", "put the activation as the next step, such as `- relu`"),
        ("{type: relu}", "put the activation as the next step, such as `- relu`"),
    ],
)
def test_an_activation_in_a_layer_is_a_step(activation: str, help_text: str) -> None:
    inside = f"linear: {{out_features: 5, activation: {activation}}}"
    beside = f"linear: 5\n    activation: {activation}"
    for step in (inside, beside):
        (finding,) = findings(layers(step))
        assert (finding.code, finding.help) == ("SC102", help_text)


@pytest.mark.parametrize(
    "field", ["kernel_initializer", "bias_regularizer", "weight_filler", "dtype", "device", "name"]
)
def test_what_changes_no_shape_is_left_out_and_the_rest_checked(field: str) -> None:
    text = layers(f"conv: {{out_channels: 5, kernel_size: 1, {field}: x}}", "batch_norm: {num_features: 6}")
    first, second = findings(text)
    assert (first.code, second.code) == ("SC102", "SC301")
    assert first.fix is None


@pytest.mark.parametrize("field", ["kernel_w: 2", "data_format: channels_last", "kernel_h: 3", "pads: [0, 1]"])
def test_of_a_field_that_may_change_the_shape_nothing_follows(field: str) -> None:
    text = layers(f"conv: {{out_channels: 5, kernel_size: 1, {field}}}", "batch_norm: {num_features: 6}")
    assert [finding.code for finding in findings(text)] == ["SC102"]
