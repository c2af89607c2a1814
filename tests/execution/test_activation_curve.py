"""Curves of activation functions: values, derivatives, ranges and saturation against PyTorch's, and closed forms."""

from __future__ import annotations

import json
from math import acosh, log, sqrt
from pathlib import Path

import numpy as np
import pytest

from shapecalc.execution.activation_curve import FLAT, curve, saturation, values
from shapecalc.layers import Layer, layer_type, layer_types
from shapecalc.layers.activation import Elu, LeakyRelu, Relu, Sigmoid, Silu, Softmax, Softplus, Tanh
from shapecalc.layers.linear import Linear

FIXTURE = json.loads((Path(__file__).parents[1] / "oracle" / "torch_activations.json").read_text(encoding="utf-8"))
ROWS = FIXTURE["rows"]


def made(row: dict[str, object]) -> Layer:
    cls = layer_type(str(row["layer"]))
    assert cls is not None
    fields = row["fields"]
    assert isinstance(fields, dict)
    return cls(**fields)


def test_every_activation_function_has_a_row_of_pytorchs() -> None:
    drawn = {name for name, cls in layer_types().items() if cls.value_range is not Layer.value_range}
    assert drawn == {row["layer"] for row in ROWS}
    assert len(drawn) == 24


def test_values_and_derivatives_are_pytorchs() -> None:
    """PyTorch's derivative of `hardsigmoid` is 1/6 in float32, also in float64."""
    for row in ROWS:
        value, derivative = values(made(row), np.array(FIXTURE["x"]), row["others"])
        name = f"{row['layer']} {row['fields']} {row['others']}"
        tolerance = 5e-8 if row["layer"] == "hardsigmoid" else 1e-10
        np.testing.assert_allclose(value, row["value"], rtol=1e-12, atol=1e-15, err_msg=name)
        np.testing.assert_allclose(derivative, row["derivative"], rtol=tolerance, atol=1e-15, err_msg=name)


def test_the_range_has_all_of_pytorchs_values_and_no_room_beyond_an_end() -> None:
    """Within 40 of 0; a float next to an open end is rounded to it, so the end itself may be a value."""
    for row in ROWS:
        if max(row["others"], default=0) > 40:
            continue
        interval, name = made(row).value_range, f"{row['layer']} {row['fields']}"
        assert interval is not None
        least, greatest = row["least"], row["greatest"]
        # x / (1 + |x|) is 1/41 from its end at 40.
        near = 1 / 41 + 1e-9 if row["layer"] == "softsign" else 0
        assert interval.low <= least + 1e-15, name
        assert greatest <= interval.high, name
        if interval.low > -1e300:
            assert least == pytest.approx(interval.low, abs=1e-3 + near), name
        else:
            assert least < -0.03, name
        if interval.high < 1e300:
            assert greatest == pytest.approx(interval.high, abs=1e-9 + near), name
        else:
            assert greatest == pytest.approx(row["value"][-1] / 8 * 40, rel=0.2), name


def test_an_end_of_a_range_belongs_to_it_if_a_number_reaches_it() -> None:
    """At 0, at 7 and at the minimum the closed ends are reached; 30 is not enough for an open one."""
    x = np.array([-30.0, -3.5, 0.0, 7.0])
    for row in ROWS:
        layer = made(row)
        interval = layer.value_range
        assert interval is not None
        value = values(layer, x, row["others"])[0]
        for end, included in ((interval.low, interval.includes_low), (interval.high, interval.includes_high)):
            if not included:
                assert end not in value[1:], row
            elif float(end).is_integer():
                assert end in value, row


def test_saturation_is_where_pytorchs_derivative_stays_small() -> None:
    for row in ROWS:
        found = saturation(made(row), others=row["others"])
        ends = {(interval.low > -1e300): interval[interval.low <= -1e300] for interval in found}
        expected = {above: row[key] for above, key in ((False, "below"), (True, "above")) if row[key] is not None}
        assert ends == pytest.approx(expected, abs=2e-9), row["layer"]


