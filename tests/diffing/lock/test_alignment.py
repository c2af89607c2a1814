"""Which layer is which: nothing goes where layers are only put in, and the pairing found costs least of all."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

import shapecalc
from shapecalc.diffing.diff import ChangeKind, Comparison, diff
from shapecalc.diffing.lock import alignment

HEAD = "input: [N, 3, 16, 16]\nlayers:\n"
STEPS = (
    "  - conv: {out_channels: 4, kernel_size: 3}\n",
    "  - conv: {out_channels: 7, kernel_size: 1}\n    name: named\n",
    "  - relu\n",
    "  - batch_norm\n",
    "  - max_pool: 1\n",
    "  - concat: {main: [relu], side: [conv: {out_channels: 6, kernel_size: 1}]}\n",
)
NETS = st.lists(st.sampled_from(STEPS), min_size=1, max_size=6).filter(lambda steps: steps.count(STEPS[1]) < 2)


def compared(old: str, new: str) -> Comparison:
    return diff(*(shapecalc.inspect(shapecalc.loads(text)) for text in (old, new)))


def tally(comparison: Comparison) -> tuple[int, int, int, int]:
    added, removed, changed, same = (comparison.tally[kind] for kind in ChangeKind)
    return added, removed, changed, same


@given(NETS, st.data())
def test_whatever_is_put_in_nothing_goes(steps, data) -> None:
    longer = list(steps)
    for _ in range(data.draw(st.integers(1, 4))):
        longer.insert(data.draw(st.integers(0, len(longer))), "  - sigmoid\n")
    added, removed, _, _ = tally(compared(HEAD + "".join(steps), HEAD + "".join(longer)))
    assert (added, removed) == (len(longer) - len(steps), 0)


@given(NETS, NETS)
def test_the_same_layers_and_no_others_are_identical(one, other) -> None:
    found = compared(HEAD + "".join(one), HEAD + "".join(other))
    assert found.identical == (one == other)
    assert sorted(row.old.path for row in found.rows if row.old) == sorted(row.path for row in found.old.layers)
    assert [row.new for row in found.rows if row.new] == list(found.new.layers)


def test_names_that_only_count_weigh_nothing_however_many_shift() -> None:
    """By their names, all but the sixteen layers of another type would stay where they are."""
    steps = [f"  - {step}\n" for step in (*["relu"] * 14, "tanh") * 8]
    found = compared(HEAD + "".join(steps), HEAD + "".join(["  - sigmoid\n", *steps]))
    assert tally(found) == (1, 0, 0, 120)


def repeated(runs: int, dropout: str = "", first: str = "") -> str:
    body = f"[conv: {{out_channels: 4, kernel_size: 1}}, batch_norm, {dropout}relu]"
    steps = f"layers:\n{first}  - one:\n    repeat: {runs}\n"
    return f"input: [N, 4, 8, 8]\nblocks: {{one: {{layers: {body}}}}}\n{steps}"


@pytest.mark.parametrize("most", [0, 2000, 1_000_000])
@pytest.mark.parametrize("runs", [9, 300])
def test_what_is_put_into_a_repeated_block_comes_once_a_run(runs, most, monkeypatch) -> None:
    monkeypatch.setattr(alignment, "MOST_COMPARED", most)
    assert tally(compared(repeated(runs), repeated(runs, "dropout, "))) == (runs, 0, 0, 3 * runs)


@pytest.mark.parametrize("most", [100_000, 1_000_000])
def test_so_it_does_where_a_layer_before_the_block_gives_it_another_name(most, monkeypatch) -> None:
    monkeypatch.setattr(alignment, "MOST_COMPARED", most)
    assert tally(compared(repeated(300), repeated(300, "dropout, ", "  - sigmoid\n"))) == (301, 0, 0, 900)


def test_two_that_swapped_names_are_not_each_other() -> None:
    text = "input: [N, 8]\nlayers:\n  - concat:\n      {}: [linear: 3]\n      {}: [linear: 3]\n"
    moved = compared(text.format("left", "right"), text.format("right", "left"))
    assert [row.old.path == row.new.path for row in moved.rows if row.old and row.new] == [True] * 3


CHAINS = st.lists(st.sampled_from(["relu", "tanh", "gelu"]), min_size=1, max_size=30)


@given(CHAINS, st.data())
def test_to_put_layers_in_takes_no_more_comparing_than_there_are_layers_for_each(steps, data) -> None:
    longer = list(steps)
    count = data.draw(st.integers(1, 4))
    for _ in range(count):
        longer.insert(data.draw(st.integers(0, len(longer))), "sigmoid")
    texts = (HEAD + "".join(f"  - {step}\n" for step in chain) for chain in (steps, longer))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "MOST_COMPARED", len(steps) * (count + 1))
        assert tally(compared(*texts)) == (count, 0, 0, len(steps))
