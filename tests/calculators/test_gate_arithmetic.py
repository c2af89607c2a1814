"""Lines of arithmetic: the numbers that are written give the result that is written."""

from __future__ import annotations

import re
from math import exp, tanh
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, strategies as st

from shapecalc.calculators.gate_arithmetic import GateLine, lines_of
from shapecalc.execution.unrolling import Unrolled, recurrent_call, unroll
from shapecalc.layers.recurrent import Gru, Lstm, Recurrent, Rnn
from shapecalc.render.unrolled import unit_step

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTIONS = {"tanh": tanh, "relu": lambda x: max(x, 0), "sigma": lambda x: 1 / (1 + exp(-x))}


def evaluated(text: str) -> float:
    """Return the value of an expression as written."""
    python = text.replace("σ", "sigma").replace("·", "*").replace("−", "-")
    assert re.fullmatch(r"[\d.e+*() \-a-z]+", python), python
    return float(eval(python, {"__builtins__": {}}, FUNCTIONS))


def all_lines(found: Unrolled) -> Iterator[GateLine]:
    for run in found.passes:
        for step in run.steps:
            for unit in range(found.layer.hidden_size):
                yield from lines_of(found.layer, unit_step(found, run, step, unit, 0))


@st.composite
def unrolled(draw: st.DrawFn) -> Unrolled:
    kind = draw(st.sampled_from([Rnn, Lstm, Gru]))
    fields: dict[str, Any] = {"nonlinearity": draw(st.sampled_from(["tanh", "relu"]))} if kind is Rnn else {}
    layer: Recurrent = kind(hidden_size=draw(st.integers(1, 3)), bias=draw(st.booleans()), **fields)
    random = np.random.default_rng(draw(st.integers(0, 999)))
    x = random.standard_normal((draw(st.integers(1, 3)), 1, draw(st.integers(1, 3))))
    shapes: dict[str, Any] = layer.parameters(x.shape)
    parameters = {name: random.uniform(-1, 1, shape) for name, shape in shapes.items()}
    return unroll(layer, recurrent_call(layer, parameters, (x,)), (x,))


@given(unrolled())
def test_every_line_has_the_value_that_the_kernel_computed(found: Unrolled) -> None:
    lines = list(all_lines(found))
    assert len(lines) == len(found.passes[0].steps) * found.layer.hidden_size * len(found.layer.cell.equations)
    for line in lines:
        for expression in (line.numbers, line.reduced):
            assert abs(evaluated(expression) - line.result) < 3e-4, line.text


def test_a_long_sum_is_shortened_in_the_middle() -> None:
    layer = Rnn(hidden_size=1, nonlinearity="relu", bias=False)
    x = np.arange(20.0).reshape(1, 1, 20)
    parameters = {"weight_ih_l0": np.ones((1, 20)), "weight_hh_l0": np.ones((1, 1))}
    found = unroll(layer, recurrent_call(layer, parameters, (x,)), (x,))
    (line,) = all_lines(found)
    assert line.text == "h₁ = relu(1·0 + 1·1 + 1·2 + … (15 terms) + 1·18 + 1·19 + 1·0) = relu(190) = 190"
