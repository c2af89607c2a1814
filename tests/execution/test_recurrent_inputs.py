"""Arrays of a recurrent layer: the sizes that follow from them, what fills what, and refusals by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.diagnostics import LayerError, ShapecalcError
from shapecalc.execution.recurrent_inputs import RecurrentCase, recurrent_case
from shapecalc.layers.recurrent import Gru, Lstm, Rnn

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.layers.recurrence import Recurrent


def case(kind: type[Recurrent] = Rnn, fields: dict[str, Any] | None = None, /, **texts: str) -> RecurrentCase:
    return recurrent_case(kind, fields or {}, {}, texts)


@pytest.mark.parametrize(
    ("kind", "texts", "hidden"),
    [
        (Rnn, {"w_hh": "0.5"}, 1),
        (Rnn, {"w_hh": "[[1, 2], [3, 4]]"}, 2),
        (Rnn, {"w_hh": "1, 2, 3, 4"}, 2),
        (Lstm, {"w_hh": "1, 2, 3, 4"}, 1),
        (Gru, {"w_hh": "[[1], [2], [3]]"}, 1),
        (Gru, {"weights": "{weight_hh_l0: [[1, 2], [1, 2], [1, 2], [1, 2], [1, 2], [1, 2]], weight_ih_l0: 1}"}, 2),
        (Lstm, {"h0": "1, 2, 3"}, 3),
    ],
)
def test_the_hidden_size_follows_from_the_weights_or_the_state(
    kind: type[Recurrent], texts: dict[str, str], hidden: int
) -> None:
    assert case(kind, x="1,2", **texts).layer.hidden_size == hidden


def test_x_has_one_feature_one_sample_or_all_three_axes() -> None:
    for text, batch_first, shape in (
        ("1,2,3", False, (3, 1, 1)),
        ("1,2,3", True, (1, 3, 1)),
        ("[[1,2],[3,4],[5,6]]", False, (3, 1, 2)),
        ("[[[1,2],[3,4],[5,6]]]", False, (1, 3, 2)),
        ("[[[1,2],[3,4],[5,6]]]", True, (1, 3, 2)),
    ):
        assert case(Rnn, {"hidden_size": 2, "batch_first": batch_first}, x=text).inputs[0].shape == shape, text


def test_biases_that_are_not_given_are_0_and_weights_are_random_by_the_seed() -> None:
    given = case(Gru, x="1", w_ih="1", w_hh="2").call.parameters
    assert {name: array.ravel().tolist() for name, array in given.items() if name.startswith("bias")} == {
        "bias_ih_l0": [0, 0, 0],
        "bias_hh_l0": [0, 0, 0],
    }
    first, second, third = (
        recurrent_case(Gru, {"hidden_size": 4}, {"seq": 2, "input_size": 3}, {}, seed=seed) for seed in (1, 1, 2)
    )
    for name, array in first.call.parameters.items():
        assert abs(array).max() <= 0.5, name  # ±1/√4
        assert np.array_equal(array, second.call.parameters[name])
        assert not np.array_equal(array, third.call.parameters[name])
    assert np.array_equal(first.inputs[0], second.inputs[0])


def test_weights_of_a_file_by_pytorchs_names(tmp_path: Path) -> None:
    file = tmp_path / "w.npz"
    np.savez(file, weight_ih_l0=np.ones((2, 1)), weight_hh_l0=np.eye(2))
    assert case(x="1", weights=str(file)).call.parameters["weight_hh_l0"].tolist() == [[1, 0], [0, 1]]


REFUSED: list[tuple[dict[str, str], dict[str, Any], str, str]] = [
    ({"x": "[[[[1]]]]"}, {}, "SC305", "x"),
    ({"x": "1", "w_hh": "[[1, 2]]"}, {}, "SC301", "w_hh"),
    ({"x": "1", "h0": "1,2,3"}, {}, "SC301", "h0"),
    ({"x": "1", "weights": "{weight_ih_l1: 1}"}, {}, "SC203", "weights"),
    ({"x": "1", "weights": "{weight_ih_l0: 1}"}, {}, "SC106", "weights"),
    ({"x": "1", "weights": "1,2"}, {}, "SC203", "weights"),
    ({"x": "1", "w_ih": "[[1], [2]]"}, {"num_layers": 2}, "SC301", "w_ih"),
    ({"x": "1", "b_hh": "1"}, {"bias": False}, "SC205", "b_hh"),
    ({"x": "1", "weights": "{weight_ih_l0: 1, weight_hh_l0: 1}", "w_ih": "1"}, {}, "SC205", "w_ih"),
]


def test_arrays_that_do_not_fit_are_refused_with_their_field() -> None:
    for texts, fields, code, field in REFUSED:
        with pytest.raises(LayerError) as refused:
            case(Rnn, {"hidden_size": 2, **fields}, **texts)
        assert (refused.value.code, refused.value.field) == (code, field), texts


def test_a_size_that_follows_from_nothing_is_named() -> None:
    with pytest.raises(KeyError, match="hidden_size"):
        case(x="1")
    with pytest.raises(KeyError, match="seq"):
        case(Rnn, {"hidden_size": 2}, x="ones")


def test_too_many_numbers_are_refused_before_any_is_made() -> None:
    for sizes, code in (
        ({"seq": 10**12, "input_size": 1}, "SC705"),
        ({"seq": 1, "input_size": 10**8}, "SC701"),
        ({"seq": 10, "input_size": 2, "batch": 10**9}, "SC701"),
    ):
        with pytest.raises(ShapecalcError) as refused:
            recurrent_case(Rnn, {"hidden_size": 3}, sizes, {})
        assert refused.value.diagnostics[0].code == code
    with pytest.raises(ShapecalcError) as refused:
        recurrent_case(Rnn, {"hidden_size": 4_000}, {"seq": 1_000, "input_size": 1}, {})
    assert refused.value.diagnostics[0].code == "SC705"
