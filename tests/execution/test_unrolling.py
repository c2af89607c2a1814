"""Values of every time step: those of the kernel, which are PyTorch's, and the sizes and order of directions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from shapecalc.calculators.tracing import InexactError
from shapecalc.execution.unrolling import Unrolled, recurrent_call, unroll
from shapecalc.layers.recurrent import Lstm, Recurrent, Rnn
from tests.oracle.test_torch_recurrent import ANSWERED, EXPECTED, FIXTURE, filled, input_shapes, inputs, layer_of

ROWS = [row for row in ANSWERED if isinstance(layer_of(row), Recurrent)]


def unrolled(row: dict[str, object]) -> Unrolled:
    layer = layer_of(row)
    assert isinstance(layer, Recurrent)
    a, b = FIXTURE["fill"]["parameters"]
    shapes = layer.parameters(*input_shapes(row))
    parameters = {name: filled(a, b + k, shape) / 2 for k, (name, shape) in enumerate(shapes.items())}  # type: ignore[arg-type]
    arrays = tuple(each.astype(np.float64) for each in inputs(row))
    return unroll(layer, recurrent_call(layer, parameters, arrays), arrays)


def test_the_states_of_all_steps_are_pytorchs_outputs() -> None:
    """The output of the fixture is h of the last layer at each step, both directions side by side."""
    assert len(ROWS) > 200
    for row in ROWS:
        found = unrolled(row)
        layer, expected = found.layer, EXPECTED[row["name"]]
        last = found.passes[-layer.directions :]
        by_time = [sorted(run.steps, key=lambda step: step.time) for run in last]
        output = np.concatenate([np.stack([step.after["h"].T for step in steps]) for steps in by_time], axis=2)
        wanted = expected["output"].swapaxes(0, 1) if layer.batch_first else expected["output"]
        np.testing.assert_allclose(output, wanted, rtol=1e-4, atol=1e-5, err_msg=row["name"])
        for state in ("h", "c"):
            if f"{state}_n" in expected:
                ends = np.stack([run.steps[-1].after[state].T for run in found.passes])
                np.testing.assert_allclose(ends, expected[f"{state}_n"], rtol=1e-4, atol=1e-5, err_msg=row["name"])


def test_the_steps_of_the_reverse_direction_begin_with_the_last() -> None:
    layer = Rnn(hidden_size=2, bidirectional=True, bias=False)
    x = np.arange(6.0).reshape(3, 1, 2)
    parameters = {name: np.ones(shape) for name, shape in layer.parameters(x.shape).items()}  # type: ignore[arg-type]
    found = unroll(layer, recurrent_call(layer, parameters, (x,)), (x,))
    assert [run.name for run in found.passes] == ["l0", "l0 reverse"]
    assert [[step.time for step in run.steps] for run in found.passes] == [[1, 2, 3], [3, 2, 1]]
    assert found.passes[1].steps[0].x.tolist() == [[4.0], [5.0]]


def test_a_rectified_cell_is_exact_and_one_with_sigmoids_is_refused() -> None:
    third = np.full((2, 1, 1), Fraction(1, 3), dtype=object)
    layer: Recurrent = Rnn(hidden_size=1, nonlinearity="relu", bias=False)
    weights = {"weight_ih_l0": third[0], "weight_hh_l0": third[1]}
    found = unroll(layer, recurrent_call(layer, weights, (third,)), (third,))
    assert found.outputs["output"].ravel().tolist() == [Fraction(1, 9), Fraction(4, 27)]
    assert found.to_dict()["outputs"]["h_n"] == [[["4/27"]]]
    layer = Lstm(hidden_size=1, bias=False)
    weights = {name: np.full((4, 1), Fraction(1, 3), dtype=object) for name in weights}
    with pytest.raises(InexactError, match="σ"):
        unroll(layer, recurrent_call(layer, weights, (third,)), (third,))
