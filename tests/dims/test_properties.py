"""The normal form against plain arithmetic: random expressions, evaluated at random points both ways."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from hypothesis import assume, given, strategies as st

from shapecalc.dims import (
    Expr,
    ceil_div,
    evaluate,
    exact_quotient,
    floor_div,
    free_symbols,
    greatest,
    latex,
    least,
    parse,
    pretty,
    product,
    symbol,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.dims import Dim

NAMES = ("H", "W", "N")
points = st.fixed_dictionaries({name: st.integers(1, 200) for name in NAMES})


class Tree:
    """An expression that is built twice: with dims, and as a function of the point in Python's own arithmetic."""

    def __init__(self, dim: Dim, at: Callable[[Mapping[str, int]], int]) -> None:
        self.dim = dim
        self.at = at

    def __repr__(self) -> str:
        return f"Tree({self.dim})"


def leaves() -> st.SearchStrategy[Tree]:
    names = st.sampled_from(NAMES).map(lambda name: Tree(symbol(name), lambda point: point[name]))
    return names | st.integers(-40, 40).map(lambda number: Tree(number, lambda _: number))


def polynomial(children: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.one_of(
        st.builds(lambda a, b: Tree(a.dim + b.dim, lambda p: a.at(p) + b.at(p)), children, children),
        st.builds(lambda a, b: Tree(a.dim - b.dim, lambda p: a.at(p) - b.at(p)), children, children),
        st.builds(lambda a, b: Tree(a.dim * b.dim, lambda p: a.at(p) * b.at(p)), children, children),
        st.builds(lambda a, c: Tree(a.dim * c, lambda p: a.at(p) * c), children, st.integers(-9, 9)),
        st.builds(lambda a: Tree(-a.dim, lambda p: -a.at(p)), children),
        st.builds(lambda a, n: Tree(a.dim**n, lambda p: a.at(p) ** n), children, st.integers(0, 2)),
        st.builds(lambda a, b: Tree(product([a.dim, 3, b.dim]), lambda p: 3 * a.at(p) * b.at(p)), children, children),
    )


def grown(children: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    divisors = st.integers(1, 8)
    return polynomial(children) | st.one_of(
        st.builds(lambda a, c: Tree(a.dim // c, lambda p: a.at(p) // c), children, divisors),
        st.builds(lambda a, c: Tree(floor_div(a.dim, c), lambda p: a.at(p) // c), children, divisors),
        st.builds(lambda a, c: Tree(ceil_div(a.dim, c), lambda p: -(-a.at(p) // c)), children, divisors),
        st.builds(lambda a, c: Tree(a.dim % c, lambda p: a.at(p) % c), children, divisors),
    )


polynomials = st.recursive(leaves(), polynomial, max_leaves=6)
trees = st.recursive(leaves(), grown, max_leaves=10)
# One axis through floors only, which is where rules 1 to 3 meet.
chains = st.lists(st.tuples(st.integers(1, 5), st.integers(-9, 9), st.integers(1, 6)), max_size=6)


@given(trees, st.lists(points, min_size=1, max_size=8))
def test_the_normal_form_has_the_value_of_what_was_written(tree, sample):
    for point in sample:
        assert evaluate(tree.dim, point) == tree.at(point)


@given(chains, st.integers(1, 10**6))
def test_scaling_shifting_and_dividing_in_a_row_keeps_its_value(chain, length):
    dim = symbol("H")
    value = length
    for factor, shift, divisor in chain:
        dim = floor_div(dim * factor + shift, divisor)
        value = (value * factor + shift) // divisor
    assert evaluate(dim, {"H": length}) == value


@given(trees, trees, points)
def test_replacing_a_symbol_first_and_the_rest_later_gives_the_same(tree, inner, point):
    replaced = evaluate(tree.dim, {"H": inner.dim})
    assert evaluate(replaced, point) == evaluate(tree.dim, {**point, "H": inner.at(point)})


@given(trees, points)
def test_binding_one_symbol_after_the_other_ends_where_binding_all_does(tree, point):
    dim = tree.dim
    for name in NAMES:
        dim = evaluate(dim, {name: point[name]})
        assert name not in free_symbols(dim)
    assert dim == tree.at(point)


@given(trees)
def test_an_unbound_symbol_leaves_the_expression_as_it_is(tree):
    assert evaluate(tree.dim, {"Z": 3}) == tree.dim
    assert evaluate(tree.dim, {name: symbol(name) for name in NAMES}) == tree.dim


@given(trees)
def test_parse_reads_back_what_str_writes(tree):
    assert parse(str(tree.dim)) == tree.dim


@given(trees, points)
def test_what_str_writes_is_python_for_the_same_value(tree, point):
    assert eval(str(tree.dim), {"__builtins__": {}}, dict(point)) == tree.at(point)


@given(trees)
def test_equal_expressions_print_the_same_and_hash_the_same(tree):
    other = parse(str(tree.dim + symbol("H"))) - symbol("H")
    assert other == tree.dim
    assert hash(other) == hash(tree.dim)
    for write in (str, pretty, latex):
        assert write(other) == write(tree.dim)


@given(trees, trees, trees)
def test_sums_and_products_do_not_depend_on_order(a, b, c):
    assert a.dim + b.dim == b.dim + a.dim
    assert a.dim * b.dim == b.dim * a.dim
    assert (a.dim + b.dim) * c.dim == c.dim * b.dim + c.dim * a.dim
    assert str(a.dim + b.dim + c.dim) == str(c.dim + b.dim + a.dim)


@given(trees, trees)
def test_an_exact_quotient_times_its_divisor_is_the_dividend(a, b):
    assume(b.dim != 0)
    assert exact_quotient(a.dim * b.dim, b.dim) == a.dim
    quotient = exact_quotient(a.dim, b.dim)
    assert quotient is None or quotient * b.dim == a.dim


@given(trees, st.lists(points, min_size=1, max_size=8))
def test_no_value_lies_outside_of_the_bounds(tree, sample):
    low, high = least(tree.dim), greatest(tree.dim)
    for point in [{"H": 1, "W": 1, "N": 1}, *sample]:
        value = tree.at(point)
        assert low is None or low <= value
        assert high is None or value <= high


@given(trees)
def test_a_copy_through_pickle_is_equal(tree):
    assert pickle.loads(pickle.dumps(tree.dim)) == tree.dim


@given(trees)
def test_a_constant_is_always_a_plain_int(tree):
    assert type(tree.dim) is int or (type(tree.dim) is Expr and free_symbols(tree.dim))


@given(polynomials, st.lists(st.integers(1, 6), max_size=5))
def test_dividing_a_polynomial_step_by_step_is_dividing_it_once(tree, divisors):
    dim, whole = tree.dim, 1
    for divisor in divisors:
        dim = floor_div(dim, divisor)
        whole *= divisor
    assert dim == floor_div(tree.dim, whole)


@given(trees, st.integers(1, 6), st.integers(-20, 20))
def test_a_multiple_of_the_divisor_leaves_the_floor(tree, divisor, shift):
    assert floor_div(tree.dim + shift * divisor, divisor) == floor_div(tree.dim, divisor) + shift


@given(st.lists(st.tuples(st.integers(1, 11), st.integers(1, 4), st.integers(0, 5)), max_size=8), st.integers(0, 8))
def test_two_chains_with_the_same_windows_print_the_same_wherever_they_are_cut(windows, cut):
    def through(chain, length):
        for window, stride, padding in chain:
            length = floor_div(length + 2 * padding - window, stride) + 1
        return length

    whole = through(windows, symbol("H"))
    tail = through(windows[cut:], symbol("W"))
    joined = evaluate(tail, {"W": through(windows[:cut], symbol("H"))})
    assert joined == whole
    assert str(joined) == str(whole)
    assert len(whole.terms) == 1
