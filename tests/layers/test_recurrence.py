"""What all recurrent layers share: the gradients that truncation makes unnecessary."""

from __future__ import annotations

import numpy as np

from shapecalc.layers.recurrence import Recurrent
from shapecalc.reference import find_backward
from shapecalc.reference.gradients import Context
from tests.house.test_harness import call_of, tensors
from tests.support import kernels
from tests.support.examples.table import example


def test_the_multiply_accumulates_of_truncated_gradients_are_those_predicted() -> None:
    for word, fields in (("lstm", {}), ("gru", {}), ("gru", {"reset_after": False}), ("rnn", {})):
        row = example(word, "truncated", (7, 2, 5), hidden_size=3, num_layers=2, **fields)
        layer, shapes = row.layer(), row.at({})
        assert isinstance(layer, Recurrent)
        call = call_of(row, tensors(layer, shapes), np.float64)
        x = np.ones(shapes[0])
        outputs = kernels.outputs_of(call, x)
        for truncate in (1, 2, 3, 7, None):
            ctx = Context(call, (x,), outputs, truncate=truncate)
            find_backward(word)(ctx, *map(np.ones_like, outputs))
            found = (ctx.to_inputs.macs, ctx.to_parameters.macs)
            assert found == layer.backward_macs(*shapes, outputs[0].shape, truncate=truncate), (word, truncate)
