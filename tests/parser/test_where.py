"""`where:` as a file writes it: comparisons of the symbols of its inputs."""

from __future__ import annotations

import pytest

from shapecalc.dims import Condition, Relation, symbol
from tests.support.networks import findings, found, read

H, W = symbol("H"), symbol("W")


def conditions(where: str) -> list[Condition]:
    return [stated.condition for stated in read(f"input: [N, H, W]\nlayers: [relu]\nwhere: {where}\n").where]


@pytest.mark.parametrize(
    ("written", "condition"),
    [
        ("H % 16 == 0", Condition(H % 16, Relation.ZERO)),
        ("H == W", Condition(H - W, Relation.ZERO)),
        ("H >= 32", Condition(H - 32, Relation.NONNEGATIVE)),
        ("H > 32", Condition(H - 33, Relation.NONNEGATIVE)),
        ("H <= 2*W", Condition(2 * W - H, Relation.NONNEGATIVE)),
        ("32 < H", Condition(H - 33, Relation.NONNEGATIVE)),
    ],
)
def test_a_comparison_is_a_relation_of_its_difference_to_0(written: str, condition: Condition) -> None:
    assert conditions(f"'{written}'") == [condition]


def test_several_conditions_are_a_list() -> None:
    assert len(conditions('["H % 2 == 0", "W >= 5"]')) == 2


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("H", '`where` expects comparisons of symbols, receives the string "H"'),
        ("32", "`where` expects comparisons of symbols, receives 32"),
        ("H = 3", '`where` expects comparisons of symbols, receives the string "H = 3"'),
        ("0 < H < 9", '`where` expects comparisons of symbols, receives the string "0 < H < 9"'),
        ("H >= 1", "`where` states `H >= 1`, which always holds"),
        ("H < 1", "`where` states `H < 1`, which never holds"),
        ("Q >= 3", "`where` names `Q`, which is no symbol of what enters"),
    ],
)
def test_an_invalid_condition_is_refused_at_its_position(written: str, message: str) -> None:
    text = f"input: [N, H, W]\nlayers: [relu]\nwhere: [{written}]\n"
    assert found(text) == [("SC105", written)]
    assert [finding.message for finding in findings(text)] == [message]


def test_a_side_that_cannot_be_read_says_why() -> None:
    (finding,) = findings("input: [N, H]\nlayers: [relu]\nwhere: 'H + >= 3'\n")
    assert finding.code == "SC105"
    assert finding.message.startswith("`where` cannot read `H + >= 3`: ")
    assert finding.help == 'write it like "H % 16 == 0" or "H >= 32"'
