"""Atoms, monomials and sums of them: their order, products and quotients."""

from __future__ import annotations

import pickle

import pytest

from shapecalc.dims import DimLimitError, parse
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
    alone = floor("(2*(H//3) + 1)//5")
    assert (alone.content, alone.degree, alone.depth, alone.size, alone.symbols) == (2, 1, 2, 3, ("H",))


def test_floors_are_equal_if_all_their_parts_are() -> None:
    assert floor("(H + 3)//5") == floor("(H + 3)//5")
    for other in ("(H + 2)//5", "(H + 3)//7", "(W + 3)//5", "(2*H + 3)//5"):
        assert floor("(H + 3)//5") != floor(other)
    first = second = floor("H//5")
    assert first == second
    assert first.__eq__("H") is NotImplemented  # so that Python asks the other operand
    terms = {((A, 1),): 1, ((B, 1),): 2}
    assert new_floor(terms, 0, 3).ranked == new_floor(dict(reversed(terms.items())), 0, 3).ranked
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


def test_a_pickled_floor_is_equal() -> None:
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
    assert times(((B, 2),), ((A, 1), (C, 1))) == ((A, 1), (B, 2), (C, 1))
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


@pytest.mark.parametrize(
    ("limit", "largest", "message"),
    [
        ("MAX_DEPTH", 2, "floors nest at most 1 deep"),
        ("MAX_SIZE", 5, "a floor term holds at most 4 factors"),
    ],
)
def test_a_floor_at_its_limit_is_kept_and_one_above_is_refused(
    monkeypatch: pytest.MonkeyPatch, limit: str, largest: int, message: str
) -> None:
    terms = {((A, 1), (floor("H//5"), 1)): 2, ((B, 1),): 1}  # 2 deep; 1 + 1 + 2 for the product, 2 for B
    size = {((A, 1), (B, 1)): 2, ((C, 1),): 1} if limit == "MAX_SIZE" else terms
    monkeypatch.setattr(f"shapecalc.dims.terms.{limit}", largest)
    assert new_floor(size, 0, 3)
    monkeypatch.setattr(f"shapecalc.dims.terms.{limit}", largest - 1)
    with pytest.raises(DimLimitError, match=f"^{message}$"):
        new_floor(size, 0, 3)


def test_a_product_at_its_limit_is_kept_and_one_above_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    two, three = {((A, 1),): 1, ((B, 1),): 1}, {((A, 2),): 1, ((B, 2),): 1, ((C, 1),): 1}
    monkeypatch.setattr("shapecalc.dims.terms.MAX_TERMS", 6)
    assert len(multiply(two, 0, three, 0)) == 6
    monkeypatch.setattr("shapecalc.dims.terms.MAX_TERMS", 5)
    with pytest.raises(DimLimitError, match=r"^a product expands to at most 5 terms, here 2 meet 3$"):
        multiply(two, 0, three, 0)
