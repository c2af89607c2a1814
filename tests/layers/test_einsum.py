"""Equations: shapes, costs, and the letters that do not fit."""

from __future__ import annotations

from typing import Any

import shapecalc
from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.einsum import Einsum
from shapecalc.layers.saved import Storage
from tests.support.counting import run_counted
from tests.support.kernels import call_of
from tests.support.layers import answer, flops, macs, refused, refused_fields, required
from tests.support.rows import for_each
from tests.support.sequence_cases import numbers

T, D, N = symbol("T"), symbol("D"), symbol("N")


def einsum(equation: str) -> Einsum:
    return Einsum(equation=equation)


@for_each(
    "equation, inputs, y",
    [
        ("ij,jk", ((2, 3), (3, 5)), (2, 5)),
        ("ba", ((2, 3),), (3, 2)),
        ("Ba", ((2, 3),), (2, 3)),
        ("ij , jk -> k i", ((2, 3), (3, 5)), (5, 2)),
        ("ij->", ((2, 3),), ()),
        ("...", ((2, 3),), (2, 3)),
        ("...i,i", ((2, 4, 3), (3,)), (2, 4)),
        ("i...,i...->...", ((2, 1, 3), (2, 4, 1)), (4, 3)),
        ("...->", ((2, 3),), ()),
        ("bhid,bhjd->bhij", ((N, 12, T, D), (N, 12, T, D)), (N, 12, T, T)),
        ("ij,jk", ((2, 3),), "SC313"),
        ("ij", ((2, 3), (3, 5)), "SC313"),
        ("ijk", ((2, 3),), "SC305"),
        ("i", ((2, 3),), "SC305"),
        ("...ijk", ((2, 3),), "SC305"),
        ("ii->i", ((2, 3),), "SC315"),
        ("ij,jk", ((2, 3), (1, 5)), "SC315"),
        ("...i,...i", ((2, 3), (4, 3)), "SC315"),
    ],
)
def test_shapes_and_what_does_not_fit(equation: str, inputs: Any, y: Any) -> None:
    assert answer(einsum(equation), *inputs) == y


def test_a_letter_of_two_sizes_is_named_with_both() -> None:
    error = refused(einsum("bhid,bhjd->bhij"), (1, 2, 5, 64), (1, 2, 7, 32))
    expected = "expects one size for each letter, receives [1, 2, 5, 64] and [1, 2, 7, 32], where `d` is 64 and 32"
    assert error.message == expected


def test_symbols_of_one_letter_must_be_equal() -> None:
    assert required(einsum("id,jd->ij"), (5, D), (7, 64)) == [Condition(64 - D, Relation.ZERO)]


@for_each(
    "equation, message",
    [
        ("ij->ii", "expects each letter once in the output, receives `i` twice"),
        ("ij->k", "expects letters of its inputs in the output, receives `k`, which none has"),
        ("ij->...", "expects letters of its inputs in the output, receives `...`, which none has"),
        ("i,i,i,i->i", "expects at most 3 inputs, receives 4"),
        ("i1", 'expects an equation such as `bhid,bhjd->bhij` as `equation`, receives the string "i1"'),
        ("i..j", 'expects an equation such as `bhid,bhjd->bhij` as `equation`, receives the string "i..j"'),
    ],
)
def test_equations_that_say_nothing_are_refused(equation: str, message: str) -> None:
    error = refused_fields("einsum", equation=equation)
    assert (error.code, error.field, error.message) == ("SC203", "equation", message)


@for_each(
    "equation, inputs",
    [
        ("ij,kj,lj->ikl", ((2, 3), (5, 3), (7, 3))),
        ("bd,cd,b->bc", ((2, 3), (5, 3), (2,))),
        ("ia,ja,ka->j", ((2, 3), (5, 3), (7, 3))),
        ("aib,bj,k->ij", ((2, 3, 5), (5, 7), (4,))),
    ],
)
def test_products_of_elements_and_of_matrices_are_counted(equation: str, inputs: Any) -> None:
    layer = einsum(equation)
    _, done = run_counted(call_of("einsum", equation=equation), *(numbers(shape, 3) for shape in inputs))
    assert done.total() == flops(layer, *inputs)
    assert done["multiply"] >= macs(layer, *inputs) > 0


def test_axes_in_another_order_are_a_view() -> None:
    orders = [einsum(equation).storage for equation in ("ij->ji", "ii->i", "ij->i", "ij,jk")]
    assert orders == [Storage.VIEW, Storage.VIEW, Storage.NEW, Storage.NEW]


def test_a_letter_of_a_symbol_and_a_number_makes_them_equal() -> None:
    report = shapecalc.inspect(shapecalc.loads('{input: [N, 8], layers: [{einsum: "ij,jk", from: [input, input]}]}'))
    assert [str(constraint.condition) for constraint in report.constraints] == ["N == 8"]
    assert report.costs_at == {"N": 8}
