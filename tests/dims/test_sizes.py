"""Sizes one by one below a start, and by remainder from there on."""

from __future__ import annotations

from hypothesis import given, strategies as st

from shapecalc.dims import Sizes
from tests.support.rows import for_each
from tests.support.volume import at_most


@at_most(200)
@given(
    st.lists(st.integers(1, 60), max_size=4),
    st.integers(1, 40),
    st.integers(1, 12),
    st.sets(st.integers(0, 11)),
    st.integers(-3, 90),
)
def test_sizes_are_found_from_either_side(
    early: list[int], start: int, period: int, residues: set[int], size: int
) -> None:
    sizes = Sizes(
        tuple(sorted({number for number in early if number < start})),
        start,
        period,
        tuple(sorted({residue % period for residue in residues})),
    )
    legal = [number for number in range(1, 200) if number in sizes]
    assert sizes.from_(size) == next((number for number in legal if number >= size), None)
    assert sizes.up_to(size) == max((number for number in legal if number <= size), default=None)
    assert list(sizes.first(5)) == legal[:5]


def test_a_size_is_an_int_of_1_and_more() -> None:
    every = Sizes((), 1, 1, (0,))
    assert [size in every for size in (-1, 0, 1, 2, "1", 1.0, None)] == [False, False, True, True, False, False, False]


def test_sizes_below_the_start_are_legal_one_by_one() -> None:
    sizes = Sizes((3, 5), 8, 4, (1, 2))
    assert [size for size in range(1, 20) if size in sizes] == [3, 5, 9, 10, 13, 14, 17, 18]
    assert (sizes.smallest, sizes.from_(-7), sizes.from_(4), sizes.from_(6), sizes.from_(11)) == (3, 3, 5, 9, 13)
    assert (sizes.up_to(2), sizes.up_to(3), sizes.up_to(8), sizes.up_to(9), sizes.up_to(12)) == (None, 3, 5, 9, 10)
    assert sizes.first(4) == (3, 5, 9, 10)
    assert sizes.first(0) == ()


def test_few_sizes_have_an_end() -> None:
    sizes = Sizes((3, 5), 6, 1, ())
    assert (sizes.smallest, sizes.from_(5), sizes.from_(6), sizes.up_to(99)) == (3, 5, None, 5)
    assert sizes.first(9) == (3, 5)
    assert Sizes((), 1, 1, ()).smallest is None
    assert Sizes((), 1, 1, (0,)).smallest == 1


@for_each(
    "sizes, sentence",
    [
        (Sizes((), 1, 1, ()), "no size of H is valid"),
        (Sizes((), 1, 1, (0,)), "any size of H is valid"),
        (Sizes((7,), 8, 1, ()), "H must be 7"),
        (Sizes((3, 7), 8, 1, ()), "H must be 3 or 7"),
        (Sizes((3, 4, 5, 7, 9, 10), 11, 1, ()), "H must be 3 to 5, 7 or 9 to 10"),
        (Sizes((), 2, 2, (0,)), "H must be a multiple of 2"),
        (Sizes((), 1, 2, (1,)), "H must be 1 modulo 2"),
        (Sizes((), 16, 16, (0,)), "H must be a multiple of 16"),
        (Sizes((), 32, 16, (0,)), "H must be a multiple of 16, and at least 32"),
        (Sizes((), 5, 1, (0,)), "H must be at least 5"),
        (Sizes((), 2, 1, (0,)), "H must be at least 2"),
        (Sizes((), 3, 8, (3, 5)), "H must be 3 or 5 modulo 8"),
        (Sizes((), 5, 8, (3, 5)), "H must be 3 or 5 modulo 8, and at least 5"),
        (Sizes((), 8, 8, (0, 5)), "H must be 0 or 5 modulo 8, and at least 8"),
        (Sizes((3,), 8, 8, (0,)), "H must be a multiple of 8, from 8 on; before that 3"),
        (Sizes((3, 5), 8, 8, (0, 1)), "H must be 0 to 1 modulo 8, from 8 on; before that 3 or 5"),
        (Sizes((3,), 8, 1, (0,)), "H may be any size from 8 on; before that 3"),
        (Sizes(tuple(range(1, 20, 2)), 20, 1, ()), "H must be 1, 3, 5, 7, 9, 11, 13, 15, 17 or 19"),
        (
            Sizes(tuple(range(1, 22, 2)), 22, 1, ()),
            "H must be one of 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, … (11 in total)",
        ),
        (
            Sizes((*range(1, 22, 2), 22), 23, 1, ()),
            "H must be one of 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, … (12 in total)",
        ),
    ],
)
def test_sizes_are_a_sentence(sizes: Sizes, sentence: str) -> None:
    assert sizes.sentence("H") == sentence
