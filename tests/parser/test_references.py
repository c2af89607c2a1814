"""What steps read by name, and what enters as whole numbers; `tests/cases/` has what is said of mistakes."""

from __future__ import annotations

import pytest

from shapecalc.architecture import Input
from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.dims import symbol
from shapecalc.files.load import loads
from shapecalc.parser.grammar import parse
from shapecalc.shape_inference.engine import inspect

HEAD = "input: [T, N, 10]\n"


def inputs_of(*steps: str) -> list[tuple[str, ...]]:
    architecture, findings, _ = parse(
        Source("net.yaml", HEAD + "layers:\n" + "".join(f"  - {step}\n" for step in steps))
    )
    assert findings == ()
    assert architecture is not None
    return [step.inputs for step in architecture.steps]


def codes(*steps: str) -> list[str]:
    with pytest.raises(ShapecalcError) as caught:
        inspect(loads(HEAD + "layers:\n" + "".join(f"  - {step}\n" for step in steps)))
    return [finding.code for finding in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a", ("a",)),
        ("[a]", ("a",)),
        ("a.output", ("a",)),
        ("a.h_n", ("a.h_n",)),
        ("gru_1", ("gru_1",)),
        ("gru_1.h_n", ("gru_1.h_n",)),
        ("input", ("input",)),
        ("[input, a.h_n]", ("input", "a.h_n")),
        ("[a, a]", ("a", "a")),
    ],
)
def test_from_names_a_step_an_output_of_it_or_what_enters(written: str, read: tuple[str, ...]) -> None:
    assert inputs_of("{gru: 5, name: a}", "gru: 5", f"{{gru: 5, from: {written}}}")[-1] == read


def test_a_step_after_one_that_reads_by_name_reads_that_one() -> None:
    assert inputs_of("{gru: 5, name: a}", "{relu: , from: input, name: b}", "tanh")[-1] == ("b",)


def test_a_name_may_have_a_dot_where_no_output_is_called_so() -> None:
    assert inputs_of("{relu: , name: encoder.h_n}", "{gru: 5, from: encoder.h_n}")[-1] == ("encoder.h_n",)


def test_from_stands_below_or_beside_the_layer() -> None:
    assert inputs_of("{gru: 5, name: a}", "gru: 5\n    from: a.h_n")[-1] == ("a.h_n",)


def test_the_place_of_a_reference_is_kept() -> None:
    (_, step) = loads(HEAD + "layers:\n  - {gru: 5, name: a}\n  - {relu: , from: a.h_n}\n").steps
    assert step.spans is not None
    assert step.spans.inputs is not None
    assert (step.spans.inputs.line, step.spans.inputs.column, step.spans.inputs.end_column) == (4, 20, 25)


@pytest.mark.parametrize(
    "steps",
    [
        ("{banana: 5, name: a}", "{relu: , from: a}"),
        ("{banana: 5, name: a}", "{relu: , from: a.h_n}"),
        ("banana", "{relu: , from: banana_0}"),
        ("banana: 5", "{gru: 5, from: [input, banana_0.h_n]}"),
    ],
)
def test_what_reads_a_step_that_cannot_be_made_out_is_passed_over(steps: tuple[str, ...]) -> None:
    assert codes(*steps) == ["SC101"]


def test_what_reads_a_step_whose_fields_are_wrong_is_passed_over() -> None:
    assert codes("{gru: -5, name: a}", "{relu: , from: a.h_n}") == ["SC201"]


def test_what_reads_a_step_whose_input_does_not_fit_is_passed_over() -> None:
    assert codes("{gru: {hidden_size: 5, input_size: 3}, name: a}", "{relu: , from: a.h_n}") == ["SC301"]
    assert codes("{select: {dim: 0, index: 0}}", "{gru: 5, name: a}", "{relu: , from: a.h_n}") == ["SC305"]


def test_each_of_several_references_is_looked_at() -> None:
    assert codes("{gru: 5, name: a}", "{lstm: 5, from: [inptu, b, a.c_n]}") == ["SC104"] * 3


def test_a_misspelt_from_is_read_as_it_was_meant() -> None:
    assert codes("{gru: 5, name: a}", "{relu: , form: b}") == ["SC102", "SC104"]


@pytest.mark.parametrize(
    ("written", "entry"),
    [
        ("[N, T]", Input("input", (symbol("N"), symbol("T")))),
        ("{shape: [N, T]}", Input("input", (symbol("N"), symbol("T")))),
        ("{shape: [N, 3], dtype: float32}", Input("input", (symbol("N"), 3))),
        ("{shape: [N, T], dtype: int64}", Input("input", (symbol("N"), symbol("T")), "int64")),
    ],
)
def test_the_input_is_a_shape_or_a_shape_with_its_dtype(written: str, entry: Input) -> None:
    architecture, findings, _ = parse(Source("net.yaml", f"input: {written}\nlayers: [dropout]\n"))
    assert findings == ()
    assert architecture is not None
    assert [found._replace(span=None) for found in architecture.inputs] == [entry]


def test_a_dtype_of_another_word_is_read_as_it_was_meant() -> None:
    """So that what follows is checked: the one mistake is the word."""
    text = "input: {shape: [N, T], dtype: long}\nlayers: [one_hot: 5, linear: 3]\n"
    with pytest.raises(ShapecalcError) as caught:
        inspect(loads(text))
    assert [finding.code for finding in caught.value.diagnostics] == ["SC203"]
