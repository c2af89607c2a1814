"""The kernel of experts: choices, groups, and what follows from experts that are alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shapecalc.layers.base import fields_of
from shapecalc.layers.experts import Experts
from shapecalc.reference import find
from shapecalc.reference.base import Array, Call
from shapecalc.reference.experts import highest, in_best_groups

FEW = {"count": 6, "top_k": 2, "hidden_features": 5}
X = (3, 4, 7)


def call_of(**fields: Any) -> Call:
    layer = Experts(**{**FEW, **fields})
    random = np.random.default_rng(3)
    shapes = {**layer.parameters(X), **layer.buffers(X)}
    tensors = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    return Call(
        "layer", "experts", {name: getattr(layer, name) for name in fields_of(Experts)}, tensors, ("x",), ("y",)
    )


def run(call: Call, x: Array) -> Array:
    y = find("experts").run(call, x)
    assert isinstance(y, np.ndarray)
    return y


def values() -> Array:
    return np.random.default_rng(5).standard_normal(X)


def test_the_highest_are_chosen_one_after_the_other_and_of_equal_ones_the_first() -> None:
    scores = np.array([[0.1, 0.4, 0.4, 0.2], [3.0, 1.0, 2.0, 5.0]])
    assert highest(scores, 3).tolist() == [[1, 2, 3], [3, 0, 2]]


def test_experts_are_chosen_from_the_best_groups_alone() -> None:
    """The sum of two is highest in the second group, the highest single score is in the third."""
    scores = np.array([[0.1, 0.2, 0.5, 0.6, 0.7, 0.0]])
    call = call_of(groups=3, top_k_groups=1, group_score="top_2")
    assert in_best_groups(call, scores).tolist() == [[3, 2]]
    call = call_of(groups=3, top_k_groups=1)
    assert in_best_groups(call, scores).tolist() == [[4, 5]]


def test_experts_that_are_alike_are_one_feed_forward_network_whatever_the_router_says() -> None:
    call, x = call_of(), values()
    for name in ("experts.gate_up_proj", "experts.down_proj"):
        call.parameters[name][:] = call.parameters[name][0]
    gate, up = np.split(x @ call.parameters["experts.gate_up_proj"][0].T, 2, axis=-1)
    expected = (gate / (1 + np.exp(-gate)) * up) @ call.parameters["experts.down_proj"][0].T
    np.testing.assert_allclose(run(call, x), expected, rtol=1e-12)


def test_a_correction_changes_the_choice_and_not_the_weights() -> None:
    x, call = values(), call_of(router="sigmoid", normalize=False, correction_bias=True, count=3, top_k=3)
    plain = run(call, x)
    call.parameters["gate.e_score_correction_bias"][:] += [9.0, -9.0, 5.0]
    np.testing.assert_allclose(run(call, x), plain, rtol=1e-12)
    call = call_of(router="sigmoid", normalize=False, correction_bias=True, top_k=1)
    call.parameters["gate.e_score_correction_bias"][:] = [0, 0, 0, 9.0, 0, 0]
    for name in ("experts.gate_up_proj", "experts.down_proj"):
        call.parameters[name][[0, 1, 2, 4, 5]] = np.nan
    assert np.isfinite(run(call, x)).all()


def test_tokens_do_not_see_each_other() -> None:
    call, x = call_of(bias=True, shared_experts=1, shared_gate=True), values()
    together = run(call, x)
    for place in np.ndindex(X[:-1]):
        np.testing.assert_allclose(run(call, x[place]), together[place], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gate.weight", "a router of 7 rows for 6 experts"),
        ("experts.down_proj", "7 entries of experts.down_proj for 6 experts"),
    ],
)
def test_a_tensor_for_another_number_of_experts_is_refused(name: str, says: str) -> None:
    call = call_of()
    tensors = {**call.parameters, name: np.concatenate([call.parameters[name], call.parameters[name][:1]])}
    broken = Call(call.path, call.kernel, call.fields, tensors, call.inputs, call.outputs)
    with pytest.raises(ValueError, match=says):
        find("experts").run(broken, values())
