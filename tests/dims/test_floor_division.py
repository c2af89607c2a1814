"""Whole networks: one floor per axis, in the form that people know."""

from __future__ import annotations

import pytest

from shapecalc.dims import Expr, evaluate, floor_div, least, parse, pretty, product, symbol
from shapecalc.dims.terms import Floor
from tests.support.rows import for_each

H = symbol("H")
LENET = [(5, 1, 0), (2, 2, 0), (5, 1, 0), (2, 2, 0)]
ALEXNET = [(11, 4, 0), (3, 2, 0), (5, 1, 2), (3, 2, 0), (3, 1, 1), (3, 1, 1), (3, 1, 1), (3, 2, 0)]
VGG = [layer for convolutions in (2, 2, 3, 3, 3) for layer in [(3, 1, 1)] * convolutions + [(2, 2, 0)]]
RESNET = [(7, 2, 3), (3, 2, 1), (3, 1, 1), (3, 2, 1), (3, 1, 1), (1, 2, 0), (3, 1, 1), (3, 2, 1)]


def through(windows, length=H):
    for window, stride, padding in windows:
        length = floor_div(length + 2 * padding - window, stride) + 1
    return length


@pytest.mark.parametrize(
    ("windows", "text", "length", "last"),
    [
        (LENET, "(H - 12)//4", 32, 5),  # LeCun et al. 1998: S4 is 5×5
        (ALEXNET, "(H - 35)//32", 227, 6),  # Krizhevsky et al. 2012: 227 → 55 → 27 → 13 → 6
        (VGG, "H//32", 224, 7),  # Simonyan and Zisserman 2014: 224 / 2⁵
        (RESNET, "(H + 31)//32", 224, 7),  # He et al. 2015: every halving rounds up
    ],
    ids=["lenet", "alexnet", "vgg", "resnet"],
)
def test_a_classic_ends_in_one_floor(windows, text, length, last):
    result = through(windows)
    assert str(result) == text
    assert evaluate(result, {"H": length}) == through(windows, length) == last
    assert [evaluate(result, {"H": n}) for n in range(64, 700)] == [through(windows, n) for n in range(64, 700)]


def test_resnet_is_written_for_people_with_floor_brackets():
    assert pretty(through(RESNET)) == "⌊(H + 31)/32⌋"


def test_a_unet_comes_back_at_the_size_that_its_pools_divide():
    down = through([(2, 2, 0)] * 4)
    up = down * 2 * 2 * 2 * 2
    assert str(up) == "16*(H//16)"
    assert evaluate(up, {"H": parse("16*K")}) == parse("16*K")
    assert str(floor_div(up, 2)) == "8*(H//16)"


def floors_and_symbols(dim):
    """How many floors and symbols it takes to write a dim, nested ones included."""
    count = 0
    stack = [dim.terms]
    while stack:
        for monomial in stack.pop():
            for atom, _ in monomial:
                count += 1
                if type(atom) is not str:
                    stack.append(atom.terms)
    return count


@for_each("depth", [1, 100, 10_000])
@for_each("pattern", [LENET, ALEXNET, RESNET, [(3, 1, 0), (3, 3, 1), (2, 1, 0)]])
def test_a_chain_of_any_depth_is_one_floor_of_one_symbol(pattern, depth):
    windows = [pattern[i % len(pattern)] for i in range(depth)]
    result = through(windows)
    assert isinstance(result, Expr)
    assert floors_and_symbols(result) <= 2
    assert len(result.terms) == 1


def test_a_window_costs_the_same_at_the_end_of_a_chain_as_at_its_start(monkeypatch):
    made = []
    build = Floor.__init__

    def counting(self, terms, *args, **fields):
        made.append(len(terms))
        build(self, terms, *args, **fields)

    monkeypatch.setattr(Floor, "__init__", counting)
    for depth in (100, 10_000):
        made.clear()
        through([RESNET[i % len(RESNET)] for i in range(depth)])
        assert made.count(1) == len(made) <= depth


def test_a_chain_of_ten_thousand_halvings_prints_and_reads_back():
    result = through([(2, 2, 0)] * 20_000)
    assert result == floor_div(H, 2**20_000)
    assert parse(str(result)) == result


def test_nested_floors_that_a_factor_keeps_apart_have_the_right_values():
    result = floor_div(2 * floor_div(H + 1, 2) + 1, 3)
    assert str(result) == "(2*((H + 1)//2) + 1)//3"
    assert [evaluate(result, {"H": n}) for n in range(1, 50)] == [(2 * ((n + 1) // 2) + 1) // 3 for n in range(1, 50)]


def test_the_size_of_a_map_is_the_product_of_its_axes():
    height, width = through(RESNET), through(RESNET, symbol("W"))
    cells = product([symbol("N"), 2048, height, width])
    assert str(cells) == "2048*N*((H + 31)//32)*((W + 31)//32)"
    assert evaluate(cells, {"N": 2, "H": 224, "W": 193}) == 2 * 2048 * 7 * 7
    assert least(cells) == 2048


def test_only_a_floor_that_is_a_term_by_itself_is_absorbed():
    assert evaluate(floor_div((H // 2) ** 2, 3), {"H": 9}) == 16 // 3
    assert evaluate(floor_div((H // 2) * (symbol("W") // 2), 3), {"H": 9, "W": 7}) == 4 * 3 // 3
    assert evaluate(floor_div((H // 2) * (symbol("W") // 2) + H, 5), {"H": 9, "W": 7}) == (4 * 3 + 9) // 5
    assert evaluate(floor_div((H // 2) ** 2 + H, 7), {"H": 9}) == (16 + 9) // 7


def test_a_factor_that_the_product_of_two_divisors_shares_is_cancelled():
    assert str(floor_div((2 * H + 1) // 5 + 3, 4)) == "(H + 8)//10"


def test_of_several_floors_the_first_in_the_order_of_atoms_is_absorbed():
    assert str(floor_div(H // 2 + symbol("W") // 3, 5)) == "(H + 2*(W//3))//10"
    assert str(floor_div(symbol("A") // 3 + H // 2, 5)) == "(A + 3*(H//2))//15"
