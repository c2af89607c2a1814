"""Back-propagation through time as text, at 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.calculators.gate_arithmetic import shown
from shapecalc.execution.recurrent_inputs import recurrent_case
from shapecalc.execution.recurrent_targets import propagated
from shapecalc.layers.recurrent import Gru, Lstm, Rnn
from shapecalc.render.bptt import propagation, text
from tests.render.test_eighty_columns import check_document, check_lines

if TYPE_CHECKING:
    from shapecalc.execution.bptt import Propagated
    from shapecalc.layers.recurrence import Recurrent


def case(
    kind: type[Recurrent], fields: dict[str, Any], sizes: dict[str, int], target: str, truncate: int | None = None
) -> Propagated:
    return propagated(recurrent_case(kind, fields, sizes, {}), {"target": target}, loss=None, truncate=truncate)


CASES = [
    case(Lstm, {"hidden_size": 3}, {"seq": 3, "input_size": 3}, "0,1,2"),
    case(
        Gru, {"hidden_size": 2, "num_layers": 2, "bidirectional": True}, {"seq": 5, "batch": 2, "input_size": 2}, "0.5"
    ),
    case(Rnn, {"hidden_size": 6, "batch_first": True}, {"seq": 40, "batch": 2, "input_size": 3}, "4,5", truncate=7),
    case(Lstm, {"hidden_size": 40, "proj_size": 8}, {"seq": 9, "input_size": 3}, "0,1,2,3,4,5,6,7,0"),
]


def in_80(found: Propagated, *, unicode: bool = True) -> str:
    return text(found, width=80, color=False, unicode=unicode)


def test_each_fits_80_columns_and_no_row_wraps() -> None:
    for found in CASES:
        check_document(propagation(found, 80))
        check_lines(in_80(found))
        assert in_80(found, unicode=False).isascii()


def test_every_column_stays_in_80_columns() -> None:
    """What does not fit as a list is a norm; nothing is left out."""
    for found in CASES:
        shown = in_80(found)
        for heading in ("loss", "from next", "∂L/∂h"):
            assert any(heading in line.replace("‖", "") for line in shown.splitlines() if line.startswith("step "))
        wide = text(found, width=200, color=False, unicode=True)
        heads = [[line for line in each.splitlines() if line.startswith("step")] for each in (shown, wide)]
        assert [line.replace("‖", "").split() for line in heads[0]] == [
            line.replace("‖", "").split() for line in heads[1]
        ]
        assert wide.count("‖") <= shown.count("‖")


def test_the_gradient_of_a_linear_recurrence() -> None:
    """h = 1, 5/2, 17/4 and L = ½h₃²: the terms of ∂L/∂w are 0, 17/8 and 85/8."""
    given = {"x": "1,2,3", "w_ih": "1", "w_hh": "1/2"}
    linear = recurrent_case(Rnn, {"nonlinearity": "relu", "bias": False}, {}, given, exact=True)
    shown = in_80(propagated(linear, {"target": "0"}, loss=None, exact=True)).splitlines()
    assert "L₃ = ½·(17/4 − 0)² = 289/32" in shown
    assert "   2          0       17/8   17/8" in shown
    assert "W_hh       0    17/8    85/8  51/4" in shown
    assert "W_hh: (17/16)·0 + (17/8)·1 + (17/4)·(5/2) = 51/4" in shown


def test_the_table_has_the_state_that_the_loss_reads() -> None:
    """Of stacked layers that of the last one, which needs no column of predictions."""
    stacked = case(Rnn, {"hidden_size": 2, "num_layers": 2}, {"seq": 2, "input_size": 1}, "[[1, 2], [3, 4]]")
    table = in_80(stacked).splitlines()[5:9]
    assert table[0].split() == ["step", "x", "h", "target", "loss"]
    for line, loss in zip(table[2:], stacked.losses, strict=True):
        assert f"[{', '.join(map(shown, loss.predictions.ravel().tolist()))}]" in line


def test_what_arrives_comes_from_the_loss_or_from_the_layer_above_and_in_part_from_the_next_step() -> None:
    """h = 1, 3, and of 2 layers 1, 5, with all weights 1 and L = ½h₂²: each gradient goes on unchanged."""
    fields = {"hidden_size": 1, "num_layers": 2, "nonlinearity": "relu", "bias": False}
    ones = recurrent_case(Rnn, fields, {}, {"x": "1,2", "weights": "ones"})
    lines = in_80(propagated(ones, {"target": "0,0"}, loss=None)).splitlines()
    upper, lower = (lines.index(f"back through time, {name}") for name in ("l1", "l0"))
    assert [line.split() for line in lines[upper + 3 : upper + 5]] == [["2", "4", "0", "4"], ["1", "1", "4", "5"]]
    assert [line.split() for line in lines[lower + 3 : lower + 5]] == [["2", "4", "0", "4"], ["1", "5", "4", "9"]]
    assert "from loss" in lines[upper + 1]
    assert "from above" in lines[lower + 1]
    assert lines[upper + 8].startswith("   1  5  ×1  █")


def test_the_probability_of_a_target_is_the_mean_of_those_of_samples() -> None:
    found = case(Rnn, {"hidden_size": 3}, {"seq": 1, "batch": 2, "input_size": 1}, "0,2")
    (loss,) = found.losses
    row = next(line for line in in_80(found).splitlines() if line.startswith("   1 ")).split()
    assert loss.probabilities is not None
    assert row[-2] == shown((loss.probabilities[0, 0] + loss.probabilities[1, 2]) / 2)


def test_the_mean_of_a_loss_is_written_as_one() -> None:
    mean = recurrent_case(Rnn, {"nonlinearity": "relu", "bias": False}, {}, {"x": "1,2", "w_ih": "1", "w_hh": "1"})
    shown = in_80(propagated(mean, {"target": "0,2"}, loss="mse", reduction="mean")).splitlines()
    assert shown[9:13] == ["L₁ = (1 − 0)² = 1", "L₂ = (3 − 2)² = 1", "L = (1 + 1)/2 = 1", ""], shown


def test_a_cut_is_marked_and_nothing_arrives_there() -> None:
    shown = in_80(CASES[2])
    assert "no gradient passes every 7 steps" in shown
    assert "cut" in next(line for line in shown.splitlines() if line.startswith("  33 ")), shown
