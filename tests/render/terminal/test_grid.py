from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from shapecalc.render.terminal.grid import Cells, Grid, Heading, display_width, draw, paragraph, wrapped
from shapecalc.render.terminal.palette import DIM

TEXTS = st.text("ab ·*[],畳é12", max_size=30)


def grid(*rows: tuple[str, ...]) -> Grid:
    headings = (Heading("path"), Heading("layer", wraps=True), Heading("MACs", right=True, wraps=True))
    return Grid(headings, [Cells(row) for row in rows])


def lines(table: Grid, width: int | None = None) -> list[str]:
    return draw(table, width=width, color=False, unicode=True).split("\n")


def test_words_stand_left_and_numbers_right() -> None:
    assert lines(grid(("c1", "conv 6", "117,600"), ("relu_1", "relu", "0"))) == [
        "path    layer      MACs",
        "───────────────────────",
        "c1      conv 6  117,600",
        "relu_1  relu          0",
    ]


def test_a_wide_character_takes_two_columns() -> None:
    assert lines(grid(("畳み", "relu", "0"), ("c1", "relu", "0")))[2:] == ["畳み  relu      0", "c1    relu      0"]


def test_an_empty_cell_leaves_no_spaces_at_the_end() -> None:
    assert lines(grid(("c1", "relu", ""), ("c2", "relu", "7")))[2] == "c1    relu"


def test_the_widest_cells_that_may_wrap_do_so_first() -> None:
    assert lines(grid(("features.0", "conv 64 kernel_size=3", "36864·⌊H/2⌋·⌊W/2⌋")), 34)[2:] == [
        "features.0  conv 64         36864·",
        "            kernel_size=3   ⌊H/2⌋·",
        "                             ⌊W/2⌋",
    ]


def test_colour_surrounds_the_text_and_not_the_space_beside_it() -> None:
    table = Grid((Heading("path"), Heading("MACs", right=True)), [Cells(("c1", "0"), ("", DIM))])
    assert draw(table, width=None, color=True, unicode=True).split("\n")[-1] == "c1       \x1b[2m0\x1b[0m"


def test_a_rule_is_drawn_in_ascii_where_only_that_is_shown() -> None:
    assert draw(grid(("a", "b", "c")), width=None, color=False, unicode=False).isascii()


def test_further_lines_of_a_paragraph_stand_below_its_text() -> None:
    assert paragraph("1 + 22 + 333", width=12, lead="MACs  ") == "MACs  1 + 22\n      + 333"


def test_a_word_is_cut_after_a_factor_before_it_is_cut_anywhere() -> None:
    assert wrapped("1024·⌊H/2⌋ + 7", 8) == ["1024·", "⌊H/2⌋ +", "7"]
    assert wrapped("abcdefgh", 3) == ["abc", "def", "gh"]


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=5), st.integers(12, 60))
def test_no_line_is_wider_than_asked(rows: list[tuple[str, str, str]], width: int) -> None:
    assert max(map(display_width, lines(grid(*rows), width))) <= width


@given(TEXTS, st.integers(2, 40))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    assert "".join(wrapped(text, width)).replace(" ", "") == text.replace(" ", "")


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=5))
def test_a_pipe_gets_a_line_for_each_row(rows: list[tuple[str, str, str]]) -> None:
    assert len(lines(grid(*rows))) == len(rows) + 2


@pytest.mark.parametrize("width", [1, 2, 5])
def test_a_terminal_of_no_width_is_no_reason_to_hang(width: int) -> None:
    assert lines(grid(("features.0", "conv 64", "0")), width)


def test_a_command_within_a_word_that_is_cut_is_none_where_it_begins_a_line() -> None:
    """Found by the fuzzer: behind a word `::stop-commands::` is nothing to a runner of CI, before all others it is."""
    assert wrapped("abcd::stop-commands::x", 4)[1].startswith("\\u{3a}:st")
    assert wrapped("torch::nn::Linear", 40) == ["torch::nn::Linear"]
