"""What the format means, and how reading goes on after a mistake; `tests/cases/` has what is said of each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.diagnostics.limits import Limits
from shapecalc.files.load import loads
from shapecalc.parser.grammar import parse
from shapecalc.shape_inference.engine import inspect
from tests.support.networks import HEAD, findings, found, layers, read

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


def test_a_file_without_a_name_is_called_after_itself() -> None:
    assert read(layers("relu")).name == "net.yaml"


@pytest.mark.parametrize(
    ("written", "name"),
    [("LeNet-5", "LeNet-5"), ("1998", "1998"), ('"Caf\\u00e9"', "Café"), ("'it''s'", "it's"), ("1.50", "1.50")],
)
def test_a_name_is_the_text_that_its_quotes_hold(written: str, name: str) -> None:
    assert read(f"name: {written}\n" + layers("relu")).name == name


def test_sizes_give_symbols_their_usual_values() -> None:
    assert read("input: [N, H]\nsizes: {H: 224}\nlayers: [relu]").sizes == {"H": 224}


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


def test_three_independent_mistakes_of_three_rooms_are_reported_together() -> None:
    text = "name: net\ninput: [N, 3, 32, 32]\ninput: 3\nlayers:\n  - conv: {out_channel: 6, kernel_size: 33}\n"
    assert found(text) == [("SC020", "input"), ("SC102", "out_channel"), ("SC302", "33")]


def test_of_a_guessed_layer_and_what_follows_from_it_nothing_is_told() -> None:
    first = "convv: {out_channels: 6, kernel_size: 33, banana: 1, in_channels: 9}"
    assert found(layers(first, "batch_norm: {num_features: 7}", "rleu")) == [("SC101", "convv"), ("SC101", "rleu")]


def test_a_stated_size_that_is_wrong_does_not_hide_what_follows() -> None:
    text = layers("conv: {in_channels: 1, out_channels: 6, kernel_size: 5}", "batch_norm: {num_features: 7}")
    assert found(text) == [("SC301", "1"), ("SC301", "7")]


def test_mistakes_come_in_the_order_of_the_file() -> None:
    text = "expect: {param: 1}\nlayers: [rleu]\nsizes: {Q: 1}\ninput: [N, 3]\n"
    assert found(text) == [("SC102", "param"), ("SC101", "rleu"), ("SC102", "Q")]


def test_a_file_of_mistakes_is_given_up_after_fifty() -> None:
    assert len(findings(layers(*["banana"] * 5000))) == 50


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


@pytest.mark.parametrize(
    ("key", "value", "meant"), [("model", "e7", "name"), ("network", "e7", "name"), ("model", "[relu]", "layers")]
)
def test_a_model_is_a_name_if_it_is_a_word_and_layers_if_it_is_a_list(key: str, value: str, meant: str) -> None:
    rest = "layers: [relu]\n" if meant == "name" else ""
    (finding,) = findings(f"{key}: {value}\ninput: [N, 3]\n{rest}")
    assert (finding.code, finding.help) == ("SC102", f"write `{meant}`")
