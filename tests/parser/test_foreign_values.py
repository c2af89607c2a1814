"""Values in the notation of Python or of papers: what to write instead, and that `--fix` writes it."""

from __future__ import annotations

import ast
import json

import pytest
from hypothesis import given, strategies as st

from shapecalc.checking.fix import fix_text
from shapecalc.diagnostics import Source
from shapecalc.files.load import loads
from shapecalc.parser.foreign_values import as_list
from tests.support.mistakes import findings
from tests.support.rows import for_each


def network(step: str) -> str:
    return f"input: [N, 4, 16, 16]\nlayers:\n  - {step}\n"


def dollar(name: str) -> str:
    return f"`$` is for parameters, such as `parameters: {{{name}: 64}}`; a symbol of `input:` is written `{name}`"


tuples = st.recursive(
    st.integers(-9, 99),
    lambda entries: st.one_of(st.tuples(entries, entries), st.tuples(entries, entries, entries), st.tuples(entries)),
).filter(lambda value: isinstance(value, tuple))


@given(tuples)
def test_a_tuple_of_python_is_the_list_with_its_entries(value: tuple) -> None:
    assert json.loads(as_list(str(value)) or "null") == json.loads(json.dumps(value))
    assert ast.literal_eval(as_list(str(value).replace(" ", "")) or "None") == json.loads(json.dumps(value))


@for_each("text", ["(3", "3)", "()", "(3)", "(,)", "(3,, 3)", "(a, b)", "(3, 3", "3x", "x3", "3xy", "3-3"])
def test_another_text_is_no_list(text: str) -> None:
    assert as_list(text) is None


@for_each(
    "step, after",
    [
        ("conv: {out_channels: 8, kernel_size: (3, 5)}", "conv: {out_channels: 8, kernel_size: [3, 5]}"),
        ("conv: {kernel_size: (3,5), out_channels: 8}", "conv: {kernel_size: [3, 5], out_channels: 8}"),
        ("conv: {out_channels: 8, kernel_size: 3x5}", "conv: {out_channels: 8, kernel_size: [3, 5]}"),
        ("conv: {out_channels: 8, kernel_size: 3 × 5}", "conv: {out_channels: 8, kernel_size: [3, 5]}"),
        (
            "conv: {out_channels: 8, kernel_size: 3, padding: ((1, 1), (2, 2))}",
            "conv: {out_channels: 8, kernel_size: 3, padding: [[1, 1], [2, 2]]}",
        ),
        ("max_pool: (2, 2)", "max_pool: [2, 2]"),
        ("{max_pool: (2, 2), name: half}", "{max_pool: [2, 2], name: half}"),
        ("permute: (0, 2, 3, 1)", "permute: [0, 2, 3, 1]"),
        ("conv: {out_channels: 8, kernel_size: 3, in_channels: None}",
         "conv: {out_channels: 8, kernel_size: 3, in_channels: null}"),
        # No list is meant, or the list would be wrong.
        ("linear: (3, 3)", None),
        ("conv: {out_channels: 8, kernel_size: (0, 3)}", None),
        ("conv: {out_channels: 8, kernel_size: 3, stride: None}", None),
        ("linear: None", None),
        ("linear: $C", None),
        ("conv: {out_channels: 8, kernel_size: '(3, 3'}", None),
    ],
)  # fmt: skip
def test_a_value_is_rewritten_where_it_can_mean_nothing_else(step: str, after: str | None) -> None:
    found = fix_text(Source("net.yaml", network(step)))
    assert found.source.text == network(after or step)
    assert (found.remaining == ()) is (after is not None)


def test_what_follows_from_a_tuple_is_checked_with_its_list() -> None:
    text = network("conv: {out_channels: 8, kernel_size: (3, 17)}\n  - batch_norm: {num_features: 9}")
    assert [finding.code for finding in findings(text)] == ["SC202", "SC302"]


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        (network("linear: $C"), dollar("C")),
        (network("reshape: [$N, -1]"), dollar("N")),
        ("input: [$N, 4]\nlayers: [relu]\n", dollar("N")),
        (f"parameters: {{w: 3}}\n{network('linear: $C')}", "its parameters: `w`; a symbol of `input:` is written `C`"),
        (network("linear: {out_features: 3, bias: None}"), "leave `bias` out: it is `true` then"),
        (network("linear: None"), None),
    ],
)  # fmt: skip
def test_the_help_says_what_to_write(text: str, help_text: str | None) -> None:
    (finding,) = findings(text)
    assert finding.help == help_text


@pytest.mark.parametrize("value", ["(3", "(a, b: 3", "3)", "'(3', 5"])
def test_braces_around_half_a_tuple_are_read_as_yaml_reads_them(value: str) -> None:
    (first, *_) = findings(network(f"{{max_pool: {value}, name: half}}"))
    assert first.code in ("SC202", "SC102")


def test_a_tuple_is_put_together_in_braces_alone() -> None:
    architecture = loads("{name: '(a', input: [N, 4], layers: [{linear: 3, name: b}]}")
    assert architecture.name == "(a"


@pytest.mark.parametrize(
    ("step", "help_text", "replacement"),
    [
        ("reshape: [None, 3]", "write `-1` for the size that is left", "-1"),
        ("reshape: ['?', 3]", "write `-1` for the size that is left", "-1"),
        ("adaptive_avg_pool: [None, 7]", "write `null`", "null"),
        ("adaptive_avg_pool: [-1, 7]", "write `null`", "null"),
        ("permute: [0, None]", None, None),
        ("max_pool: [None, 2]", None, None),
        ("{relu: , repeat: None}", "leave `repeat` out for a step that runs once", None),
    ],
)
def test_an_open_size_in_a_list_is_written_in_the_way_of_the_layer(
    step: str, help_text: str | None, replacement: str | None
) -> None:
    (finding,) = findings(network(step))
    assert finding.help == help_text
    assert (finding.fix and finding.fix.replacement) == replacement
    assert not (finding.fix and finding.fix.safe)


def test_a_symbol_without_a_size_is_left_out_of_sizes() -> None:
    (finding,) = findings("input: [N, 4]\nsizes: {N: None}\nlayers: [relu]\n")
    assert finding.help == "leave `N` out: a symbol without a size is unbound"


@pytest.mark.parametrize(
    ("step", "meant"),
    [
        ("rnn: {hidden_size: 3, nonlinearity: rleu}", "relu"),
        ("rnn: {hidden_size: 3, nonlinearity: Relu}", "relu"),
        ("rnn: {hidden_size: 3, nonlinearity: gelu}", None),
        ("rnn: {hidden_size: 3, nonlinearity: selu}", None),
        ("upsample: {scale_factor: 2, mode: bilnear}", "bilinear"),
        ("upsample: {scale_factor: 2, mode: lanczos}", None),
    ],
)
def test_a_choice_is_offered_for_a_misspelt_word_and_not_for_the_name_of_a_layer(step: str, meant: str | None) -> None:
    (finding,) = findings(network(step))
    assert finding.code == "SC203"
    assert (finding.fix and finding.fix.replacement) == meant
