"""Arithmetic on inputs and numbers: how many operands, which dtype results, what is saved, and files that use it."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.layers.saved import Storage
from tests.support.layers import flops, made, refused, saved
from tests.support.rows import for_each

X, ROW = (2, 3, 5), (5,)
BINARY = ("subtract", "divide", "power")
ANY_NUMBER = ("add", "multiply", "maximum", "minimum")


@for_each("word", (*ANY_NUMBER, *BINARY))
def test_one_input_needs_a_number_and_the_help_writes_one(word: str) -> None:
    error = refused(made(word), X)
    wanted = "2" if word in BINARY else "2 to 64"
    assert (error.code, error.message) == ("SC313", f"expects {wanted} inputs, or 1 and a number, receives 1")
    assert f"`{word}: 2`" in (error.help or "")
    assert made(word, other=2).output_shape(X) == X


@for_each("word", BINARY)
def test_two_inputs_and_a_number_are_too_many_where_order_matters(word: str) -> None:
    error = refused(made(word, other=2), X, ROW)
    assert (error.code, error.message) == ("SC313", "expects 2 inputs, or 1 and a number, receives 2 and a number")


@for_each("word", (*ANY_NUMBER, *BINARY))
def test_each_operand_after_the_first_costs_an_operation_per_output(word: str) -> None:
    assert flops(made(word), X, ROW) == 30
    assert flops(made(word, other=0.5), X) == 30
    if word in ANY_NUMBER:
        assert flops(made(word, other=0.5), ROW, X, ROW) == 90


@for_each(
    "word, fields, arriving, gives",
    [
        ("add", {}, ("int64", "int64"), "int64"),
        ("add", {}, ("int64", "float32"), "float32"),
        ("add", {"other": 1}, ("int64",), "int64"),
        ("add", {"other": 1.0}, ("int64",), "float32"),
        ("multiply", {"other": 1}, ("float32",), "float32"),
        ("power", {"other": 2}, ("int64",), "int64"),
        ("divide", {"other": 2}, ("int64",), "float32"),
        ("divide", {}, ("int64", "int64"), "float32"),
    ],
)
def test_integers_stay_integers_but_for_a_quotient_or_a_float(
    word: str, fields: dict[str, float], arriving: tuple[str, ...], gives: str
) -> None:
    assert made(word, **fields).output_dtype("output", arriving) == gives


def test_what_is_saved_is_what_the_slopes_of_the_operands_read() -> None:
    assert saved(made("multiply", other=2), X) == {}
    assert saved(made("divide", other=2), X) == {}
    assert saved(made("divide", other=2, reverse=True), X) == {"1/input": 30}
    assert saved(made("divide", reverse=True), ROW, X) == {"dividend": 30, "divisor": 5}
    assert saved(made("power", other=2), X) == {"base": 30}
    assert saved(made("power", other=2, reverse=True), X) == {"exponent": 30, "output": 30}
    assert saved(made("maximum", other=0), X, ROW) == {"input 0": 30, "input 1": 5, "of 2 inputs": 30}


def test_a_gradient_is_passed_on_where_it_is_neither_summed_nor_changed() -> None:
    assert made("add", other=1).passes_gradient_on(X, X) == (True,)
    assert made("subtract").passes_gradient_on(X, X, X) == (True, False)
    assert made("subtract", reverse=True).passes_gradient_on(X, X, X) == (False, True)
    assert made("subtract", other=1, reverse=True).passes_gradient_on(X, X) == (False,)
    assert made("subtract").passes_gradient_on(ROW, X, X) == (False, False)


def test_the_memory_of_a_result_with_a_number_lies_as_that_of_the_input() -> None:
    assert made("multiply", other=2).storage is Storage.LIKE
    assert made("multiply").storage is Storage.NEW


def test_a_number_stands_beside_branches() -> None:
    text = "input: [N, 4]\nlayers:\n  - multiply: {other: 0.5, left: [linear: 4], right: []}\n"
    report = shapecalc.inspect(shapecalc.loads(text))
    assert [row.type for row in report.layers] == ["linear", "multiply"]
    assert report.layers[-1].step.inputs == ("multiply_0.left.linear_0", "input")
    assert report.layers[-1].facts.flops == 2 * 4


def test_a_branch_may_still_be_called_other() -> None:
    """Files had such branches before there were numbers."""
    (_, merge) = shapecalc.inspect(shapecalc.loads("input: [N, 4]\nlayers: [add: {other: [relu], mine: []}]")).layers
    assert merge.step.inputs == ("add_0.other.relu_0", "input")


def test_a_number_under_the_name_of_a_branch_is_explained() -> None:
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        shapecalc.loads("input: [N, 4]\nlayers:\n  - multiply: {scale: 0.5}\n")
    (found,) = caught.value.diagnostics
    assert (found.code, found.help) == ("SC107", "a number as operand is `multiply: 0.5`")
    assert found.span is not None
    assert (found.span.line, found.span.column) == (3, 23)


HIGHWAY = """
input: [N, 128]
layers:
  - {linear: 128, name: a}
  - {relu: {}, name: h}
  - {linear: 128, from: input, name: b}
  - {sigmoid: {}, name: t}
  - {multiply: {}, from: [t, h], name: th}
  - {subtract: {other: 1, reverse: true}, from: t, name: rest}
  - {multiply: {}, from: [rest, input], name: tx}
  - {add: {}, from: [th, tx]}
"""


def test_a_highway_layer_is_written_with_one_minus_its_gate() -> None:
    """Srivastava, Greff and Schmidhuber 2015, equation 3: y = H·T + x·(1 − T)."""
    network = shapecalc.loads(HIGHWAY)
    assert shapecalc.inspect(network).totals.params == 2 * (128 * 128 + 128)
    assert shapecalc.verify(network).ok


IDS = """
input: {shape: [N, T], dtype: int64}
layers:
  - %s
  - embedding: {num_embeddings: 12, embedding_dim: 3}
"""


@pytest.mark.parametrize("step", ["add: 2", "subtract: 5", "multiply: 3", "subtract: {other: 20, reverse: true}"])
def test_the_integers_of_a_run_are_such_that_what_is_computed_of_them_is_looked_up(step: str) -> None:
    assert shapecalc.verify(shapecalc.loads(IDS % step), T=40).ok


def test_a_quotient_of_ids_is_looked_up_nowhere() -> None:
    with pytest.raises(shapecalc.ShapecalcError, match="SC206"):
        shapecalc.inspect(shapecalc.loads(IDS % "divide: 2"))
