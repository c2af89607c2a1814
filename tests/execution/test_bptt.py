"""Gradients step by step: their sums are the kernel's gradients, which are PyTorch's, and the slopes of the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from shapecalc.execution.bptt import LossAt, Propagated, norm, propagate_back, take_apart
from shapecalc.execution.recurrent_inputs import RecurrentCase, recurrent_case
from shapecalc.execution.recurrent_targets import propagated
from shapecalc.layers.recurrent import Gru, Lstm, Recurrent, Rnn
from tests.oracle.test_torch_gradients_recurrent import CASES, FIXTURE, filled, layer_of, shapes_of, went_back

if TYPE_CHECKING:
    from shapecalc.execution.bptt import LayerGradients
    from shapecalc.reference.gradients import Context


def summed(layer: LayerGradients) -> dict[str, Any]:
    totals: dict[str, Any] = {}
    for each in layer.passes:
        for step in each.steps:
            for name, array in step.contributions.items():
                totals[name] = totals.get(name, 0) + array
    return totals


def test_contributions_of_all_steps_add_up_to_pytorchs_gradients() -> None:
    """Rows of the fixture have several layers, both directions, projections and truncation."""
    truncated = 0
    for part, row, expected in CASES:
        if part != "recurrent":
            continue
        layer, (ctx, _) = layer_of(row), went_back(row)
        assert isinstance(layer, Recurrent)
        gradients = tuple(
            filled(*rule, y.shape) if name in row["by"] else None
            for rule, name, y in zip(FIXTURE["fill"]["gradients"], ctx.call.outputs, ctx.outputs, strict=False)
        )
        returned = find_backward_of(ctx, gradients)
        apart = take_apart(layer, ctx, gradients, returned)
        totals = summed(apart)
        assert totals.keys() == layer.parameters(*shapes_of(row)).keys()
        for name, total in totals.items():
            np.testing.assert_allclose(total, expected[name], rtol=1e-5, atol=1e-5, err_msg=f"{row} {name}")
        truncated += any(step.is_cut for each in apart.passes for step in each.steps)
    assert truncated > 5


def find_backward_of(ctx: Context, gradients: tuple[Any, ...]) -> Any:
    from shapecalc.reference import find_backward

    return find_backward(ctx.call.kernel)(ctx, *gradients)


@st.composite
def propagations(draw: st.DrawFn) -> tuple[RecurrentCase, Propagated]:
    kind = draw(st.sampled_from([Rnn, Lstm, Gru]))
    hidden = draw(st.integers(1, 4))
    fields: dict[str, Any] = {"proj_size": draw(st.integers(0, hidden - 1))} if kind is Lstm else {}
    if kind is Rnn:
        fields["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    fields |= {
        "hidden_size": hidden,
        "num_layers": draw(st.integers(1, 3)),
        "bidirectional": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
        "bias": draw(st.booleans()),
    }
    sizes = {"seq": draw(st.integers(1, 6)), "batch": draw(st.integers(1, 3)), "input_size": draw(st.integers(1, 3))}
    found = recurrent_case(kind, fields, sizes, {}, seed=draw(st.integers(0, 99)))
    name = "each" if draw(st.booleans()) else "last"
    target = np.zeros(found.layer.output_shape(found.inputs[0].shape))  # type: ignore[arg-type]
    every = np.moveaxis(target, 1, 0) if found.layer.batch_first else target
    loss = LossAt("sum_of_squares", draw(st.sampled_from(["sum", "mean"])), every if name == "each" else every[-1:])
    result = propagate_back(
        "net",
        [found.call],
        {"x": found.inputs[0]},
        "output",
        loss,
        layers={found.call.path: found.layer},
        batch_first=found.layer.batch_first,
        truncate=draw(st.none() | st.integers(1, 5)),
    )
    return found, result


@settings(deadline=None)
@given(propagations())
def test_contributions_add_up_to_the_gradient_of_the_kernel(drawn: tuple[RecurrentCase, Propagated]) -> None:
    found, result = drawn
    (layer,) = result.layers
    totals = summed(layer)
    assert totals.keys() == found.call.parameters.keys()
    for name, total in totals.items():
        np.testing.assert_allclose(total, layer.returned.parameters[name], rtol=1e-9, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(total, result.gradients[f"{found.call.path}.{name}"], rtol=1e-9, atol=1e-12)


@settings(deadline=None)
@given(propagations())
def test_what_arrives_at_a_state_is_of_its_output_and_of_the_next_step(drawn: tuple[RecurrentCase, Propagated]) -> None:
    _, result = drawn
    for each in result.layers[0].passes:
        for place, step in enumerate(each.steps):
            np.testing.assert_allclose(step.of_h, step.from_above + step.from_next["h"], rtol=1e-12, atol=1e-15)
            is_first_of_a_chunk = place + 1 == len(each.steps) or step.is_cut
            assert not is_first_of_a_chunk or not step.from_next["h"].any()


def test_a_gradient_is_the_slope_of_the_loss() -> None:
    """With a head and cross-entropy, for the loss of every step, of the last one, and for their mean."""
    texts = {"x": "[[1,0],[0,1],[1,1]]", "h0": "0.1,-0.2", "w_hh": "0.2,0.1,-0.4,0.3", "b_ih": "0.1,0.2"}
    for target, reduction in (("0,2,1", "sum"), ("0,2,1", "mean"), ("1", "sum")):

        def loss(w: float, target: str = target, reduction: str = reduction) -> Propagated:
            case = recurrent_case(Rnn, {}, {}, {**texts, "w_ih": f"0.5,{w},0.1,0.8"})
            head = {"target": target, "w_out": "[[1,-1],[0.5,0.2],[0,1]]", "b_out": "0,0.1,0"}
            return propagated(case, head, loss=None, reduction=reduction)

        slope = (loss(-0.3 + 1e-5).value - loss(-0.3 - 1e-5).value) / 2e-5
        found = loss(-0.3)
        assert found.gradients["rnn.weight_ih_l0"][0, 1] == pytest.approx(slope, rel=1e-8), (target, reduction)
        assert found.head.keys() == {"head.weight", "head.bias"}
        for name, arrays in found.head.items():
            np.testing.assert_allclose(sum(arrays), found.gradients[name], rtol=1e-12, err_msg=name)
        for each in found.losses:
            assert each.probabilities is not None
            assert each.probabilities.sum() == pytest.approx(1)
            chosen = -np.log(each.probabilities[0, each.targets[0]])
            assert each.value * (3 if reduction == "mean" else 1) == pytest.approx(chosen)


def test_the_value_of_json_has_every_gradient_of_every_step() -> None:
    case = recurrent_case(Lstm, {"hidden_size": 2, "num_layers": 2}, {"seq": 3, "input_size": 2}, {})
    document = propagated(case, {"target": "0"}, loss=None).to_dict()
    (layer,) = document["layers"]
    assert [each["name"] for each in layer["passes"]] == ["l0", "l1"]
    for each in layer["passes"]:
        assert [step["time"] for step in each["steps"]] == [1, 2, 3]
        assert all({"h", "c"} == step["from_next"].keys() and len(step["contributions"]) == 4 for step in each["steps"])
    assert document["losses"][0]["time"] == 3


def test_a_norm_is_that_of_all_elements() -> None:
    assert norm(np.array([[1.0, 2.0], [2.0, 4.0]])) == 5
