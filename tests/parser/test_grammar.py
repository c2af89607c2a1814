"""What the format means, and how reading goes on after a mistake; `tests/cases/` has what is said of each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.diagnostics.limits import Limits
from shapecalc.dims import symbol
from shapecalc.files.load import loads
from shapecalc.layers.activation import Relu
from shapecalc.layers.conv import Conv
from shapecalc.layers.linear import Linear
from shapecalc.layers.pooling import MaxPool
from shapecalc.parser.grammar import parse
from shapecalc.shape_inference.engine import inspect

if TYPE_CHECKING:
    from shapecalc.architecture import Architecture

HEAD = "input: [N, 3, 32, 32]\n"


def read(text: str) -> Architecture:
    architecture, findings, _ = parse(Source("net.yaml", text))
    assert findings == ()
    assert architecture is not None
    return architecture


def layers(*steps: str) -> str:
    return HEAD + "layers:\n" + "".join(f"  - {step}\n" for step in steps)


def findings(text: str) -> tuple[Diagnostic, ...]:
    """Everything that `inspect` would say of a file."""
    with pytest.raises(ShapecalcError) as caught:
        inspect(loads(text))
    return caught.value.diagnostics


def found(text: str) -> list[tuple[str, str]]:
    """Codes with the text that each points to."""
    return [(finding.code, quoted(text, finding)) for finding in findings(text)]


def quoted(text: str, finding: Diagnostic) -> str:
    lines, span = text.split("\n"), finding.span
    assert span is not None
    assert span.line == span.end_line
    return lines[span.line - 1][span.column - 1 : span.end_column - 1]


# -- what the format means --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["relu", "relu:", "relu: {}", "relu: null", "{relu: {}}", "{relu: }"])
def test_a_layer_alone_is_written_in_any_of_these_ways(step: str) -> None:
    assert read(layers(step)).steps[0].layer == Relu()


def test_a_lone_value_fills_the_main_field() -> None:
    assert read(layers("max_pool: 2")).steps[0].layer == MaxPool(kernel_size=2)


def test_a_lone_list_fills_the_main_field() -> None:
    assert read(layers("max_pool: [2, 3]")).steps[0].layer == MaxPool(kernel_size=(2, 3))


def test_fields_are_taken_as_written() -> None:
    step = read(layers("conv: {out_channels: 6, kernel_size: [5, 3], padding: [[0, 1], [2, 3]], bias: false}")).steps[0]
    assert step.layer == Conv(out_channels=6, kernel_size=(5, 3), padding=((0, 1), (2, 3)), bias=False)


def test_steps_read_one_another_in_order() -> None:
    steps = read(layers("{relu: {}, name: a}", "tanh", "{relu: {}, name: c.0}")).steps
    assert [(step.path, step.inputs) for step in steps] == [("a", ("input",)), ("tanh_1", ("a",)), ("c.0", ("tanh_1",))]


def test_a_step_without_a_name_is_called_after_its_layer_and_position() -> None:
    assert [step.path for step in read(layers("relu", "relu")).steps] == ["relu_0", "relu_1"]


def test_the_last_step_is_what_leaves() -> None:
    assert read(layers("relu", "{tanh: {}, name: end}")).outputs == {"output": "end"}


def test_symbols_and_numbers_make_the_input() -> None:
    assert read("input: [N, 3, H, 32]\nlayers: [relu]").inputs[0].shape == (symbol("N"), 3, symbol("H"), 32)


def test_a_file_without_a_name_is_called_after_itself() -> None:
    assert read(layers("relu")).name == "net.yaml"


@pytest.mark.parametrize(
    ("written", "name"),
    [("LeNet-5", "LeNet-5"), ("1998", "1998"), ('"Caf\\u00e9"', "Café"), ("'it''s'", "it's"), ("1.50", "1.50")],
)
def test_a_name_is_the_text_that_its_quotes_hold(written: str, name: str) -> None:
    assert read(f"name: {written}\n" + layers("relu")).name == name


def test_expectations_stand_in_the_file_and_in_a_step() -> None:
    text = layers("{relu: {}, expect: {output: [N, 3, 32, 32]}}") + "expect: {params: 0, flops: 3072}\n"
    architecture = read(text)
    assert [(line.key, line.value) for line in architecture.expect] == [("params", 0), ("flops", 3072)]
    assert architecture.steps[0].expect[0].value == (symbol("N"), 3, 32, 32)


def test_sizes_give_symbols_their_usual_values() -> None:
    assert read("input: [N, H]\nsizes: {H: 224}\nlayers: [relu]").sizes == {"H": 224}


def test_spans_lead_to_the_word_and_to_each_entry() -> None:
    place = read(layers("conv: {out_channels: 6, kernel_size: [5, 3]}")).steps[0].place
    assert place is not None
    assert (place.word.line, place.word.column, place.word.end_column) == (3, 5, 9)
    columns = {name: (span.column, span.end_column) for name, span in place.fields.items()}
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


# -- one cause, one error ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (layers("rleu", "tanh"), [("SC101", "rleu")]),
        (layers("banana", "conv: {out_channels: 6, kernel_size: 99}"), [("SC101", "banana")]),
        (layers("conv: {out_channels: 6, kernal_size: 5}"), [("SC102", "kernal_size")]),
        (
            layers("conv: {out_channels: 6}", "flatten", "linear: {out_features: 1, in_features: 7}"),
            [("SC106", "conv")],
        ),
        (layers("conv: {out_channels: 6, kernel_size: 5, padding: -1}", "max_pool: 99"), [("SC201", "-1")]),
        (layers("conv: {out_channels: 6, kernel_size: 33}", "max_pool: 99", "max_pool: 99"), [("SC302", "33")]),
        (layers("conv:\n    out_channels: 6\n    kernel_size: 5"), [("SC102", "out_channels")]),
        (layers("conv: {out_channels: 6, kernel_size:5}"), [("SC003", "kernel_size:5")]),
        (layers("conv: *stem"), [("SC015", "*stem")]),
        (layers("conv: {out_channels: 6, kernel_size: 1:30}"), [("SC024", "1:30")]),
        (layers("conv: 64"), [("SC202", "64")]),
        (HEAD + "layer: [relu]\n", [("SC102", "layer")]),
        (HEAD + "decode: [relu_0]\nlayers: [relu]\n", [("SC202", "[relu_0]")]),
        ("inputs: {a: [N, 0]}\nlayers: [relu, {tanh: , from: a}]\n", [("SC201", "0")]),
        (HEAD + "blocks: {basic: 3}\nlayers: [basic, max_pool: 99, {relu: , from: basic_0}]\n", [("SC202", "3")]),
        (
            HEAD + "blocks: {basic: {parameters: [k], layers: [max_pool: $k]}}\nlayers: [basic: 33, basic: 33]\n",
            [("SC302", "$k")],
        ),
        (layers("{relu: {}, repeat: 0}", "max_pool: 99"), [("SC201", "0")]),
        (layers("{relu: {}, name: input}", "max_pool: 99"), [("SC103", "input"), ("SC302", "99")]),
        (HEAD + "include: common.yaml\nlayers: [basic, basic: 3]\n", [("SC115", "common.yaml")]),
        (layers("conv: &c {out_channels: 0, kernel_size: 5}", "conv: *c", "conv: *c"), [("SC201", "0")]),
        ("input: [N, 0]\nlayers: [max_pool: 2]\n", [("SC201", "0")]),
        ("input: [N, 3]\nsizes: {W: 3}\nlayers: [relu]\n", [("SC102", "W")]),
        (HEAD + "layers:\n  conv: {out_channels: 6, kernel_size: 5}\n  relu:\n", [("SC107", "conv")]),
    ],
    ids=lambda value: None if isinstance(value, str) else " ".join(code for code, _ in value),
)
def test_one_cause_is_one_error(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


# -- several mistakes in one run --------------------------------------------------------------------------------------


def test_three_independent_mistakes_of_three_rooms_are_reported_together() -> None:
    text = "name: net\ninput: [N, 3, 32, 32]\ninput: 3\nlayers:\n  - convv: {out_channels: 6, kernel_size: 33}\n"
    assert found(text) == [("SC020", "input"), ("SC101", "convv"), ("SC302", "33")]


def test_every_wrong_field_of_a_layer_is_reported() -> None:
    text = layers("conv: {out_channels: '6', kernel_size: [5, 0], bias: no}")
    assert found(text) == [("SC202", "'6'"), ("SC201", "0"), ("SC202", "no")]


def test_fields_are_checked_although_another_is_missing() -> None:
    assert found(layers("conv: {kernel_size: 0}")) == [("SC201", "0")]


def test_fields_that_stand_beside_their_layer_are_read_all_the_same() -> None:
    text = layers("conv:\n    out_channels: 6\n    kernel_size: 33\n    name: c1")
    assert found(text) == [("SC102", "out_channels"), ("SC302", "33")]


def test_a_layer_known_by_another_name_is_read_as_the_one_it_means() -> None:
    text = layers("Conv2D: {filters: 6, kernel_size: 5}", "batch_norm: {num_features: 16}")
    assert found(text) == [("SC101", "Conv2D"), ("SC102", "filters"), ("SC301", "16")]


def test_a_misspelt_field_is_read_as_the_near_word() -> None:
    text = layers("conv: {out_channels: 6, kernal_size: 33}")
    assert found(text) == [("SC102", "kernal_size"), ("SC302", "33")]


def test_a_field_that_is_there_wins_over_a_misspelt_one() -> None:
    text = layers("conv: {out_channels: 6, kernel_sise: 33, kernel_size: 5}")
    assert found(text) == [("SC102", "kernel_sise")]


def test_a_stated_size_that_is_wrong_does_not_hide_what_follows() -> None:
    text = layers("conv: {in_channels: 1, out_channels: 6, kernel_size: 5}", "batch_norm: {num_features: 7}")
    assert found(text) == [("SC301", "1"), ("SC301", "7")]


def test_steps_after_a_broken_one_are_checked_for_what_they_say_themselves() -> None:
    text = layers("banana", "max_pool: 99", "linear: 0", "{relu: {}, name: a b}")
    assert found(text) == [("SC101", "banana"), ("SC201", "0"), ("SC110", "a b")]


def test_mistakes_come_in_the_order_of_the_file() -> None:
    text = "expect: {param: 1}\nlayers: [rleu]\nsizes: {Q: 1}\ninput: [N, 3]\n"
    assert found(text) == [("SC102", "param"), ("SC101", "rleu"), ("SC102", "Q")]


def test_a_file_of_mistakes_is_given_up_after_fifty() -> None:
    assert len(findings(layers(*["banana"] * 5000))) == 50


# -- suggestions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Conv2D", "conv"),
        ("Dense", "linear"),
        ("convv", "conv"),
        ("MaxPooling2D", "max_pool"),
        ("BatchNorm2d", "batch_norm"),
        ("Convolutoin", "conv"),  # a foreign name, misspelt
        ("ReLU", "relu"),
        ("SimpleRNN", "rnn"),
        ("LSTM", "lstm"),
        ("Embeding", "embedding"),
        ("lstm_cell", None),
        ("banana", None),
    ],
)
def test_a_layer_of_another_framework_is_recognised(word: str, meant: str | None) -> None:
    (first, *_) = findings(layers(f"{word}: {{}}"))
    assert first.code == "SC101"
    assert (first.fix.replacement if first.fix else None) == meant


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


@pytest.mark.parametrize(
    ("step", "written"),
    [
        ("nn.Conv2d(3, 6, 5)", "conv: {out_channels: …, kernel_size: …}"),
        ("nn.ReLU()", "relu"),
        ("linear 10", "linear: …"),
        ("conv [3, 3]", "conv: {out_channels: …, kernel_size: …}"),
    ],
)
def test_a_step_written_as_code_is_shown_in_the_format(step: str, written: str) -> None:
    (finding,) = findings(layers(step))
    assert finding.help == f"write `{written}`"


def test_a_letter_of_another_alphabet_is_named() -> None:
    (finding,) = findings(layers("c\N{CYRILLIC SMALL LETTER O}nv: {out_channels: 6, kernel_size: 5}"))
    assert finding.notes == ("it holds U+043E CYRILLIC SMALL LETTER O",)


# -- whatever comes ---------------------------------------------------------------------------------------------------

SCALARS = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 3, 2**31, 2**70, 1.5),
        *("", "same", "N", "relu", "conv", "b", "input", "$x", "${x}", "[b]", "é", "\t", "a b", "1"),
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "conv",
                        "linear",
                        "max_pool",
                        "relu",
                        "lstm",
                        "embedding",
                        "select",
                        "add",
                        "concat",
                        "split",
                        "b",
                    ),
                    *("name", "from", "expect", "repeat", "share", "shape", "dtype", "layers", "parameters", "inputs"),
                    *("out_channels", "kernel_size", "padding", "hidden_size", "dim", "index"),
                ]
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["name", "source", "input", "sizes", "layers", "expect", "inputs", "outputs", "blocks", "include", "layer"]
        ),
        VALUES,
    ),
    st.lists(VALUES, max_size=4),
)
def test_whatever_stands_in_a_file_is_read_or_refused_with_a_place(top: dict[str, Any], steps: list[Any]) -> None:
    text = json.dumps({"input": ["N", 3, 8, 8], "layers": steps, **top}, ensure_ascii=False)
    said: tuple[Diagnostic, ...] = ()
    try:
        inspect(loads(text))
    except ShapecalcError as error:
        said = error.diagnostics
    assert all(finding.span is not None or finding.code in ("SC309", "SC322") for finding in said)


def test_limits_are_handed_to_the_reader() -> None:
    with pytest.raises(ShapecalcError) as caught:
        parse(Source("net.yaml", layers("relu")), Limits(nodes=5))
    assert caught.value.diagnostics[0].code == "SC012"


def test_a_linear_layer_after_a_mistake_keeps_its_fields() -> None:
    architecture, noted, _ = parse(Source("net.yaml", layers("linear: {out_features: 5, hello_world: 3}")))
    assert [finding.code for finding in noted] == ["SC102"]
    assert architecture is not None
    assert architecture.steps[0].layer == Linear(out_features=5)