def test_saturation_has_closed_forms() -> None:
    """σ′ = 1/(2 + 2 cosh x), tanh′ = 1/cosh² x, and exponentials."""
    sigmoid = acosh(1 / (2 * FLAT) - 1)
    tanh = acosh(1 / sqrt(FLAT))
    assert [interval[:2] for interval in saturation(Sigmoid())] == [
        (-np.inf, pytest.approx(-sigmoid, abs=1e-9)),
        (pytest.approx(sigmoid, abs=1e-9), np.inf),
    ]
    assert saturation(Tanh())[1].low == pytest.approx(tanh, abs=1e-9)
    assert saturation(Elu(alpha=50.0))[0].high == pytest.approx(log(FLAT / 50), abs=1e-9)
    assert saturation(Softplus(beta=1e-3))[0].high == pytest.approx(log(FLAT / (1 - FLAT)) * 1000, abs=1e-6)
    assert saturation(Sigmoid(), flat=0.2)[1].low == pytest.approx(acosh(1 / 0.4 - 1), abs=1e-9)


def test_the_derivative_is_small_everywhere_in_the_interval_and_large_just_outside() -> None:
    for row in ROWS:
        layer = made(row)
        for interval in saturation(layer, others=row["others"]):
            side = -1 if interval.low < -1e300 else 1
            end = interval.high if side < 0 else interval.low
            inside = end + side * np.geomspace(1e-6, 900, 5000)
            assert (np.abs(values(layer, inside, row["others"])[1]) < FLAT).all(), row
            outside = values(layer, np.array([end - side * 1e-6]), row["others"])[1]
            assert abs(outside[0]) > FLAT * (1 - 1e-4), row


def test_a_kink_belongs_to_the_interval_as_its_derivative_says() -> None:
    """PyTorch's derivative of `relu` is 0 at 0; the sigmoid's is the threshold itself at its end."""
    assert [str(interval) for interval in saturation(Relu())] == ["(−∞, 0]"]
    assert [str(interval) for interval in saturation(Sigmoid())] == ["(−∞, −4.58486)", "(4.58486, ∞)"]


def test_a_slope_of_the_threshold_is_not_saturation() -> None:
    assert saturation(LeakyRelu(negative_slope=FLAT)) == ()
    assert [str(each) for each in saturation(LeakyRelu(negative_slope=0.0099))] == ["(−∞, 0]"]


def test_a_curve_reaches_past_saturation_and_marked_numbers() -> None:
    silu = curve(Silu())
    assert silu.points[0].x < silu.saturated[0].high - 1
    assert curve(Silu(), [20.0]).points[-1].x > 20
    far = curve(Silu(), [1e300])
    assert (far.points[-1].x, far.marked[0].value) == (5, 1e300)


def test_a_softmax_is_the_sigmoid_of_its_first_score_less_the_logarithm_of_the_others() -> None:
    drawn = curve(Softmax(dim=1), [0.5], others=[2.0, 2.0])
    assert drawn.marked[0].value == pytest.approx(1 / (1 + np.exp(2 + log(2) - 0.5)))
    far = curve(Softmax(), others=[1000.0, 1000.0])
    assert far.points[0].x < far.saturated[0].high < 1000 < far.saturated[1].low < far.points[-1].x


def test_a_layer_without_a_curve_is_refused() -> None:
    with pytest.raises(TypeError, match="receives `linear`"):
        curve(Linear(out_features=3))


def test_json_has_the_facts_and_the_marked_points() -> None:
    document = json.loads(json.dumps(curve(Sigmoid(), [0.0]).to_dict(), allow_nan=False))
    assert document["points"] == [{"x": 0, "value": 0.5, "derivative": 0.25}]
    assert document["range"] == {"low": 0, "high": 1, "includes_low": False, "includes_high": False}
    assert document["derivative"] == "y · (1 − y), where y is the output: at most 1/4"
