"""Recurrent layers taken apart: every line has the value that the layer gives, and the tensors are all there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

import shapecalc
from shapecalc.calculators.recurrent import RecurrentFigure, recurrence
from shapecalc.diagnostics import LayerError, ShapecalcError
from shapecalc.dims import evaluate, symbol
from shapecalc.layers import layer_type, layer_types
from shapecalc.layers.base import PARAMS_AS
from shapecalc.layers.recurrent import Gru, Lstm, Recurrent, Rnn
from shapecalc.render.recurrent import differences
from tests.support.arithmetic import value_of, with_numbers
from tests.support.rows import for_each

if TYPE_CHECKING:
    from shapecalc.calculators.recurrent import Recurrence

DIALECTS = json.loads((Path(__file__).parents[1] / "oracle" / "dialects.json").read_text(encoding="utf-8"))[
    "parameters"
]
KINDS = {"rnn": Rnn, "lstm": Lstm, "gru": Gru}


@st.composite
def layers(draw: st.DrawFn) -> Recurrent:
    kind = draw(st.sampled_from([Rnn, Lstm, Gru]))
    hidden = draw(st.integers(1, 9))
    fields: dict[str, Any] = {"proj_size": draw(st.integers(0, hidden - 1))} if kind is Lstm else {}
    if kind is Rnn:
        fields["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    return kind(
        hidden_size=hidden,
        num_layers=draw(st.integers(1, 5)),
        bias=draw(st.booleans()),
        batch_first=draw(st.booleans()),
        bidirectional=draw(st.booleans()),
        **fields,
    )


def is_worth_its_result(figure: RecurrentFigure, **letters: int) -> None:
    assert value_of(figure.numbers) == figure.result, figure
    if figure.formula:
        assert value_of(with_numbers(figure.formula, letters)) == figure.result, figure
    left, _, right = figure.equation.rpartition(" = ")
    assert value_of(left or right) == value_of(right) == figure.result


def every_figure(found: Recurrence) -> tuple[RecurrentFigure, ...]:
    return (*found.params, *found.step, found.macs, *found.operations, *found.others, found.flops)


def letters_of(found: Recurrence) -> dict[str, int]:
    sums = {figure.name: figure.result for figure in (found.step[-1], found.macs, *found.others)}
    return {name: number for name, number in {**dict(found.letters), **sums}.items() if isinstance(number, int)}


SIZES = st.integers(1, 11)


@given(layers(), SIZES, SIZES, SIZES, st.sampled_from(PARAMS_AS))
def test_every_line_is_worth_what_the_layer_gives(layer, steps, samples, features, params_as) -> None:
    found = recurrence(layer, steps, samples, features, params_as)
    for figure in every_figure(found):
        is_worth_its_result(figure, **letters_of(found))
    x = (samples, steps, features) if layer.batch_first else (steps, samples, features)
    assert found.x == x
    assert found.params[-1].result == layer.params_as(params_as, x)
    assert (found.macs.result, found.flops.result) == (layer.macs(x), layer.flops(x))
    assert {output.name: output.shape for output in found.outputs} == layer.outputs(x)


@given(layers(), SIZES, st.sampled_from(PARAMS_AS))
def test_the_tensors_that_are_listed_add_up_to_the_parameters(layer, features, params_as) -> None:
    found = recurrence(layer, 2, 3, features, params_as)
    assert sum(tensor.size for tensor in found.tensors) == found.params[-1].result
    if params_as == "pytorch":
        assert {tensor.name: tensor.shape for tensor in found.tensors} == layer.parameters((2, 3, features))


@given(layers(), SIZES)
def test_the_operations_that_are_listed_add_up_to_what_the_layer_counts(layer, features) -> None:
    found = recurrence(layer, 2, 3, features)
    levels = layer.num_layers * layer.directions
    assert sum(item.result for item in found.operations) * levels == layer.operations((1, 1, features))


@given(layers(), SIZES, SIZES, SIZES)
def test_with_symbols_the_costs_are_those_at_any_point(layer, steps, samples, features) -> None:
    closed = recurrence(layer, symbol("T"), symbol("N"), features)
    found = recurrence(layer, steps, samples, features)
    point = {"T": steps, "N": samples}
    for figure in ("macs", "flops"):
        form, number = getattr(closed, figure), getattr(found, figure)
        assert evaluate(form.result, point) == number.result
        assert value_of(with_numbers(form.numbers, point)) == number.result
        assert value_of(with_numbers(form.equation.rpartition(" = ")[2], point)) == number.result


@given(layers(), SIZES)
def test_a_gates_rows_are_a_share_of_every_weight(layer, features) -> None:
    found = recurrence(layer, 2, 3, features)
    rows = [row for gate in found.gates for row in range(gate.rows[0], gate.rows[1] + 1)]
    assert rows == list(range(layer.gates * layer.hidden_size))
    for tensor in found.tensors:
        assert len(tensor.holds) == (1 if "_hr_" in tensor.name else len(found.gates))


@given(layers())
def test_what_stands_in_the_tensors_is_what_the_equations_name(layer) -> None:
    found = recurrence(layer, 2, 3, 4)
    named = set(re.findall(r"[Wb]_\w+", " ".join(line.right for line in found.equations)))
    assert named == {name for tensor in found.tensors for name in tensor.holds}


def test_the_examples_of_pytorchs_documentation_come_out() -> None:
    lstm = recurrence(Lstm(hidden_size=20, num_layers=2), 5, 3, 10)
    assert [output.shape for output in lstm.outputs] == [(5, 3, 20), (2, 3, 20), (2, 3, 20)]
    gru = recurrence(Gru(hidden_size=20, num_layers=2), 5, 3, 10)
    assert [output.shape for output in gru.outputs] == [(5, 3, 20), (2, 3, 20)]
    rnn = recurrence(Rnn(hidden_size=20, num_layers=2), 5, 3, 10)
    assert [output.shape for output in rnn.outputs] == [(5, 3, 20), (2, 3, 20)]


def test_a_projection_narrows_h_and_never_c() -> None:
    found = recurrence(Lstm(hidden_size=20, proj_size=5, num_layers=2, bidirectional=True), 7, 3, 10)
    assert [(output.shape, output.letters) for output in found.outputs] == [
        ((7, 3, 10), ("T", "N", "D·P")),
        ((4, 3, 5), ("D·L", "N", "P")),
        ((4, 3, 20), ("D·L", "N", "H")),
    ]
    assert found.params[1].formula == "D·(G·H·(D·P + P + 2) + H·P)"


@pytest.mark.parametrize("word", ["rnn", "lstm", "gru", "bidirectional lstm"])
def test_parameters_are_those_of_pytorch_and_of_keras_themselves(word: str) -> None:
    own = DIALECTS[f"{word} 32->64"]
    layer = KINDS[word.rsplit(maxsplit=1)[-1]](hidden_size=64, bidirectional="bidirectional" in word)
    x = (10, 1, 32)
    assert layer.params_as("pytorch", x) == own["torch"]["params"]
    assert layer.params_as("keras", x) == own["keras"]["total"]
    assert {name: list(shape) for name, shape in layer.parameters(x).items()} == own["torch"]["tensors"]


def test_a_textbooks_gru_is_keras_without_reset_after() -> None:
    assert Gru(hidden_size=64).params_as("textbook", (10, 1, 32)) == 18_624
    assert DIALECTS["gru 32->64"]["keras_reset_after_false"]["total"] == 18_624


@pytest.mark.parametrize("word", ["rnn", "lstm", "gru"])
def test_a_textbook_keeps_one_bias_vector_per_gate(word: str) -> None:
    layer = KINDS[word](hidden_size=7)
    assert layer.params_as("textbook", (2, 3, 5)) == layer.gates * 7 * (5 + 7 + 1)


@given(layers(), SIZES)
def test_without_bias_all_count_alike_and_nothing_is_said(layer, features) -> None:
    found = recurrence(layer, 2, 3, features)
    alike = len(set(found.conventions.values())) == 1
    assert alike == (not layer.bias) == (differences(found) == [])


def test_what_is_said_of_a_difference_names_its_size() -> None:
    said = {whose: differences(recurrence(Lstm(hidden_size=20, num_layers=2), 5, 3, 10, whose)) for whose in PARAMS_AS}
    assert said == {
        "pytorch": ["PyTorch has two bias vectors, b_ih and b_hh: 160 more than Keras and textbooks, which have one"],
        "keras": ["Keras has one bias vector: 160 fewer than PyTorch, which has two"],
        "textbook": ["textbooks have one bias vector: 160 fewer than PyTorch, which has two"],
    }
    (keras_gru,) = differences(recurrence(Gru(hidden_size=20), 5, 3, 10, "keras"))
    assert "reset_after=True" in keras_gru
    assert "60 more than textbooks" in keras_gru


def test_keras_has_no_projection_and_that_is_said() -> None:
    found = recurrence(Lstm(hidden_size=20, proj_size=5), 5, 3, 10, "keras")
    assert differences(found)[-1] == "Keras has no projection: it is counted as PyTorch keeps it"


@for_each("word", sorted(set(layer_types()) - {"rnn", "lstm", "gru"}))
def test_only_recurrent_layers_are_counted_otherwise(word: str) -> None:
    cls = layer_type(word)
    assert cls is not None
    assert "params_as" not in vars(cls)


def test_a_stack_that_nobody_can_list_is_refused_before_it_is_made() -> None:
    assert Lstm(hidden_size=1, num_layers=10_000).macs_per_step(1) == 10_000 * 4 * 2
    with pytest.raises(LayerError, match="expects at most 10000 as `num_layers`, receives 10001") as caught:
        Lstm(hidden_size=2, num_layers=10_001)
    assert (caught.value.code, caught.value.field) == ("SC201", "num_layers")


NETWORK = "{input: [T, N, 32], layers: [lstm: 64, gru: {hidden_size: 10, bias: false}, linear: 3]}"


@pytest.mark.parametrize(("whose", "lstm"), [("pytorch", 25_088), ("keras", 24_832), ("textbook", 24_832)])
def test_an_inspection_counts_as_it_is_asked_and_totals_follow(whose: str, lstm: int) -> None:
    report = shapecalc.inspect(shapecalc.loads(NETWORK), params_as=whose)
    counts = [row.params for row in report.layers]
    assert counts == [lstm, 3 * 10 * (64 + 10), 33]
    assert (report.totals.params, report.totals.parameter_bytes) == (sum(counts), 4 * sum(counts))
    assert report.to_dict()["params_as"] == whose


def test_an_unknown_convention_is_no_count() -> None:
    with pytest.raises(ShapecalcError, match="expects one of pytorch, keras, textbook, receives `caffe`") as caught:
        shapecalc.inspect(shapecalc.loads(NETWORK), params_as="caffe")
    assert caught.value.exit_code == 2


def test_a_wrong_line_would_be_found() -> None:
    with pytest.raises(AssertionError, match="H·H"):
        is_worth_its_result(RecurrentFigure("step", "H·H", "3·4", 12), H=3)
