"""Functions by hand, and at the ends of their domains."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tests.support import kernels
from tests.support.rows import for_each

if TYPE_CHECKING:
    from collections.abc import Callable

X = [0.25, 1.0, 3.5]
FUNCTIONS: list[tuple[str, Callable[[float], float]]] = [
    ("sqrt", math.sqrt),
    ("rsqrt", lambda x: x**-0.5),
    ("exp", math.exp),
    ("expm1", math.expm1),
    ("log", math.log),
    ("log1p", math.log1p),
    ("square", lambda x: x * x),
    ("reciprocal", lambda x: 1 / x),
    ("erf", math.erf),
    ("sin", math.sin),
    ("cos", math.cos),
]


@for_each("word, function", FUNCTIONS)
def test_each_element_is_the_value_of_the_function(word: str, function: Callable[[float], float]) -> None:
    np.testing.assert_allclose(kernels.run(word, X), [function(x) for x in X], rtol=1e-14, atol=1e-15)


@for_each(
    "word, x, y",
    [
        ("sqrt", -1, math.nan),
        ("log", -1, math.nan),
        ("log", 0, -math.inf),
        ("rsqrt", 0, math.inf),
        ("exp", 1e4, math.inf),
    ],
)
def test_outside_of_its_domain_a_function_gives_what_pytorch_gives(word: str, x: float, y: float) -> None:
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(kernels.run(word, [float(x)]), [y])


def test_near_0_nothing_is_lost() -> None:
    x = [1e-20]
    assert kernels.run("expm1", x).tolist() == x
    assert kernels.run("log1p", x).tolist() == x
