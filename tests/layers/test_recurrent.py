"""Recurrent layers: parameters by convention, states, costs by step, and what does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.dims import Condition, Relation, evaluate, symbol
from shapecalc.layers.recurrent import Gru, Lstm, Rnn
from tests.support.layers import flops, macs, made, params, refused, refused_fields, required, saved

T, F = symbol("T"), symbol("F")
X = (5, 2, 3)  # T, N, features


@pytest.mark.parametrize(
    ("layer", "x", "count"),
    [
        pytest.param(Lstm(hidden_size=20, num_layers=2), (5, 3, 10), 5920, id="the example of torch.nn.LSTM"),
        pytest.param(Gru(hidden_size=20, num_layers=2), (5, 3, 10), 4440, id="the example of torch.nn.GRU"),
        pytest.param(Rnn(hidden_size=20, num_layers=2), (5, 3, 10), 1480, id="the example of torch.nn.RNN"),
        pytest.param(Rnn(hidden_size=4, bias=False), X, 4 * (3 + 4), id="without biases"),
        pytest.param(Lstm(hidden_size=4, proj_size=2), X, 16 * (3 + 2 + 2) + 2 * 4, id="projected"),
        pytest.param(Gru(hidden_size=4, bidirectional=True), X, 2 * 12 * (3 + 4 + 2), id="in both directions"),
    ],
)
def test_parameters_are_two_matrices_and_two_biases_for_each_gate(layer: Any, x: Any, count: int) -> None:
    assert params(layer, x) == count


def test_a_second_layer_reads_both_directions_of_the_first() -> None:
    tensors = Rnn(hidden_size=4, num_layers=2, bidirectional=True).parameters(X)
    assert tensors["weight_ih_l0_reverse"] == (4, 3)
    assert tensors["weight_ih_l1"] == tensors["weight_ih_l1_reverse"] == (4, 8)


def test_states_come_layer_by_layer_and_direction_by_direction_whatever_the_order_of_the_axes() -> None:
    layer = Lstm(hidden_size=7, num_layers=3, bidirectional=True, proj_size=5, batch_first=True)
    assert layer.outputs((2, T, 3)) == {"output": (2, T, 10), "h_n": (6, 2, 5), "c_n": (6, 2, 7)}
    assert layer.time_axis == 1


@pytest.mark.parametrize(
    ("layer", "step"),
    [
        pytest.param(Rnn(hidden_size=4), 4 * (3 + 4), id="rnn"),
        pytest.param(Lstm(hidden_size=4), 16 * (3 + 4), id="lstm"),
        pytest.param(Gru(hidden_size=4), 12 * (3 + 4), id="gru"),
        pytest.param(Lstm(hidden_size=4, proj_size=2), 16 * (3 + 2) + 2 * 4, id="lstm, projected"),
        pytest.param(Rnn(hidden_size=4, num_layers=2, bidirectional=True), 2 * 4 * (3 + 4 + 8 + 4), id="rnn, stacked"),
    ],
)
def test_each_step_of_each_sample_multiplies_every_weight_once(layer: Any, step: int) -> None:
    assert macs(layer, X) == 5 * 2 * step
    assert macs(layer, (T, 2, 3)) == 2 * T * step


@pytest.mark.parametrize(
    ("type_", "each"),
    [
        pytest.param("rnn", 2 + 1 + 1, id="two biases, a sum, tanh"),
        pytest.param("lstm", 8 + 4 + 3 * 4 + 2 + 3 + 1, id="biases, sums, three sigmoids, two tanh, c′ and h′"),
        pytest.param("gru", 6 + 3 + 2 * 4 + 1 + 1 + 4, id="biases, sums, two sigmoids, tanh, r ⊙ (…), h′"),
    ],
)
def test_a_unit_costs_the_operations_of_its_equations_at_each_step(type_: str, each: int) -> None:
    layer = made(type_, hidden_size=4)
    assert flops(layer, X) == 2 * macs(layer, X) + 5 * 2 * 4 * each


def test_truncation_spares_a_recurrent_product_at_each_cut() -> None:
    layer, x, y = Gru(hidden_size=4), (7, 2, 3), (7, 2, 4)
    forward = macs(layer, x)
    spared = {k: forward - layer.backward_macs(x, y, truncate=k)[0] for k in (1, 2, 3, 7)}
    assert spared == {k: cuts * 2 * 12 * 4 for k, cuts in ((1, 6), (2, 3), (3, 2), (7, 0))}


STATES = (1, 2, 4)


@pytest.mark.parametrize(
    ("type_", "inputs", "code", "message"),
    [
        ("rnn", [(5, 3)], "SC305", "expects [T, N, features], receives [5, 3]"),
        ("rnn", [X, (1, 5, 4)], "SC301", "expects [1, 2, 4] as initial h_n, receives [1, 5, 4]"),
        ("lstm", [X, STATES], "SC313", "expects an initial h_n and c_n, receives 1 of them"),
        ("lstm", [X, STATES, (1, 2, 5)], "SC301", "expects [1, 2, 4] as initial c_n, receives [1, 2, 5]"),
    ],
)
def test_states_that_do_not_fit_are_refused_by_their_name(type_: str, inputs: Any, code: str, message: str) -> None:
    error = refused(made(type_, hidden_size=4), *inputs)
    assert (error.code, error.message) == (code, message)


@pytest.mark.parametrize(
    ("type_", "fields", "expected"),
    [
        pytest.param("lstm", {"proj_size": 4}, ("SC205", "proj_size", "3"), id="no smaller than the state"),
        pytest.param("rnn", {"nonlinearity": "relo"}, ("SC203", "nonlinearity", "relu"), id="no such activation"),
        pytest.param("gru", {"num_layers": 10_001}, ("SC201", "num_layers", None), id="too many layers"),
        pytest.param("gru", {"dropout": 1.5}, ("SC201", "dropout", None), id="no probability"),
    ],
)
def test_fields_out_of_range_are_refused(
    type_: str, fields: dict[str, Any], expected: tuple[str, str, str | None]
) -> None:
    error = refused_fields(type_, hidden_size=4, **fields)
    assert (error.code, error.field, error.replacement) == expected


def test_stated_features_and_given_states_are_required_of_symbols() -> None:
    assert required(Rnn(hidden_size=4, input_size=3), (T, 2, F)) == [Condition(F - 3, Relation.ZERO)]
    n = symbol("N")
    assert required(Rnn(hidden_size=4), (T, n, 3), STATES) == [Condition(n - 2, Relation.ZERO)]


def test_dropout_between_layers_needs_two_of_them() -> None:
    error = Lstm(hidden_size=4, dropout=0.5).warning(X)
    assert error is not None
    assert (error.code, error.field) == ("SC402", "dropout")
    assert error.message == "drops between layers alone, and has one: `dropout: 0.5` never acts"
    assert Lstm(hidden_size=4, dropout=0.5, num_layers=2).warning(X) is None


def test_a_mask_is_drawn_between_layers_and_after_the_last_none() -> None:
    layer = Gru(hidden_size=4, num_layers=3, dropout=0.25, batch_first=True, bidirectional=True)
    assert layer.masks((2, 5, 3), (2, 5, 8)) == {f"mask_l{level}": ((5, 2, 8), 0.25) for level in (0, 1)}


@pytest.mark.parametrize(
    ("layer", "records"),
    [
        pytest.param(Rnn(hidden_size=4), {"input": 30, "gates": 40, "first h": 8}, id="h′ is a gate and a state"),
        pytest.param(Gru(hidden_size=4), {"input": 30, "gates": 240, "states": 32, "first h": 8}, id="gru"),
        pytest.param(
            Lstm(hidden_size=4),
            {"input": 30, "gates": 200, "states": 64, "first h": 8, "first c": 8},
            id="five for each unit, and two states",
        ),
    ],
)
def test_each_step_saves_its_gates_and_the_states_before_it(layer: Any, records: dict[str, int]) -> None:
    assert saved(layer, X) == records


def test_the_conventions_differ_by_the_second_bias_of_each_gate() -> None:
    for type_, gates, keras in (("rnn", 1, 1), ("lstm", 4, 1), ("gru", 3, 0)):
        layer = made(type_, hidden_size=4)
        counts = [layer.params_as(convention, X) for convention in ("pytorch", "keras", "textbook")]
        assert [evaluate(counts[0] - other, {}) for other in counts] == [0, keras * gates * 4, gates * 4], type_


N = symbol("N")


@pytest.mark.parametrize(
    ("layer", "x", "state", "help_text"),
    [
        pytest.param(
            Rnn(hidden_size=4, num_layers=2, batch_first=True), (5, 8, 3), (5, 2, 4), "give [2, 5, 4]", id="batch first"
        ),
        pytest.param(
            Gru(hidden_size=4, bidirectional=True), (8, 5, 3), (5, 2, 4), "`permute: [1, 0, 2]`", id="time first"
        ),
        pytest.param(
            Rnn(hidden_size=4, num_layers=2, batch_first=True),
            (N, T, 3),
            (N, 2, 4),
            "give [2, N, 4]",
            id="swapped symbol",
        ),
        pytest.param(Gru(hidden_size=4), (32, 8, 3), (1, 32, 4), "give it `batch_first: true`", id="batch of axis 0"),
        pytest.param(Gru(hidden_size=4), (N, T, 3), (1, N, 4), "axis 0 of the input [N, T, 3] is N", id="batch symbol"),
        pytest.param(
            Rnn(hidden_size=4, batch_first=True), (8, 32, 3), (1, 32, 4), "take out `batch_first: true`", id="of axis 1"
        ),
        pytest.param(Rnn(hidden_size=4), (8, 5, 3), (5, 4), "put `unsqueeze: 0` before it", id="no axis of layers"),
        pytest.param(Rnn(hidden_size=4), (8, 5, 3), (2, 5, 4), "`num_layers` and `bidirectional`", id="two directions"),
    ],
)
def test_an_initial_state_of_another_order_or_number_gets_its_edit(
    layer: Any, x: Any, state: Any, help_text: str
) -> None:
    error = refused(layer, x, state)
    assert (error.code, help_text in str(error.help)) == ("SC301", True)


@pytest.mark.parametrize(
    ("layer", "x", "state", "conditions"),
    [
        pytest.param(Rnn(hidden_size=4), (T, N, 3), (1, N, 4), [], id="fits"),
        pytest.param(Rnn(hidden_size=4), (N, N, 3), (1, N, 4), [], id="as many steps as samples"),
        pytest.param(Rnn(hidden_size=4, num_layers=5), (8, 5, 3), (5, 5, 4), [], id="as many layers as samples"),
        pytest.param(
            Rnn(hidden_size=4), (T, 5, 3), (1, N, 4), [Condition(5 - N, Relation.ZERO)], id="a batch to equal"
        ),
    ],
)
def test_an_initial_state_that_fits_is_taken(layer: Any, x: Any, state: Any, conditions: list[Condition]) -> None:
    assert required(layer, x, state) == conditions
