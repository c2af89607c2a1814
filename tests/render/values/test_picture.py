"""Pictures in shades: the darkest sign is at the greatest element, and nothing is wider than the page."""

from __future__ import annotations

import numpy as np

from shapecalc.render.terminal.grid import Page
from shapecalc.render.values.picture import IN_ASCII, SHADES, picture

WIDE = Page(80, color=False, unicode=True)


def cells(lines: list[str], side: str = "│") -> list[str]:
    return [line.split(side)[1] for line in lines if side in line]


def test_a_shade_is_the_fifth_of_the_range_that_an_element_is_in() -> None:
    rows = cells(picture(np.array([[0.0, 2.0, 4.0, 6.0, 10.0], [10.0, 9.0, 3.0, 1.0, 0.0]]), WIDE, 6))
    assert rows == ["  ░░▒▒▓▓██", "████░░    "]


def test_a_large_map_is_the_means_of_its_blocks() -> None:
    """Two halves stay two halves whatever the number of columns."""
    plane = np.zeros((200, 300))
    plane[:, 150:] = 1
    for row in cells(picture(plane, WIDE, 6)):
        assert set(row[: len(row) // 2]) == {" "}
        assert set(row[len(row) // 2 :]) == {"█"}


def test_a_block_with_an_element_that_is_not_finite_has_a_sign_of_its_own() -> None:
    (row,) = cells(picture(np.array([[0.0, np.nan, 1.0, np.inf]]), WIDE, 6))
    assert row == "  ??██??"
    assert picture(np.array([np.nan, np.inf]), WIDE, 6) == []


def test_signs_are_ascii_where_the_output_is() -> None:
    lines = picture(np.arange(100.0).reshape(10, 10), Page(80, color=False, unicode=False), 6)
    assert all(line.isascii() for line in lines)
    assert set("".join(cells(lines, "|"))) == set(IN_ASCII)
    assert lines[-1] == "  blank is 0, # is 99"
    assert len(SHADES) == len(IN_ASCII)


def test_maps_are_side_by_side_and_the_legend_says_how_many_are_left_out() -> None:
    lines = picture(np.random.default_rng(0).standard_normal((1, 64, 5, 5)), WIDE, 2)
    assert lines[0].split("  ")[1:6:1] != []
    assert sum(line.count("[0, ") for line in lines) == 16
    assert lines[-1].endswith("; 16 of 64 maps")


def test_equal_elements_have_one_shade() -> None:
    assert set("".join(cells(picture(np.full((3, 30), 7.0), WIDE, 6)))) == {"▒"}
