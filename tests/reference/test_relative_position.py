"""Biases by hand, and tables that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.reference.relative_position import slopes
from tests.support import kernels


def test_the_slopes_of_eight_heads_are_those_of_the_paper() -> None:
    """Press et al. 2022, section 3: 1/2, 1/4, …, 1/256; of 16 heads the square roots between as well."""
    assert slopes(8) == [2.0**-head for head in range(1, 9)]
    assert slopes(12)[8:] == [2 ** (-head / 2) for head in (1, 3, 5, 7)]


def test_a_key_further_away_has_a_lower_score() -> None:
    bias = kernels.run("relative_position_bias", np.zeros((4, 2)), num_heads=8, kind="alibi")
    assert bias[0, 0, 3].tolist() == [-1.5, -1.0, -0.5, 0.0]


def test_rows_of_a_window_are_offsets_of_query_and_key() -> None:
    table = {"relative_position_bias_table": np.arange(9.0)[:, None]}
    bias = kernels.run(
        "relative_position_bias", np.zeros((4, 2)), num_heads=1, kind="swin", window_size=2, parameters=table
    )
    assert bias[0, 0].tolist() == [[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="has 4 positions, receives 5 and 5"):
        kernels.run("relative_position_bias", np.zeros((5, 2)), num_heads=1, kind="swin", window_size=2)
    with pytest.raises(ValueError, match=r"a table of \(32, 3\) for 32 distances and 2 heads"):
        kernels.run("relative_position_bias", np.zeros((5, 2)), num_heads=2, parameters={"weight": np.zeros((32, 3))})
