"""Equations against NumPy's einsum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support import kernels
from tests.support.rows import for_each
from tests.support.sequence_cases import numbers


@for_each(
    "equation, shapes",
    [
        ("iji->j", ((3, 2, 3),)),
        ("iii", ((4, 4, 4),)),
        ("ba", ((2, 3),)),
        ("bhid,bhjd->bhij", ((2, 3, 4, 5), (2, 3, 7, 5))),
        ("bqhd,hde->bqe", ((2, 4, 3, 5), (3, 5, 6))),
        ("iij,kjk->ik", ((3, 3, 4), (5, 4, 5))),
        ("...ij,...jk->...ki", ((2, 1, 3, 4), (6, 4, 5))),
        ("i...,j...->ij...", ((2, 3, 1), (4, 1, 5))),
        ("ab,bc,ca->", ((2, 3), (3, 4), (4, 2))),
        ("aib,bj,k->ji", ((2, 3, 5), (5, 7), (4,))),
        ("...a,...b,...c->...abc", ((2, 1, 3), (4, 2), (2, 1, 5))),
    ],
)
def test_sums_of_products_are_numpys(equation: str, shapes: Any) -> None:
    arrays = [numbers(shape, place) for place, shape in enumerate(shapes)]
    expected = np.einsum(equation, *arrays)
    np.testing.assert_allclose(kernels.run("einsum", *arrays, equation=equation), expected, rtol=1e-6, atol=1e-6)


@for_each(
    "equation, shapes",
    [("ij,jk", ((2, 3), (4, 5))), ("ii->i", ((2, 3),)), ("ij,jk", ((2, 3),)), ("ij", ((2,),)), ("...ij", ((2,),))],
)
def test_arrays_that_do_not_fit_are_refused(equation: str, shapes: Any) -> None:
    with pytest.raises(ValueError, match=r"`.` is|has terms for|is not for"):
        kernels.run("einsum", *(numbers(shape, 1) for shape in shapes), equation=equation)
