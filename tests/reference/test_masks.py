"""Masks of training, which are handed in: what they let pass, and the gradients of that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.layers import layer_type
from shapecalc.layers.base import fields_of
from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Call, Work
from shapecalc.reference.gradients import Context

if TYPE_CHECKING:
    from shapecalc.reference.base import Array

NUDGE = 1e-6


def call_of(word: str, x: Array, masks: dict[str, Array], **fields: Any) -> Call:
    cls = layer_type(word)
    assert cls is not None
    layer = cls(**fields)
    random = np.random.default_rng(5)
    weights = {name: random.normal(0, 0.5, shape) for name, shape in layer.parameters(x.shape).items()}
    written = {name: getattr(layer, name) for name in fields_of(cls)}
    return Call("layer", word, written, {**weights, **masks}, ("x",), tuple(layer.outputs(x.shape)))


def through(call: Call, x: Array) -> tuple[Array, ...]:
    result = find(call.kernel).run(replace(call, work=Work()), x)
    return result if isinstance(result, tuple) else (result,)


def mask(shape: tuple[int, ...]) -> Array:
    return (np.random.default_rng(8).random(shape) < 0.5) * 2.0


@pytest.mark.parametrize("word", ["dropout", "stochastic_depth"])
def test_a_mask_applies_to_the_output_and_to_the_gradient(word: str) -> None:
    x, kept = np.arange(6.0).reshape(2, 3), np.array([[0.0, 2.0, 2.0], [2.0, 0.0, 0.0]])
    call = call_of(word, x, {"mask": kept}, p=0.5)
    (y,) = through(call, x)
    assert y.tolist() == [[0, 2, 4], [6, 0, 0]]
    found = find_backward(word)(Context(call, (x,), (y,)), np.ones((2, 3)))
    assert found.inputs[0] is not None
    assert found.inputs[0].tolist() == kept.tolist()


@pytest.mark.parametrize("word", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_gradients_between_masked_layers_equal_central_differences(word: str, bidirectional: bool) -> None:
    x = np.random.default_rng(2).standard_normal((3, 5, 2))
    fields = {"hidden_size": 4, "num_layers": 3, "batch_first": True, "bidirectional": bidirectional, "dropout": 0.5}
    width = 8 if bidirectional else 4
    call = call_of(word, x, {f"mask_l{level}": mask((5, 3, width)) for level in (0, 1)}, **fields)
    outputs = through(call, x)
    weights = [np.cos(np.arange(y.size)).reshape(y.shape) for y in outputs]
    assert not np.array_equal(outputs[0], through(call_of(word, x, {}, **fields), x)[0])
    found = find_backward(word)(Context(call, (x,), outputs), *weights)
    assert found.inputs[0] is not None
    named = {"x": (x, found.inputs[0]), "weight": (call.parameters["weight_hh_l0"], found.parameters["weight_hh_l0"])}
    for name, (array, gradient) in named.items():
        for at in ((0,) * array.ndim, (-1,) * array.ndim):
            losses = []
            for nudge in (NUDGE, -2 * NUDGE):
                array[at] += nudge
                losses.append(sum((y * w).sum() for y, w in zip(through(call, x), weights, strict=True)))
            array[at] += NUDGE
            assert gradient[at] == pytest.approx((losses[0] - losses[1]) / (2 * NUDGE), abs=1e-6), name
