"""The discrete Fourier transform against NumPy's, there and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support import kernels
from tests.support.rows import for_each
from tests.support.sequence_cases import numbers


def transform(*parts: Any, **fields: Any) -> Any:
    real, imaginary = kernels.outputs_of(kernels.call_of("fft", **fields), *parts)
    return real + 1j * imaginary


@for_each("dim", [0, -1, (1, 2), (2, 0)])
def test_it_is_numpys(dim: Any) -> None:
    x, y = numbers((4, 5, 6), 1).astype(float), numbers((4, 5, 6), 2).astype(float)
    axes = dim if isinstance(dim, tuple) else (dim,)
    np.testing.assert_allclose(transform(x, dim=dim), np.fft.fftn(x, axes=axes), atol=1e-9)
    for norm in ("backward", "ortho", "forward"):
        there = transform(x, y, dim=dim, norm=norm)
        np.testing.assert_allclose(there, np.fft.fftn(x + 1j * y, axes=axes, norm=norm), atol=1e-9)
        back = transform(there.real, there.imag, dim=dim, norm=norm, inverse=True)
        np.testing.assert_allclose(back, x + 1j * y, atol=1e-9)


def test_float32_loses_no_digits_over_many_elements() -> None:
    x = np.random.default_rng(1).standard_normal(1000).astype(np.float32)
    real, imaginary = kernels.outputs_of(kernels.call_of("fft", dim=0), x)
    assert real.dtype == np.float32
    expected = np.fft.fft(x.astype(float))
    np.testing.assert_allclose(real + 1j * imaginary, expected, atol=1e-4)


def test_parts_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="two parts of one shape"):
        transform(np.zeros(3), np.zeros(4), dim=0)
