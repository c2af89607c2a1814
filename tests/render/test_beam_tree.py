"""The tree of a beam search: its rows, its width, its signs, and what is folded."""

from __future__ import annotations

import random
import re
from fractions import Fraction
from math import log

from shapecalc.execution.beam import BeamSearch, load, product, search
from shapecalc.render.beam_tree import MOST_ROWS, tree
from tests.render.test_eighty_columns import check_lines

ESCAPES = re.compile("\x1b\\[[0-9;]*m")
TEXT = {"log": False, "width": 80, "color": False, "unicode": True}


def table(symbols: int, seed: int = 0) -> str:
    """A Markov table of random probabilities of two digits, which do not sum to 1."""
    draw = random.Random(seed)
    rows = {end: [draw.randint(1, 99) / 100 for _ in range(symbols)] for end in ("", *map(str, range(symbols)))}
    return "{" + ", ".join(f'"{"* " * bool(end)}{end}": {row}' for end, row in rows.items()) + "}"


def searched(symbols: int, length: int, beam: int, end: str | None = None) -> BeamSearch:
    return search(load(table(symbols)), beam=beam, length=length, end=end)


def rows_of(text: str) -> list[str]:
    """The rows of the drawn tree."""
    return text.split("start\n")[1].split("\n\n", maxsplit=1)[0].split("\n")


def test_ten_symbols_and_eight_steps_fit_eighty_columns() -> None:
    for symbols, length, beam in ((10, 8, 3), (10, 8, 5), (5, 10, 3), (2, 12, 2), (3, 30, 2), (7, 3, 20)):
        result = searched(symbols, length, beam)
        for width in (80, 100, 200):
            for logs in (False, True):
                drawn = tree(result, **{**TEXT, "width": width, "log": logs})
                check_lines(drawn.split("\n\nsearch")[0], width)
                assert all(re.match(r"[ │]*[├└]─* ?[●×…]", row) for row in rows_of(drawn)), drawn


def test_colour_and_ascii_change_the_signs_only() -> None:
    result = searched(6, 4, 3, end="2")
    plain = tree(result, **TEXT)
    coloured = tree(result, **{**TEXT, "color": True})
    assert coloured != plain
    assert ESCAPES.sub("", coloured) == plain
    ascii_ = tree(result, **{**TEXT, "unicode": False})
    assert ascii_.isascii()
    assert "\\u" not in ascii_
    signs = str.maketrans("├└│─●■×−", "|`||*#x-")
    shown = [row.translate(signs).replace("|", "-") for row in rows_of(plain)]
    assert [row.split()[:3] for row in shown if "…" not in row and "·" not in row]
    assert len(rows_of(ascii_)) == len(rows_of(plain))


def test_every_hypothesis_that_is_kept_has_a_row_with_its_arithmetic() -> None:
    result = searched(4, 3, 3)
    rows = rows_of(tree(result, **TEXT))
    for fate, sign in (("kept", "●"), ("dropped", "×")):
        count = sum(each.fate == fate for step in result.steps for each in step)
        shown = sum(f"{sign} " in row for row in rows)
        folded = sum(int(number) for number in re.findall(rf"… (\d+) {fate}", "\n".join(rows)))
        assert shown + folded == count
    for row in rows:
        parts = re.search(r"([\d.]+)·([\d.]+) [=≈] ([\d.]+)", row)
        if parts:
            left, right, value = map(Fraction, parts.groups())
            assert abs(left * right - value) <= value / 1000, row


def test_dropped_candidates_are_folded_with_the_best_of_them() -> None:
    result = search(load("[[0.5, 0.2, 0.15, 0.1, 0.05]]"), beam=1)
    rows = rows_of(tree(result, **TEXT))
    assert [row.split("  ")[0] for row in rows] == ["├─ ● 0", "└─ … 4 dropped"]
    assert "best = 0.2" in rows[1]
    assert len(rows_of(tree(search(load("[[0.5, 0.3, 0.2]]"), beam=1), **TEXT))) == 3


