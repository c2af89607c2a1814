"""Values step by step as text, at 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.calculators.tracing import number
from shapecalc.execution.recurrent_inputs import recurrent_case
from shapecalc.execution.unrolling import unroll
from shapecalc.layers.recurrent import Gru, Lstm, Rnn
from shapecalc.render.unrolled import MOST_LINES, equation, text, values
from tests.render.test_eighty_columns import check_document, check_lines

if TYPE_CHECKING:
    from shapecalc.execution.unrolling import Unrolled
    from shapecalc.layers.recurrence import Recurrent


def case(kind: type[Recurrent], fields: dict[str, Any], sizes: dict[str, int], **texts: str) -> Unrolled:
    found = recurrent_case(kind, fields, sizes, texts)
    return unroll(found.layer, found.call, found.inputs)


def in_80(found: Unrolled, *, everything: bool = False, unicode: bool = True) -> str:
    return text(found, everything=everything, width=80, color=False, unicode=unicode)


CASES = [
    case(Lstm, {"hidden_size": 20, "num_layers": 2}, {"seq": 5, "batch": 3, "input_size": 10}),
    case(Lstm, {"hidden_size": 3, "proj_size": 2, "bidirectional": True}, {"seq": 2, "input_size": 4}),
    case(Gru, {"hidden_size": 2, "batch_first": True}, {"seq": 3, "batch": 4, "input_size": 2}),
    case(Rnn, {"hidden_size": 1}, {"seq": 200, "input_size": 1}),
    case(Lstm, {"hidden_size": 1}, {}, x="-123456.789,1e-30,7", w_ih="-0.000123456", w_hh="-98765.4321"),
]


def test_each_fits_80_columns_and_no_row_wraps() -> None:
    for found in CASES:
        check_document(values(found))
        for shown in (in_80(found), in_80(found, everything=True)):
            check_lines(shown.split("\noutput ")[0])


def test_an_ascii_terminal_gets_ascii() -> None:
    for found in CASES:
        assert in_80(found, unicode=False).isascii()


def test_every_gate_is_written_on_request_else_as_many_as_are_readable() -> None:
    found = CASES[2]
    per_step = 4 * 2
    assert in_80(found, everything=True).count(" = ") > 3 * 4 * per_step
    shown = in_80(found)
    assert shown.count("step 1, ") <= 4
    assert f"of {3 * 4 * per_step} gates and states; --all shows all" in shown
    assert sum(line.startswith(("r", "z", "n", "h₁")) for line in shown.splitlines()) <= MOST_LINES


def test_row_0_has_the_initial_states_and_a_summary_the_means() -> None:
    shown = in_80(case(Gru, {"hidden_size": 2}, {}, x="1,2", h0="0.25,-0.5")).splitlines()
    assert [line.split() for line in shown[5:7]] == [["0", "0", "0.25"], ["1", "−0.5"]]
    step = CASES[0].passes[0].steps[0]
    means = [step.gates[letter].mean() for letter in "ifgo"] + [step.after["c"].mean(), step.after["h"].mean()]
    wide = text(CASES[0], everything=False, width=120, color=False, unicode=True).splitlines()
    row = next(line for line in wide if line.startswith("   1 ")).split()
    assert row[1:] == [number(float(mean), 5) for mean in [*means, abs(step.after["h"]).max()]]


def test_a_projected_state_is_the_product_of_the_states_before_the_projection() -> None:
    shown = in_80(CASES[1], everything=True).replace("\n     ", " ").splitlines()
    step = CASES[1].passes[0].steps[0]
    for letter, state in (("m", step.unprojected), ("h", step.after["h"])):
        for unit, value in enumerate(state[:, 0].tolist()):
            (line, *_) = (line for line in shown if line.startswith(f"{letter}₁[{unit}] = "))
            assert line.endswith(f" = {number(value, 5)}"), line


def test_many_steps_are_folded_in_the_middle() -> None:
    lines = in_80(CASES[3]).splitlines()
    steps = [line.split()[0] for line in lines[3:30] if line.strip()]
    assert "…" in steps
    assert steps[-1] == "200"


def test_a_long_equation_continues_below_its_beginning() -> None:
    assert equation("h₁ = relu(1·0 + 1·1) = relu(1) = 1", 24) == ["h₁ = relu(1·0 + 1·1) =", "     relu(1) = 1"]
