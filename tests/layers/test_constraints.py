"""What rules require of symbols goes into the collector that is passed to them, and nowhere else."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.constraints import REFUSING
from shapecalc.layers.conv import Conv
from shapecalc.layers.linear import Linear
from tests.support.layers import required

H, C = symbol("H"), symbol("C")


def test_a_window_requires_that_the_axis_is_long_enough() -> None:
    conditions = required(Conv(out_channels=5, kernel_size=3), (2, 7, H))
    assert conditions == [Condition(H - 3, Relation.NONNEGATIVE)]


def test_a_stated_size_requires_that_the_symbol_is_that_size() -> None:
    assert required(Linear(out_features=5, in_features=7), (2, C)) == [Condition(C - 7, Relation.ZERO)]


def test_groups_require_that_they_divide_the_channels() -> None:
    conditions = required(Conv(out_channels=6, kernel_size=1, groups=3), (2, C, 11))
    assert conditions == [Condition(C % 3, Relation.ZERO)]


def test_two_collectors_share_nothing() -> None:
    layer = Linear(out_features=5, in_features=7)
    assert required(layer, (2, C)) == required(layer, (2, C))
    assert required(layer, (2, 7)) == []


def test_a_rule_without_a_collector_refuses_what_depends_on_a_symbol() -> None:
    with pytest.raises(LayerError) as refused:
        Linear(out_features=5, in_features=7).output_shape((2, C))
    assert (refused.value.code, refused.value.field) == ("SC311", "in_features")
    assert REFUSING.conditions is None


def test_a_rule_without_a_collector_leaves_the_length_of_a_symbol_open() -> None:
    assert Conv(out_channels=5, kernel_size=3).output_shape((2, 7, H)) == (2, 5, H - 2)


def test_what_no_size_meets_is_refused_by_a_collector_too() -> None:
    with pytest.raises(LayerError) as refused:
        required(Conv(out_channels=6, kernel_size=1, groups=3), (2, 3 * C + 1, 11))
    assert (refused.value.code, refused.value.field) == ("SC304", "groups")
