from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from shapecalc.diagnostics import LayerError
from shapecalc.execution.values import layer as module
from shapecalc.execution.values.layer import WorkedTensor, compute
from shapecalc.layers import layer_type
from tests.support.kernels import call_of, gradients_of, outputs_of
from tests.support.rows import for_each
from tests.support.written_arithmetic import value_of

small = st.integers(-9, 9)
numbers = st.fractions(-4, 4, max_denominator=6)


def made(type_: str, **fields: Any) -> Any:
    layer = layer_type(type_)
    assert layer is not None
    return layer(**fields)


def array(draw: Any, shape: tuple[int, ...]) -> Any:
    values = np.empty(shape, dtype=object)
    values.reshape(-1)[:] = [draw(numbers) for _ in range(values.size)]
    return values


@st.composite
def exact_layers(draw: Any) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """A layer whose results are fractions, with its input and its parameters."""
    kind = draw(st.sampled_from(["conv", "conv_transpose", "linear", "avg_pool", "max_pool", "leaky_relu"]))
    channels, n, f = draw(st.integers(1, 2)), draw(st.integers(3, 5)), draw(st.integers(1, 3))
    s, p, groups = draw(st.integers(1, 2)), draw(st.integers(0, f // 2)), draw(st.sampled_from([1, channels]))
    x = array(draw, (1, channels, n))
    if kind == "linear":
        return made("linear", out_features=2), {"x": x}, {"weight": array(draw, (2, n)), "bias": array(draw, (2,))}
    if kind == "leaky_relu":
        return made(kind, negative_slope=0.25), {"x": x}, {}
    if kind.endswith("pool"):
        return made(kind, kernel_size=f, stride=s, padding=p), {"x": x}, {}
    layer = made(kind, out_channels=2 * groups, kernel_size=f, stride=s, padding=p, groups=groups)
    parameters = {name: array(draw, shape) for name, shape in layer.parameters(x.shape).items()}
    return layer, {"x": x}, parameters


def plain(arrays: dict[str, Any]) -> dict[str, Any]:
    return {name: each.astype(float) for name, each in arrays.items()}


@given(exact_layers())
def test_exact_results_are_the_float_results_to_rounding_and_their_working_has_their_value(case: Any) -> None:
    layer, inputs, parameters = case
    exact = compute(layer, inputs, parameters, backward=True)
    rounded = compute(layer, plain(inputs), plain(parameters), backward=True)
    for one, other in zip((*exact.outputs, *exact.gradients), (*rounded.outputs, *rounded.gradients), strict=True):
        assert one.name == other.name
        np.testing.assert_allclose(one.values.astype(float), other.values, atol=1e-12, err_msg=one.name)
        assert one.working is not None
        assert [value_of(text) for text in one.working.flat] == list(one.values.flat), one.name
        assert all(isinstance(value, Fraction) for value in one.values.flat)


@given(exact_layers())
def test_values_and_gradients_are_those_of_the_kernels(case: Any) -> None:
    layer, inputs, parameters = case
    values = compute(layer, plain(inputs), plain(parameters), backward=True)
    (x,) = plain(inputs).values()
    call = call_of(layer.type, plain(parameters), **{name: getattr(layer, name) for name in type(layer).fields})
    (output,) = outputs_of(call, x)
    np.testing.assert_allclose(values.outputs[0].values, output, atol=1e-12)
    gradients = gradients_of(call, (x,), np.ones_like(output))
    expected = {"x": gradients.inputs[0], **gradients.parameters}
    assert {each.name for each in values.gradients} == {*expected}
    for tensor in values.gradients:
        np.testing.assert_allclose(tensor.values, expected[tensor.name], atol=1e-12)


def test_a_long_run_is_not_written_down_and_has_the_same_values(monkeypatch: pytest.MonkeyPatch) -> None:
    x, layer = {"x": np.arange(12.0).reshape(3, 4)}, made("softmax")
    written = compute(layer, x, {}, backward=True)
    monkeypatch.setattr(module, "MOST_TRACED", 10)
    run = compute(layer, x, {}, backward=True)
    assert written.outputs[0].working is not None
    assert run.outputs[0].working is None
    np.testing.assert_allclose(run.outputs[0].values, written.outputs[0].values, rtol=1e-14)
    np.testing.assert_allclose(run.gradients[0].values, written.gradients[0].values, atol=1e-15)


def test_parameters_that_begin_as_constants_may_be_left_out() -> None:
    values = compute(made("layer_norm"), {"x": np.array([1.0, 2.0, 3.0])}, {})
    assert {each.name: each.values.tolist() for each in values.parameters} == {"weight": [1, 1, 1], "bias": [0, 0, 0]}


def test_a_dropped_element_is_0_and_the_others_are_scaled() -> None:
    x = np.arange(1.0, 41)
    values = compute(made("dropout", p=0.2), {"x": x}, {}, seed=3, backward=True)
    y = values.outputs[0].values
    assert {*np.round(y / x, 9)} == {0, 1.25}
    assert compute(made("dropout", p=0.2), {"x": x}, {}, seed=3).outputs[0].values.tolist() == y.tolist()
    assert values.gradients[0].values.tolist() == (y / x).tolist()
    assert compute(made("dropout"), {"x": x}, {}).outputs[0].values.tolist() == x.tolist(), "without a seed"


def test_what_a_backward_kernel_computes_again_is_not_told_twice() -> None:
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    values = compute(made("batch_norm", track_running_stats=False), {"x": x}, {}, backward=True)
    forward = {each.name for each in values.intermediates}
    assert {"mean", "variance"} <= forward
    assert not forward & {each.name for each in values.backward_intermediates}
    assert values.backward_intermediates


def test_the_gradient_of_another_loss_than_the_sum_may_be_given() -> None:
    values = compute(made("relu"), {"x": np.array([-1.0, 2.0])}, {}, backward=True, upstream=np.array([5.0, 7.0]))
    assert values.gradients[0].values.tolist() == [0, 7]


WRONG: dict[str, tuple[Any, dict[str, Any], dict[str, Any], dict[str, Any], str]] = {
    "missing weight": (made("linear", out_features=2), {"x": np.ones(3)}, {}, {}, "SC106"),
    "other shape": (
        made("linear", out_features=2, bias=False),
        {"x": np.ones(3)},
        {"weight": np.ones((2, 2))},
        {},
        "SC301",
    ),
    "unknown parameter": (made("relu"), {"x": np.ones(3)}, {"weight": np.ones(1)}, {}, "SC102"),
    "no exact result": (made("tanh"), {"x": np.array([Fraction(1, 2)], dtype=object)}, {}, {}, "SC205"),
    "exact division by zero": (
        made("batch_norm", eps=0.0, affine=False, track_running_stats=False),
        {"x": np.array([[Fraction(1)], [Fraction(1)]], dtype=object)},
        {},
        {},
        "SC205",
    ),
    "gradient of another shape": (
        made("relu"),
        {"x": np.ones(3)},
        {},
        {"backward": True, "upstream": np.ones(2)},
        "SC301",
    ),
    "index outside": (
        made("embedding", num_embeddings=2, embedding_dim=1),
        {"x": np.array([2])},
        {"weight": np.ones((2, 1))},
        {},
        "SC702",
    ),
    "too long": (
        made("linear", out_features=40_000, bias=False),
        {"x": np.ones((1, 40_000))},
        {"weight": np.lib.stride_tricks.as_strided(np.ones(1), (40_000, 40_000), (0, 0))},
        {},
        "SC705",
    ),
}


@for_each("name", WRONG)
def test_what_does_not_fit_is_refused(name: str) -> None:
    layer, inputs, parameters, more, code = WRONG[name]
    with pytest.raises(LayerError) as caught:
        compute(layer, inputs, parameters, **more)
    assert caught.value.code == code
    assert caught.value.field is not None


def test_values_that_are_not_finite_are_texts_in_json() -> None:
    document = WorkedTensor("y", np.array([np.nan, np.inf, -np.inf, 1.5])).to_dict()
    assert document["values"] == ["nan", "inf", "-inf", 1.5]
    fractions = np.array([Fraction(1, 3), Fraction(4)], dtype=object)
    assert WorkedTensor("y", fractions).to_dict()["values"] == ["1/3", 4]


def test_an_intermediate_tensor_is_taken_again_only_with_other_numbers() -> None:
    run = module.TracedRun(traced=False, exact=False)
    for numbers, taken in (([1.0, 2.0], 1), ([1.0, 2.0], 0), ([1.0, 3.0], 1)):
        run.record("p", np.array(numbers))
        assert len(run.taken()) == taken