def test_a_dropped_hypothesis_on_the_way_to_the_best_is_not_folded() -> None:
    given = {"": [0.3, 0.28, 0.22, 0.2], **{f"{first}": [0.25] * 4 for first in range(3)}, "3": [1, 0, 0, 0]}
    drawn = tree(search(load(str(given).replace("'", '"')), beam=1), **TEXT)
    assert re.search(r"× 3 +0\.2 +−1\.6094  best", drawn)
    assert "… 2 dropped" not in drawn.split("\n\n")[1].split("\n")[-1]


def test_the_best_of_the_beam_is_marked_as_that_if_a_better_one_may_exist() -> None:
    drawn = tree(searched(10, 8, 3), **TEXT)
    assert re.search(r"● .*  greedy, beam\n", drawn)
    assert not re.search(r"best\n", drawn.split("start\n")[1].split("kept")[0])


def test_a_narrow_terminal_shows_one_of_both_scores() -> None:
    drawn = tree(searched(3, 3, 2), **{**TEXT, "width": 50})
    check_lines(drawn.split("\n\nsearch")[0].split("\n\nstep")[0], 50)
    assert len(drawn.split("\n\n")[1].split("\n")[0].split()) == 2


def test_logarithms_are_sums() -> None:
    drawn = tree(search(load('{"": [0.6, 0.4], "0": [0.55, 0.45], "1": [0.1, 0.9]}')), **{**TEXT, "log": True})
    assert f"{log(0.4):.4f} − {-log(0.9):.4f} ≈ {log(0.36):.4f}".replace("-", "−") in drawn


def test_a_row_per_step_has_the_lowest_that_is_kept_and_the_best_that_is_dropped() -> None:
    drawn = tree(search(load("[[0.5, 0.3, 0.2], [0.6, 0.4, 0]]")), **TEXT)
    heading, _, *rows = drawn.split("\n\n")[3].split("\n")
    assert heading.split("  ")[-2:] == ["lowest kept", "best dropped"]
    assert [row.split() for row in rows] == [["1", "3", "2", "1", "0.3", "0.2"], ["2", "4", "2", "2", "0.2", "0.18"]]


def test_a_tree_of_many_rows_shows_its_first_steps() -> None:
    result = searched(10, 60, 8)
    drawn = tree(result, **{**TEXT, "width": None})
    assert len(rows_of(drawn)) < 3 * MOST_ROWS
    steps = len(drawn.split("step  ")[1].split("\n\n")[0].split("\n")) - 2
    assert f"the tree shows the first {steps} of 60 steps; `--format json` has all" in drawn
    assert 10 < steps < 60


def test_names_are_escaped_and_cut() -> None:
    result = search(load('{"": {"\\u202e": 0.5, ' + "x" * 40 + ": 0.5}}"))
    drawn = tree(result, **TEXT)
    assert "\\u{202e}" in drawn
    assert "x" * 15 + "…" in drawn
    assert "x" * 17 not in drawn


def test_wide_names_are_aligned() -> None:
    drawn = tree(search(load('{"": {我: 0.6, 你: 0.4}, 我: {爱: 0.55, 是: 0.45}, 你: {好: 0.9, 是: 0.1}}')), **TEXT)
    check_lines(drawn)
    assert "greedy search misses `你 好`, 0.36" in drawn


def test_the_table_of_searches_is_by_probability() -> None:
    result = searched(5, 4, 4)
    drawn = tree(result, **TEXT)
    listed = re.findall(r"= ([\d.]+)|≈ ([\d.]+)", drawn.split("\nsearch")[1])
    values = [float(first or second) for first, second in listed][1:5]
    assert values == sorted(values, reverse=True)
    assert values[0] == float(product(result.best[0])) or abs(values[0] / float(product(result.best[0])) - 1) < 1e-7
