"""Intervals: which numbers are in them, and how they are written."""

from __future__ import annotations

from math import inf

from shapecalc.layers.intervals import RealInterval


def test_an_end_is_in_the_interval_only_if_it_is_included() -> None:
    half_open = RealInterval(0, 6, includes_low=True)
    assert [x in half_open for x in (-1e-9, 0, 3.5, 6 - 1e-9, 6)] == [False, True, True, True, False]
    assert 6 in RealInterval(0, 6, includes_high=True)
    assert inf not in RealInterval()


def test_brackets_are_round_at_ends_outside_and_at_infinity() -> None:
    assert str(RealInterval()) == "(−∞, ∞)"
    assert str(RealInterval(-0.375, includes_low=True)) == "[−0.375, ∞)"
    assert str(RealInterval(high=-4.584862, includes_high=True)) == "(−∞, −4.58486]"


def test_an_infinite_end_is_none_in_json() -> None:
    assert RealInterval(0, includes_low=True).to_dict() == {
        "low": 0,
        "high": None,
        "includes_low": True,
        "includes_high": False,
    }
