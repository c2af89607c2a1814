"""Tables of probabilities as users write them: rows, prefixes, endings, names, and what is wrong with them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from shapecalc import ShapecalcError
from shapecalc.diagnostics import Source
from shapecalc.parser.distributions import Distributions, load_distributions, read_distributions

if TYPE_CHECKING:
    from pathlib import Path


def read(text: str) -> Distributions:
    return read_distributions(Source("table.yaml", text))


def test_rows_are_by_step_and_exact() -> None:
    table = read("[[0.1, 0.9], [1/3, 2/3], [1, 0]]")
    assert table.symbols == ("0", "1")
    assert table.rows == (
        (Fraction(1, 10), Fraction(9, 10)),
        (Fraction(1, 3), Fraction(2, 3)),
        (Fraction(1), Fraction(0)),
    )
    assert table.length == 3
    assert table.after((1, 1)) == (1, 0)
    assert table.after((0, 0, 0)) is None


def test_rows_of_named_symbols_have_0_for_those_left_out() -> None:
    table = read("- {the: 0.5, a: 0.25}\n- {cat: 0.75}\n")
    assert table.symbols == ("the", "a", "cat")
    assert table.rows == ((Fraction(1, 2), Fraction(1, 4), 0), (0, 0, Fraction(3, 4)))
    assert table.sums() == {"step 1": Fraction(3, 4), "step 2": Fraction(3, 4)}


def test_prefixes_are_symbols_between_spaces_or_commas() -> None:
    table = read('{"": [0.6, 0.4], "0": [1, 0], "1": [0, 1], "0 0": [0.5, 0.5], "1, 1": [0.25, 0.75]}')
    assert {*table.prefixes} == {(), (0,), (1,), (0, 0), (1, 1)}
    assert table.length == 3
    assert table.after((1, 1)) == (Fraction(1, 4), Fraction(3, 4))
    assert table.after((1, 0)) is None


def test_the_longest_ending_counts_and_a_prefix_before_it() -> None:
    rows = {"": 0, "*": 1, "* 0": 2, "* 1 0": 3, "1 1 0": 4}
    table = read("{" + ", ".join(f'"{key}": [0.{place}1, 0.5]' for key, place in rows.items()) + "}")
    assert table.length is None
    for prefix, place in (((), 0), ((1,), 1), ((0,), 2), ((0, 0), 2), ((1, 0), 3), ((0, 1, 0), 3), ((1, 1, 0), 4)):
        row = table.after(prefix)
        assert row is not None
        assert row[0] == Fraction(f"0.{place}1"), prefix


def test_a_text_begins_with_a_bracket_and_anything_else_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "table.yaml"
    path.write_text('"": {a: 0.5, b: 0.5}\na: {b: 1}\n')
    assert load_distributions(str(path)) == load_distributions(' {"": {a: 0.5, b: 0.5}, "a": {b: 1}}')


def test_a_mistake_names_its_code_what_is_received_and_its_place() -> None:
    rows = [
        ("[[0.6, -0.4]]", "SC201", "step 1 expects numbers from 0 to 1, receives -0.4", 8),
        ('{"": [0.6, 1.4]}', "SC201", "the distribution at the start expects numbers from 0 to 1, receives 1.4", 12),
        ("[[0.5, 0.5], [0, 0]]", "SC201", "step 2 expects a positive probability, has only 0", 14),
        ("[[]]", "SC201", "step 1 expects a positive probability, has none", 2),
        ("[[0.5, .nan]]", "SC025", "`.nan` is not a finite number", 8),
        ("[[0.5, NaN]]", "SC202", 'step 1 expects numbers from 0 to 1, receives the string "NaN"', 8),
        ("[[0.5, 1/0]]", "SC202", 'receives the string "1/0"', 8),
        ("[[0.5, true]]", "SC202", "receives `true`", 8),
        ("[[0.5, null]]", "SC202", "receives nothing", 8),
        ("[[0.5, [1]]]", "SC202", "receives the list [1]", 8),
        ("[[0.5, 0.5], [1]]", "SC204", "step 2 expects 2 probabilities, as the first one, receives 1", 14),
        ('{"": [1, 0], "0": [1, 0, 0]}', "SC204", "after `0` expects 2 probabilities", 19),
        ("[0.5, 0.5]", "SC202", "expected is a list of rows, one per step, receives the list [0.5, 0.5]", 1),
        ('{"": 0.5}', "SC202", "the distribution at the start expects a list or a mapping, receives 0.5", 6),
        ("[]", "SC202", "expected is a list of rows or a mapping of prefixes, receives an empty one", 1),
        ('{"": {the: 1}, "teh": {the: 1}}', "SC104", "`teh` is not a symbol of any distribution", 16),
        ('{"": [1, 0], "0 1": [1, 0], "0,1": [1, 0]}', "SC020", "the prefix `0,1` is given twice", 29),
        ('{"0": [1, 0]}', "SC106", "there is no distribution at the start", 1),
        ('{"": {a b: 1}}', "SC110", "receives `a b`", 7),
        ("", "SC004", "is empty", None),
        ("[[0.5, 0.5]", "SC003", "`[` is not closed", 1),
        (f"[[{', '.join(['0.1'] * 100_001)}]]", "SC012", "holds more than 100000 values", None),
    ]
    for text, code, said, column in rows:
        with pytest.raises(ShapecalcError) as raised:
            load_distributions(text)
        first = raised.value.diagnostics[0]
        assert (first.code, raised.value.exit_code) == (code, 2), text[:60]
        assert said in first.message, text[:60]
        assert column in (None, first.span and first.span.column), text[:60]
        assert "--limit" not in (first.help or "")


def test_several_mistakes_are_reported_together() -> None:
    with pytest.raises(ShapecalcError) as raised:
        read("[[0.5, 2], [word, -1]]")
    assert [diagnostic.code for diagnostic in raised.value.diagnostics] == ["SC201", "SC202", "SC201"]


def test_a_number_that_no_float_holds_takes_no_time() -> None:
    assert read("[[1e-999999999, 1]]").rows[0] == (0, 1)


def test_a_mistake_in_a_file_has_the_exit_code_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text("[[2]]")
    for name, code in ((path, 1), (tmp_path / "none.json", 2)):
        with pytest.raises(ShapecalcError) as raised:
            load_distributions(str(name))
        assert raised.value.exit_code == code
