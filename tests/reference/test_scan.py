"""Kernels of scans: sums in closed form, chunks of a sequence, and inputs that would broadcast."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.reference import find
from shapecalc.reference.base import Array, Call

RANDOM = np.random.default_rng(3)


def run(kernel: str, *inputs: Array, **fields: int) -> tuple[Array, ...]:
    outputs = find(kernel).run(Call("layer", kernel, fields, {}, ("x",), ("y",)), *inputs)
    return outputs if isinstance(outputs, tuple) else (outputs,)


def numbers(*shape: int) -> Array:
    return RANDOM.standard_normal(shape)


def test_a_recurrence_without_decay_is_a_running_sum_and_with_decay_a_power_series() -> None:
    b = numbers(2, 7, 3)
    np.testing.assert_allclose(run("linear_recurrence", np.ones_like(b), b, dim=1)[0], b.cumsum(axis=1))
    halves = run("linear_recurrence", np.full((5,), 0.5), np.ones(5), dim=0)[0]
    np.testing.assert_allclose(halves, [1, 1.5, 1.75, 1.875, 1.9375])


def test_a_selective_scan_without_decay_adds_up_what_enters() -> None:
    u, delta, b, c = numbers(2, 6, 3), numbers(2, 6, 3), numbers(2, 6, 4), numbers(2, 6, 4)
    y, last = run("selective_scan", u, delta, np.zeros((3, 4)), b, c)
    states = np.einsum("nld,nls->nlds", delta * u, b).cumsum(axis=1)
    np.testing.assert_allclose(y, np.einsum("nlds,nls->nld", states, c))
    np.testing.assert_allclose(last, states[:, -1])


def test_a_selective_scan_is_a_linear_recurrence_of_its_coefficients() -> None:
    u, delta, a = numbers(2, 6, 3), abs(numbers(2, 6, 3)), -abs(numbers(3, 4))
    b, c = numbers(2, 6, 4), numbers(2, 6, 4)
    entering = np.einsum("nld,nls->nlds", delta * u, b)
    (states,) = run("linear_recurrence", np.exp(delta[..., None] * a), entering, dim=1)
    y, _ = run("selective_scan", u, delta, a, b, c)
    np.testing.assert_allclose(y, np.einsum("nlds,nls->nld", states, c))


def test_the_scan_of_mamba_2_is_attention_with_a_decaying_causal_mask() -> None:
    """State space duality: y = (L ∘ C Bᵀ) (dt · x), L_ts = exp(A · (dt summed over s + 1 to t)); Dao and Gu 2024."""
    x, dt, a = numbers(2, 5, 4, 3), abs(numbers(2, 5, 4)), -abs(numbers(4))
    b, c = numbers(2, 5, 2, 6), numbers(2, 5, 2, 6)
    total = (dt * a).cumsum(axis=1)
    mask = np.tril(np.ones((5, 5)))[None, :, :, None] * np.exp(total[:, :, None] - total[:, None])
    scores = np.einsum("nths,nuhs->ntuh", np.repeat(c, 2, axis=2), np.repeat(b, 2, axis=2))
    expected = np.einsum("ntuh,nuhp->nthp", mask * scores, dt[..., None] * x)
    np.testing.assert_allclose(run("ssd", x, dt, a, b, c)[0], expected)


BROADCASTING = [
    ("selective_scan", [(2, 5, 3), (2, 5, 1), (3, 4), (2, 5, 4), (2, 5, 4)]),
    ("selective_scan", [(2, 5, 3), (2, 5, 3), (1, 4), (2, 5, 4), (2, 5, 4)]),
    ("selective_scan", [(2, 5, 3), (2, 5, 3), (3, 4), (2, 5, 4), (2, 5, 4), (1,)]),
    ("ssd", [(2, 5, 4, 3), (2, 5, 4), (1,), (2, 5, 2, 6), (2, 5, 2, 6)]),
    ("linear_recurrence", [(2, 5, 3), (2, 1, 3)]),
]


@pytest.mark.parametrize(("kernel", "shapes"), BROADCASTING)
def test_inputs_that_would_broadcast_are_refused(kernel: str, shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match=r"scans inputs|a linear recurrence of"):
        run(kernel, *(np.ones(shape) for shape in shapes), dim=1)
