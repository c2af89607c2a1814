"""Charts: where points, labels and marks are."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from shapecalc.render.terminal.chart import MARK, curve_chart, framed, scale


def test_a_scale_has_few_round_numbers_at_equal_distances_around_the_values() -> None:
    random = Random(5)
    for _ in range(2000):
        low, high = sorted(random.uniform(-1, 1) * 10 ** random.randint(-6, 6) for _ in range(2))
        numbers = scale(low, high)
        assert numbers[0] <= low + 1e-8 * (high - low), (low, high)
        assert numbers[-1] >= high - 1e-8 * (high - low), (low, high)
        assert 2 <= len(numbers) <= 6, (low, high)
        step = numbers[1] - numbers[0]
        assert all(abs(b - a - step) < 1e-6 * step for a, b in pairwise(numbers)), (low, high)


def test_a_straight_line_goes_from_corner_to_corner() -> None:
    lines = curve_chart([(0, 0), (8, 8)], columns=16, rows=7, unicode=True)
    rows = [line.partition("│")[2].ljust(13) for line in lines[:-2]]
    assert (rows[-1][0], rows[0][12]) == ("⡠", "⠊") or (rows[-1][0] != " " and rows[0][12] != " ")
    filled = [[at for at, sign in enumerate(row) if sign != " "] for row in rows]
    assert all(each for each in filled)
    assert [each[0] for each in filled] == sorted((each[0] for each in filled), reverse=True)


def test_a_mark_is_at_its_number_and_one_outside_is_left_out() -> None:
    lines = curve_chart(
        [(-1, 0), (1, 0), (3, 2)], columns=19, rows=5, unicode=True, marks=[(3, 2), (-1, 0), (4, 0), (0, float("nan"))]
    )
    assert lines[0].endswith(MARK)
    assert lines[4].partition("│")[2].startswith(MARK)
    assert sum(line.count(MARK) for line in lines) == 2


def test_values_that_are_not_finite_are_left_out() -> None:
    lines = curve_chart([(-1, float("nan")), (0, 0), (1, float("inf")), (2, 2)], columns=19, rows=5, unicode=False)
    assert lines[0].startswith("  2 |")
    assert all(line.isascii() for line in lines)


def test_labels_are_right_aligned_next_to_their_rows() -> None:
    assert framed(["a", "b"], ["10", "", "0"], "x", unicode=True) == ["10 │a", "   │b", " 0 └─", "    x"]


def test_a_curve_in_ascii_has_signs_at_three_heights_of_a_row() -> None:
    line = [(x / 10, x / 10) for x in range(-20, 21)]
    drawn = "".join(curve_chart(line, columns=60, rows=5, unicode=False))
    assert {"'", "-", "."} <= set(drawn.partition("+")[0])
