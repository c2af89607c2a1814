"""The plans of a sweep: one for each structure, or point by point."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc import ShapecalcError
from tests.support.swept_networks import NET, OPEN


def test_a_structure_that_fits_at_no_size_is_left_out_and_named() -> None:
    found = shapecalc.sweep(shapecalc.loads(NET), {"depth": (0, 1), "H": (16, 32)})
    assert (found.points, found.illegal, len(found)) == (4, 2, 2)
    assert found.notes == (
        "2 of 4 points left out, which do not fit",
        "depth=0 fits at no size: `repeat` expects a number from 1, receives 0",
    )


def test_where_no_structure_fits_the_mistake_is_raised() -> None:
    with pytest.raises(ShapecalcError, match="`repeat` expects a number from 1, receives 0"):
        shapecalc.sweep(shapecalc.loads(NET), {"depth": [0], "H": [16]})


def test_what_has_no_closed_form_is_inspected_point_by_point() -> None:
    found = shapecalc.sweep(shapecalc.loads(OPEN), {"H": range(1, 13)}, where="H > 4", by="-H", top=2)
    assert found.columns["H"].tolist() == [12, 11]
    assert found.columns["macs"].tolist() == [66, 60]
    assert found.illegal == 2
    assert found.notes[-1].startswith("inspected point by point, for want of a closed form: ")


BLOCK = """\
input: [N, T, 64]
layers:
  - {multihead_attention: {num_heads: 4, batch_first: true}, name: attn}
  - {linear: 256, name: feed.wide}
  - {linear: 64, name: feed.narrow}
"""


def test_a_sum_over_paths_finds_where_attention_overtakes_the_feed_forward_part() -> None:
    """4·T·E² + 2·T²·E against 8·T·E²: from T = 2·E on attention does more, here from 129."""
    found = shapecalc.sweep(
        shapecalc.loads(BLOCK),
        {"T": range(1, 400)},
        sums={"attention": "attn", "feed": "feed.*"},
        where="attention > feed",
        by="T",
        top=1,
    )
    assert found.columns["T"].tolist() == [129]
    assert found.columns["attention"].tolist() == [4 * 129 * 64**2 + 2 * 129**2 * 64]
    assert found.columns["feed"].tolist() == [8 * 129 * 64**2]


@pytest.mark.parametrize(
    ("sums", "message"),
    [({"feed": "nothing.*"}, "matches no layer"), ({"macs": "*"}, "has a column `macs` already")],
)
def test_a_sum_of_nothing_or_by_a_name_that_is_taken_is_refused(sums, message) -> None:
    with pytest.raises(ShapecalcError, match=message) as raised:
        shapecalc.sweep(shapecalc.loads(BLOCK), {"T": [3]}, sums=sums)
    assert raised.value.exit_code == 2
