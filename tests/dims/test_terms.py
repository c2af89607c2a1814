"""Atoms, monomials and sums of them: their order, products and quotients."""

from __future__ import annotations

import pickle

import pytest

from shapecalc.dims import DimLimitError, parse, symbol
from shapecalc.dims.terms import Floor, add_into, degree, multiply, new_floor, order, over, symbols_of, times

A, B, C = "A", "B", "C"


def floor(text: str) -> Floor:
    ((((atom, _),), _),) = parse(text).terms.items()
    assert isinstance(atom, Floor)
    return atom


def test_a_floor_knows_its_content_degree_depth_size_and_symbols() -> None:
    simple = floor("(H + 3)//5")
    assert (simple.constant, simple.divisor, simple.content, simple.degree) == (3, 5, 1, 1)
    assert (simple.depth, simple.size, simple.symbols) == (1, 2, ("H",))
    power = floor("(3*H**2)//5")
    assert (power.content, power.degree, power.depth, power.size) == (3, 2, 1, 2)
    mixed = floor("(4*H**2*W + 6*N)//9")
    assert (mixed.content, mixed.degree, mixed.depth, mixed.symbols) == (2, 3, 1, ("H", "N", "W"))
    assert mixed.size == 5  # two terms of two atoms and of one
    nested = floor("(2*((H*W)//3)*N + 1)//5")
    assert (nested.degree, nested.depth, nested.symbols) == (3, 2, ("H", "N", "W"))
    assert nested.size == 5  # a term of N and of a floor of 3


def test_floors_are_equal_if_all_their_parts_are() -> None:
    assert floor("(H + 3)//5") == floor("(H + 3)//5")
    for other in ("(H + 2)//5", "(H + 3)//7", "(W + 3)//5", "(2*H + 3)//5"):
        assert floor("(H + 3)//5") != floor(other)
    assert floor("H//5") != "H"
    assert hash(floor("(H + 3)//5")) == hash(floor("(H + 3)//5"))


def test_atoms_have_one_order_with_symbols_first() -> None:
    ascending = [
        "H",
        "Z",
        floor("H//5"),
        floor("H//7"),
        floor("(H + 1)//7"),
        floor("(2*H + 1)//7"),
        floor("(H*W)//5"),
        floor("W//2"),
    ]
    # The leading terms decide last: 2·H after H, as the coefficient of the same term is greater.
    assert sorted(ascending[3:] + ascending[:3]) == ascending
    for i, left in enumerate(ascending):
        for j, right in enumerate(ascending):
            assert (left < right) == (i < j)
            assert (left > right) == (i > j)


def test_a_floor_made_in_another_process_is_equal() -> None:
    nested = floor("(2*((H*W + 1)//3)*N + 1)//5")
    assert pickle.loads(pickle.dumps(nested)) == nested
    assert hash(pickle.loads(pickle.dumps(nested))) == hash(nested)


def test_a_scaled_floor_has_other_bounds_alone() -> None:
    original = floor("(6*H**2 + 4*N*((W + 1)//2))//7")
    scaled = original.scaled(5, 11)
    assert (scaled.constant, scaled.divisor) == (5, 11)
    for name in ("terms", "content", "degree", "depth", "size", "symbols", "key"):
        assert getattr(scaled, name) == getattr(original, name)


def test_a_degree_counts_the_polynomial_in_a_floor() -> None:
    assert degree(((A, 2), (B, 3))) == 5
    assert degree(((A, 2), (floor("(H**2*W)//3"), 4))) == 14


def test_higher_degrees_lead_then_the_alphabet_then_higher_powers() -> None:
    leading = [((A, 3),), ((A, 2), (B, 1)), ((A, 1), (B, 2)), ((B, 3),), ((A, 2),), ((A, 1), (B, 1)), ((A, 1),)]
    assert sorted(leading[3:] + leading[:3], key=order) == leading


def test_symbols_are_those_of_floors_too() -> None:
    assert symbols_of([((B, 1), (floor("(C + A)//2"), 1)), ((B, 2),)]) == (A, B, C)
    assert symbols_of([]) == ()


def test_a_product_of_monomials_adds_powers_and_keeps_the_order() -> None:
    assert times(((A, 1),), ((B, 2),)) == ((A, 1), (B, 2))
    assert times(((B, 2),), ((A, 1),)) == ((A, 1), (B, 2))
    assert times(((A, 1), (C, 1)), ((B, 2),)) == ((A, 1), (B, 2), (C, 1))
    assert times(((A, 1), (B, 2)), ((B, 3), (C, 5))) == ((A, 1), (B, 5), (C, 5))


def test_a_quotient_of_monomials_subtracts_powers() -> None:
    assert over(((A, 3), (B, 2)), ((A, 1), (B, 2))) == ((A, 2),)
    assert over(((A, 3),), ((A, 3),)) == ()
    assert over(((A, 3),), ((A, 4),)) is None
    assert over(((A, 3),), ((B, 1),)) is None


def test_what_cancels_is_dropped_from_a_sum() -> None:
    total = {((A, 1),): 3, ((B, 1),): 5}
    add_into(total, {((A, 1),): 1, ((B, 1),): 2, ((C, 1),): 7}, -3)
    assert total == {((B, 1),): -1, ((C, 1),): -21}
    add_into(total, {((B, 1),): 1})
    assert total == {((C, 1),): -21}


def test_a_product_of_sums_leaves_out_the_product_of_the_constants() -> None:
    a, b = {((A, 1),): 2}, {((B, 1),): 3}
    ab = ((A, 1), (B, 1))
    assert multiply(a, 0, b, 0) == {ab: 6}
    assert multiply(a, 0, b, 5) == {ab: 6, ((A, 1),): 10}
    assert multiply(a, 7, b, 0) == {ab: 6, ((B, 1),): 21}
    assert multiply(a, 7, b, 5) == {ab: 6, ((A, 1),): 10, ((B, 1),): 21}
    assert multiply({((A, 1),): 1, ((B, 1),): 1}, 0, {((A, 1),): 1, ((B, 1),): -1}, 0) == {((A, 2),): 1, ((B, 2),): -1}
    assert multiply({((A, 1),): 1}, 4, {((A, 1),): 1}, -4) == {((A, 2),): 1}


def test_limits_are_the_largest_that_is_kept() -> None:
    dim = symbol("H")
    for _ in range(50):
        dim = (2 * dim + 1) // 3
    assert floor("H//2").depth == 1
    (((deepest, _),),) = dim.terms
    assert deepest.depth == 50
    with pytest.raises(DimLimitError, match=r"^floors nest at most 50 deep$"):
        (2 * dim + 1) // 3
    widest = {((f"x{i}", 1),): 1 for i in range(10_000)}
    assert new_floor(widest, 0, 2).size == 20_000
    with pytest.raises(DimLimitError, match=r"^a floor term holds at most 20000 factors$"):
        new_floor({**widest, ((A, 1),): 1}, 0, 2)
    row, column = {((f"x{i}", 1),): 1 for i in range(400)}, {((f"y{i}", 1),): 1 for i in range(500)}
    assert len(multiply(row, 0, column, 0)) == 200_000
    with pytest.raises(DimLimitError, match=r"here 400 meet 501$"):
        multiply(row, 0, {**column, ((A, 1),): 1}, 0)
