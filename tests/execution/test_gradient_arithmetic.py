"""The arithmetic of gradients: the numbers that are written give the gradients of the kernel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hypothesis import given, strategies as st

from shapecalc.execution.gradient_arithmetic import element_name, gradient_lines, sum_lines
from shapecalc.execution.recurrent_inputs import recurrent_case
from shapecalc.execution.recurrent_targets import propagated
from shapecalc.layers.recurrent import Gru, Lstm, Rnn

if TYPE_CHECKING:
    from shapecalc.execution.bptt import LayerGradients


def evaluated(text: str) -> float:
    python = text.replace("·", "*").replace("−", "-").replace("^", "**")
    assert re.fullmatch(r"[\d.e+*() \-]+", python), python
    return float(eval(python, {"__builtins__": {}}))


def apart(kind: type, seed: int = 0, truncate: int | None = None, **fields: Any) -> LayerGradients:
    case = recurrent_case(kind, fields, {"seq": 3, "input_size": 2}, {}, seed=seed)
    return propagated(case, {"target": "0.5"}, loss=None, truncate=truncate).layers[0]


@given(
    st.sampled_from([Rnn, Lstm, Gru]),
    st.integers(1, 2),
    st.integers(0, 99),
    st.none() | st.integers(1, 3),
)
def test_every_line_has_the_value_that_the_kernel_computed(
    kind: type, hidden: int, seed: int, truncate: int | None
) -> None:
    layer = apart(kind, seed, truncate, hidden_size=hidden)
    (each,) = layer.passes
    expected = {}
    for step in each.steps:
        for unit in range(hidden):
            place = "₀₁₂₃"[step.step.time] + (f"[{unit}]" if hidden > 1 else "")
            expected[f"∂L/∂h{place} from next"] = step.from_next["h"][unit, 0]
            for gate, letter in enumerate(layer.unrolled.layer.cell.gates):
                expected[f"δ{letter}{place}"] = step.from_input[gate * hidden + unit, 0]
    lines = list(gradient_lines(layer, each))
    assert len(lines) >= len(each.steps)
    for line in lines:
        name, expression, *rest = line.split(" = ")
        assert abs(evaluated(expression) - expected[name]) < 1e-4, line
        assert abs(evaluated((rest or [expression])[-1]) - expected[name]) < 1e-4, line


def test_the_terms_of_a_sum_are_its_value() -> None:
    for kind in (Rnn, Lstm, Gru):
        layer = apart(kind, hidden_size=1)
        steps = layer.passes[0].steps
        for name, total in layer.returned.parameters.items():
            lines = list(sum_lines(layer, steps, name))
            assert len(lines) == total.size
            for line, value in zip(lines, total.ravel().tolist(), strict=True):
                expression, result = line.partition(": ")[2].split(" = ")
                assert abs(evaluated(expression) - value) < 1e-4, line
                assert abs(evaluated(result) - value) < 1e-4, line


def test_nothing_is_written_of_many_numbers_of_several_samples_or_a_projection() -> None:
    for fields in ({"hidden_size": 9}, {"hidden_size": 2, "proj_size": 1}):
        layer = apart(Lstm, **fields)
        assert list(gradient_lines(layer, layer.passes[0])) == []
    assert list(sum_lines(layer, layer.passes[0].steps, "weight_hr_l0")) == []


def test_the_name_of_an_element_is_that_of_the_equations() -> None:
    assert element_name(Gru(hidden_size=3), "weight_hh_l1_reverse", (8, 2)) == "W_hn[2, 2]"
    assert element_name(Rnn(hidden_size=3), "bias_ih_l0", (2,)) == "b_ih[2]"
    assert element_name(Lstm(hidden_size=3, proj_size=2), "weight_hr_l0", (1, 2)) == "W_hr[1, 2]"
