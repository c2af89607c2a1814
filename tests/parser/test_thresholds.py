"""Conditions on a change: what they mean, exactly, and what they refuse."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.diffing.diff import Figures, diff
from shapecalc.parser.thresholds import METRICS, ThresholdError, judged, read_threshold, read_thresholds
from tests.support.rows import for_each

WIDE = "input: [N, 99]\nlayers: [{linear: {out_features: %d, bias: false}}]\n"
FREE = "input: [N, 3, H, 7]\nlayers: [{conv: {out_channels: %d, kernel_size: 1}}]\n"


def holds(text: str, old: int, new: int, net: str = WIDE) -> bool | None:
    before, after = (shapecalc.inspect(shapecalc.loads(net % width)) for width in (old, new))
    return read_threshold(text).holds(diff(before, after).totals)


@for_each(
    "text, expected",  # of 9,900 params that became 10,098: +198, which is 2 % exactly
    [
        ("params > +2%", False),
        ("params >= +2%", True),
        ("params > +1.99999999999999999999%", True),
        ("params == +2%", True),
        ("params != +2%", False),
        ("params > +197", True),
        ("params > +198", False),
        ("params > 10098", False),
        ("params >= 10098", True),
        ("params>10.097K", True),
        ("PARAMS > 10097", True),
        ("params < +0", False),
        ("params > -1%", True),
        ("params < −1%", False),
        ("params ≥ +0.198k", True),
        ("params ≤ 10Ki", True),
        ("layers != +0", False),
        ("layers > 0", True),
        ("buffers > +0%", False),
        ("memory > +792 B", True),
        ("memory > +800 B", False),
        ("activations = +8B", True),
        ("activations > 1KiB", False),
        ("macs > +2%", False),
    ],
)
def test_a_condition_is_exact(text: str, expected: object) -> None:
    assert holds(text, 100, 102) is expected


def test_a_condition_is_of_a_figure_that_a_comparison_has() -> None:
    assert Figures._fields == METRICS


def test_any_growth_from_nothing_exceeds_each_share() -> None:
    comparison = diff(None, shapecalc.inspect(shapecalc.loads(WIDE % 5)))
    assert read_threshold("params > +1000000%").holds(comparison.totals) is True


@for_each(
    "text, expected",  # MACs are 105·H and become 147·H
    [
        ("macs > +0", True),
        ("macs > +41", True),
        ("macs > +42", None),
        ("macs >= +42", True),
        ("macs < +42", False),
        ("macs <= +41", False),
        ("macs > +39%", True),
        ("macs > +41%", False),
        ("macs != +40%", False),
        ("macs == +41%", False),
        ("macs == +42", None),
        ("macs > 1G", None),
        ("params > +0", True),
    ],
)
def test_a_condition_on_symbols_is_told_where_it_holds_for_all_or_for_none(text: str, expected: object) -> None:
    assert holds(text, 5, 7, FREE) is expected


def test_what_cannot_be_told_names_its_symbols() -> None:
    before, after = (shapecalc.inspect(shapecalc.loads(FREE % width)) for width in (5, 7))
    assert read_threshold("macs > +42").open_symbols(diff(before, after).totals) == ("H",)


@for_each(
    "text, said",
    [
        ("", "expects METRIC SIGN NUMBER"),
        ("params", "expects METRIC SIGN NUMBER"),
        ("params +2%", "expects METRIC SIGN NUMBER"),
        ("params > ", "expects METRIC SIGN NUMBER"),
        ("params > 2%", "write `params > +2%`"),
        ("params > +2K%", "expects a number"),
        ("params > +two", "expects a number"),
        ("params > 4GiB", "expects a number"),
        ("parms > 2", "did you mean `params`?"),
        ("params > +2% and macs > 3", "expects METRIC SIGN NUMBER"),
        ("params > +-2", "expects METRIC SIGN NUMBER"),
        ("params > " + "9" * 50, "expects a number"),
    ],
)
def test_what_is_no_condition_is_refused_with_words(text: str, said: str) -> None:
    with pytest.raises(ThresholdError) as caught:
        read_threshold(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected", "deciding"),
    [
        ("macs > +1M or params == +198", True, ["params == +198"]),
        ("macs > +1M and params == +198", False, []),
        ("params > +0 and layers == 1 or macs > +1M", True, ["params > +0", "layers == 1"]),
        ("macs > +1M OR params > +0 AND layers == 2", False, []),
    ],
)
def test_conditions_are_joined_and_tighter_than_or(text: str, expected: object, deciding: list[str]) -> None:
    before, after = (shapecalc.inspect(shapecalc.loads(WIDE % width)) for width in (100, 102))
    holds, found = judged(read_thresholds(text), diff(before, after).totals)
    assert (holds, [threshold.text for threshold in found]) == (expected, deciding)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("macs > +1K", None),
        ("macs > +1K and params > +1K", False),
        ("macs > +1K and params > +0", None),
        ("macs > +1K or params > +1K", None),
        ("macs > +1K or params > +0", True),
    ],
)
def test_what_depends_on_a_symbol_decides_only_where_nothing_else_does(text: str, expected: object) -> None:
    before, after = (shapecalc.inspect(shapecalc.loads(FREE % width)) for width in (5, 7))
    holds, found = judged(read_thresholds(text), diff(before, after).totals)
    assert holds is expected
    assert [threshold.text for threshold in found if expected is None] == ["macs > +1K"] * (expected is None)


@pytest.mark.parametrize(
    "text", ["params > 1 and", "or params > 1", "params > 1 or  and macs > 1", "params > 1 macs > 2"]
)
def test_half_a_sentence_is_refused(text: str) -> None:
    with pytest.raises(ThresholdError):
        read_thresholds(text)
