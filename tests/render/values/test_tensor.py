"""A tensor as lines: what is printed, read back, is the tensor."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from shapecalc.render.terminal.grid import Page, display_width
from shapecalc.render.values.tensor import SMALL, matrix, tensor, tensor_lines

if TYPE_CHECKING:
    from shapecalc.reference.base import Array

PLAIN_PAGE = Page(80, color=False, unicode=True)


def read_back(lines: list[str]) -> Array:
    """Return the matrix that lines of one grid, in one piece or in several one below the other, show."""
    rows: dict[int, list[float]] = {}
    for line in lines:
        first, *cells = line.split()
        if line.startswith("   ") or (cells and not rows and cells == [str(k) for k in range(1, len(cells) + 1)]):
            continue
        rows.setdefault(int(first), []).extend(map(float, cells))
    return np.array([rows[key] for key in sorted(rows)])


def test_what_a_matrix_prints_is_the_matrix() -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        rows, columns = random.integers(2, 9, 2)
        values = random.standard_normal((rows, columns)) * 10.0 ** random.integers(-9, 9, (rows, columns))
        for width in (40, 80, None):
            lines = matrix(values, Page(width, color=False, unicode=True), 6)
            shown = [line for line in lines if not line.startswith(" " * 3)]
            np.testing.assert_allclose(read_back(shown), values, rtol=5.1e-6, err_msg=f"{seed} {width}")
            assert width is None or max(map(display_width, lines)) <= width


def test_a_small_matrix_has_indices_and_points_one_below_the_other() -> None:
    assert tensor_lines([[0.15, -20.25], [1, 0.3]], "w", PLAIN_PAGE) == [
        "w [2, 2]",
        "        0       1",
        "  0  0.15  -20.25",
        "  1  1       0.3",
    ]


def test_a_vector_has_no_rows_and_a_single_element_is_on_the_line_of_its_name() -> None:
    assert tensor_lines([0.35, 0.6], "b", PLAIN_PAGE) == ["b [2]", "       0    1", "    0.35  0.6"]
    assert tensor_lines(0.25, "loss", PLAIN_PAGE) == ["loss = 0.25"]
    assert tensor_lines([[-12]], "f", PLAIN_PAGE) == ["f [1, 1] = -12"]


def test_what_is_not_finite_is_shown_and_counted() -> None:
    lines = tensor_lines([[np.nan, 1.0], [np.inf, -np.inf]], "z", PLAIN_PAGE)
    assert lines[0] == "z [2, 2] (1 NaN, 2 infinite)"
    assert [cell in "".join(lines[1:]) for cell in ("NaN", "inf", "-inf")] == [True] * 3
    large = tensor_lines(np.full((9, 9), np.nan), "z", PLAIN_PAGE)
    assert large == ["z [9, 9] (81 NaN)"]


def test_fractions_and_digits_are_as_asked() -> None:
    assert "1/3" in tensor_lines([[Fraction(1, 3), 2]], "x", PLAIN_PAGE)[-1]
    assert tensor_lines(1 / 3, "x", PLAIN_PAGE, digits=12) == ["x = 0.333333333333"]


def test_more_than_two_axes_are_matrices_side_by_side() -> None:
    values = np.arange(2 * 2 * 2 * 3).reshape(2, 2, 2, 3)
    lines = tensor_lines(values, "k", PLAIN_PAGE)
    assert lines[1].split() == [part for i in (0, 1) for j in (0, 1) for part in f"[{i}, {j}, :, :]".split()]
    assert lines[3].split() == ["0", "0", "1", "2", "0", "6", "7", "8", "0", "12", "13", "14", "0", "18", "19", "20"]
    narrow = tensor_lines(values, "k", Page(20, color=False, unicode=True))
    assert max(map(display_width, narrow)) <= 20
    assert len(narrow) == 1 + 4 * 4


def test_a_large_tensor_has_figures_and_a_picture() -> None:
    values = np.arange(SMALL + 36.0).reshape(1, 1, 10, 10)
    head, figures, *drawn = tensor_lines(values, "a", PLAIN_PAGE, note=" conv")
    assert head == "a [1, 1, 10, 10]  conv"
    assert figures == "  0 … 99, mean 49.5, sd 28.8661, 1 % zeros"
    assert drawn
    assert tensor_lines(values, "a", PLAIN_PAGE, most=100)[1:] == matrix(values, PLAIN_PAGE, 6)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    random = np.random.default_rng(0)
    for shape in ((2, 31), (1, 6, 28, 28), (3, 400), (512,), (1, 64, 7, 7), (5, 3, 4), (64, 1), (1, 1, 224, 224)):
        for line in tensor_lines(random.standard_normal(shape), "x", Page(width, color=False, unicode=True)):
            assert display_width(line) <= width, f"{shape}: {line}"


def test_a_part_of_a_document_is_drawn_on_its_page() -> None:
    page = Page(40, color=False, unicode=False)
    assert tensor([[1, 2]], "x").draw(page) == tensor_lines([[1, 2]], "x", page)
