"""What holds for the numbers of every kernel, and those that NumPy does not have."""

from __future__ import annotations

import math

import numpy as np
import pytest

from shapecalc.reference import find, normalization
from shapecalc.reference.activation import elu, gelu, sigmoid, silu, softplus
from shapecalc.reference.base import Call
from shapecalc.reference.erf import erf
from shapecalc.reference.normalization import layer_norm
from shapecalc.reference.resampling import upsample
from tests.reference.test_costs import CASES, Case, call_of, seeded

STATISTICS = ("running_mean", "running_var", "weight", "bias")

every_kernel = pytest.mark.parametrize("case", [pytest.param(case, id=case.says) for case in CASES])


@every_kernel
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_precision_of_the_input_is_preserved(case: Case, dtype: type) -> None:
    call = call_of(case)
    parameters = {name: array.astype(dtype) for name, array in call.parameters.items()}
    exact = find(case.kernel).run(call, seeded(case.x, 7))
    y = find(case.kernel).run(
        Call("layer", case.kernel, case.fields, parameters, ("x",), ("y",)), seeded(case.x, 7).astype(dtype)
    )
    assert isinstance(y, np.ndarray)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, exact, rtol=1e-4 if dtype == np.float32 else 1e-12, atol=1e-6)


@every_kernel
def test_inputs_and_parameters_are_left_as_they_are(case: Case) -> None:
    call, x = call_of(case), seeded(case.x, 7)
    for array in (x, *call.parameters.values()):
        array.setflags(write=False)
    find(case.kernel).run(call, x)


@pytest.mark.parametrize(("dtype", "error"), [(np.float64, 3e-16), (np.float32, 1.2e-7)])
def test_erf_is_accurate_to_the_last_place(dtype: type, error: float) -> None:
    x = np.concatenate([np.linspace(-7, 7, 20_011), [1e-300, -1e-9, 0.0]]).astype(dtype)
    exact = np.array([math.erf(value) for value in x])
    np.testing.assert_allclose(erf(x), exact, rtol=0, atol=error)
    assert erf(x).dtype == dtype


def test_erf_of_the_extremes() -> None:
    np.testing.assert_array_equal(erf(np.array([-np.inf, np.inf, np.nan])), [-1, 1, np.nan])


def test_large_elements_neither_warn_nor_become_nan() -> None:
    x = np.array([-1000.0, 1000.0], dtype=np.float32)
    for kernel, fields, expected in (
        (sigmoid, {}, [0, 1]),
        (silu, {}, [0, 1000]),
        (elu, {"alpha": 2.0}, [-2, 1000]),
        (gelu, {"approximate": "none"}, [0, 1000]),
        (gelu, {"approximate": "tanh"}, [0, 1000]),
        (softplus, {"beta": 1.0, "threshold": 20.0}, [0, 1000]),
    ):
        np.testing.assert_array_equal(kernel(Call("a", kernel.__name__, fields, {}, ("x",), ("y",)), x), expected)


def test_softplus_keeps_what_adding_one_would_lose() -> None:
    call = Call("a", "softplus", {"beta": 1.0, "threshold": 20.0}, {}, ("x",), ("y",))
    assert softplus(call, np.array([-50.0], dtype=np.float32)).item() == pytest.approx(math.exp(-50), rel=1e-6)


def test_layer_norm_refuses_axes_of_other_lengths() -> None:
    fields = {"normalized_shape": (5, 3), "eps": 1e-5, "elementwise_affine": False, "bias": True}
    with pytest.raises(ValueError, match=r"normalizes over \(5, 3\), but the last axes are \(3, 5\)"):
        layer_norm(Call("n", "layer_norm", fields, {}, ("x",), ("y",)), np.ones((2, 3, 5)))


def test_blocks_of_channels_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    x, parameters = random.standard_normal((2, 7, 3, 5)), {name: random.random(7) for name in STATISTICS}
    call = Call("n", "batch_norm", {"eps": 1e-5, "affine": True, "track_running_stats": True}, parameters, (), ())
    whole = find("batch_norm").run(call, x)
    mean, variance, weight, bias = (parameters[name].reshape(7, 1, 1) for name in STATISTICS)
    np.testing.assert_allclose(whole, (x - mean) / np.sqrt(variance + 1e-5) * weight + bias, rtol=1e-12, atol=1e-14)
    for channels in (0, 1, 3, 6):
        monkeypatch.setattr(normalization, "BLOCK_BYTES", channels * x[:, 0].nbytes)
        np.testing.assert_array_equal(find("batch_norm").run(call, x), whole)


def test_an_even_response_norm_includes_one_more_channel_before() -> None:
    fields = {"size": 2, "alpha": 2.0, "beta": 1.0, "k": 0.0}
    x = np.array([[[1.0], [2.0], [4.0]]])
    y = find("local_response_norm").run(Call("n", "local_response_norm", fields, {}, ("x",), ("y",)), x)
    np.testing.assert_allclose(y, [[[1 / 1], [2 / 5], [4 / 20]]])


def resampled(x: list[float], **fields: object) -> list[float]:
    given = {"size": None, "scale_factor": None, "mode": "linear", "align_corners": False, **fields}
    result: list[float] = upsample(Call("u", "upsample", given, {}, ("x",), ("y",)), np.array([[x]], dtype=float))[
        0, 0
    ].tolist()
    return result


def test_aligned_corners_keep_the_ends_and_divide_between_them() -> None:
    assert resampled([0, 3, 6], size=5, align_corners=True) == [0, 1.5, 3, 4.5, 6]


def test_areas_keep_their_middles() -> None:
    assert resampled([0, 4], size=4) == [0, 1, 3, 4]


def test_a_scale_factor_is_used_as_written_where_it_does_not_divide() -> None:
    # ⌊3 · 1.5⌋ = 4 cells lie 2/3 apart, not 3/4: middles at −1/6, 1/2, 7/6, 11/6 of the input.
    assert resampled([0, 6, 12], scale_factor=1.5) == pytest.approx([0, 3, 7, 11])
    assert resampled([0, 6, 12], size=4) == pytest.approx([0, 3.75, 8.25, 12])


def test_the_nearest_element_is_the_one_that_contains_the_start() -> None:
    assert resampled([0, 1, 2], size=5, mode="nearest") == [0, 0, 1, 1, 2]
    assert resampled([0, 1, 2, 3, 4], scale_factor=0.5, mode="nearest") == [0, 2]
