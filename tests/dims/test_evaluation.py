"""Putting numbers and expressions in the place of symbols."""

from __future__ import annotations

from shapecalc.dims import evaluate, parse, symbol

H, N, W = symbol("H"), symbol("N"), symbol("W")


def test_binding_one_symbol_of_a_floor_leaves_the_other_free():
    assert evaluate((H + W) // 2, {"H": 7}) == (W + 7) // 2
    assert evaluate(N * ((H + 3 * W) // 4), {"W": 4}) == N * (H // 4) + 3 * N


def test_binding_all_symbols_leaves_an_int():
    result = evaluate(N**2 * ((H + 31) // 32) - 5, {"N": 3, "H": 224})
    assert type(result) is int
    assert result == 9 * 7 - 5


def test_an_expression_in_the_place_of_a_symbol_is_normalised_again():
    assert evaluate((H + 31) // 32, {"H": 32 * W}) == W
    assert evaluate(H // 2, {"H": (W + 1) // 2}) == (W + 1) // 4
    assert evaluate(H**2, {"H": W + 1}) == W**2 + 2 * W + 1


def test_symbols_are_replaced_all_at_once():
    assert evaluate(H - W, {"H": W, "W": H}) == W - H


def test_ints_and_unknown_names_pass_through():
    assert evaluate(7, {"H": 3}) == 7
    assert evaluate(H, {}) == H
    assert evaluate(H, {"Z": 3}) == H


def test_a_floor_that_occurs_often_is_worked_out_once():
    calls = []

    class Counting(dict):
        def get(self, name, default=None):
            calls.append(name)
            return super().get(name, default)

    dim = sum(symbol(f"x{i}") * (H // 2) for i in range(50))
    assert evaluate(dim, Counting(H=9)) == evaluate(dim, {"H": 9}) == parse("+".join(f"4*x{i}" for i in range(50)))
    assert calls.count("H") == 1
