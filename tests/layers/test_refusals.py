"""Values as messages quote them, and the errors for those that a field does not accept."""

from __future__ import annotations

from shapecalc.layers.refusals import LONGEST_QUOTE, refused_value, said, wrong_type


def test_a_value_is_quoted_as_yaml_writes_it_and_cut_where_it_is_long() -> None:
    assert [said(value) for value in ({"a": 1}, (True, None, (1, {})), 2.5)] == [
        "a mapping",
        "the list [true, null, [1, {…}]]",
        "2.5",
    ]
    assert said("x" * (LONGEST_QUOTE + 1)) == f'the string "{"x" * LONGEST_QUOTE}…"'


def test_a_replacement_is_also_the_help() -> None:
    error = refused_value("SC203", "mode", "`a` or `b`", "`c`", replacement="a")
    assert (error.code, error.field, error.replacement, error.help) == ("SC203", "mode", "a", "write `mode: a`")
    assert refused_value("SC201", "size", "a number", 0, (1,), replacement="2").help == "write `2`"


def test_a_number_in_quotes_is_offered_without_them() -> None:
    error = wrong_type("size", "a positive integer", "64")
    assert (error.code, error.replacement, error.safe) == ("SC202", "64", True)
    assert wrong_type("size", "a positive integer", "many").replacement is None
