"""The derivation of a window as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Run
from tests.support.conv_command import conv

PLAIN = """\
n = 32 (input), f = 5 (window), s = 1 (stride), p = 0 (padding)

output = ⌊(n + 2p − f)/s⌋ + 1
       = (32 + 2·0 − 5)/1 + 1
       = 27/1 + 1
       = 27 + 1
       = 28

(32 + 2·0 − 5)/1 + 1 = 28
"""


ASCII = """\
n = 7 (input), f = 2 (window), s = 3 (stride), p0 = 0 (padding before), p1 = 1 (padding after),
d = 3 (dilation)

output = floor((n + p0 + p1 - d(f - 1) - 1)/s) + 1
       = floor((7 + 0 + 1 - 3*(2 - 1) - 1)/3) + 1
       = floor(4/3) + 1
       = 1 + 1
       = 2

floor((7 + 0 + 1 - 3*(2 - 1) - 1)/3) + 1 = 2

4/3 leaves 1 over, which floor drops: only padding
the windows step over 2 of every 3 cells
"""


def test_a_rectangle_has_a_heading_for_each_axis_and_ends_with_both_results() -> None:
    shown = conv("--n 224x320 --f 3 --s 2 --p 1")
    assert shown.startswith("height\nn = 224 (input)")
    assert "\n\nwidth\nn = 320 (input)" in shown
    assert "height  ⌊(224 + 2·1 − 3)/2⌋ + 1 = 112\nwidth   ⌊(320 + 2·1 − 3)/2⌋ + 1 = 160\n" in shown


def test_axes_that_are_alike_share_a_heading() -> None:
    shown = conv("--n 9x7x7 --f 3")
    assert shown.startswith("depth\n")
    assert "\nheight and width\n" in shown
    assert "depth   (9 + 2·0 − 3)/1 + 1 = 7\nheight  (7" in shown


def test_a_row_of_cells_has_cells_and_no_columns() -> None:
    assert "drops: cells 6 to 7 are never read" in conv("--n 7 --f 2 --s 3 --rank 1")


def test_same_padding_is_a_formula_of_its_own_and_says_what_it_stands_for() -> None:
    shown = conv("--n 224 --f 3 --s 2 --padding same")
    assert "output = ⌈n/s⌉\n       = ⌈224/2⌉\n       = 112\n" in shown
    assert "        = max((112 − 1)·2 + 3 − 224, 0)\n        = max(1, 0)\n        = 1\n0 before and 1 after\n" in shown
    assert "PyTorch refuses it" in shown
    assert "PyTorch" not in conv("--n 224 --f 3 --padding same")


def test_an_output_that_takes_nothing_but_ascii_gets_floor_in_words(run: Run) -> None:
    ended = run(
        *("conv", "--n", "7", "--f", "2", "--s", "3"),
        *("--d", "3", "--rank", "1", "--p", "0:1"),
        env={"PYTHONIOENCODING": "ascii"},
    )
    assert (ended.code, ended.out, ended.err) == (0, ASCII, "")


def test_the_result_is_bold_where_colour_is_wanted_and_only_there(run: Run) -> None:
    words = ["conv", "--n", "32", "--f", "5", "--color", "always"]
    assert "\x1b[1m(32 + 2·0 − 5)/1 + 1 = 28\x1b[0m" in run(*words).out
    for plain in (run(*words[:-2]), run(*words[:-2], env={"NO_COLOR": "1", "FORCE_COLOR": "1"})):
        assert plain.out == PLAIN
