"""Expressions over a whole grid, exact however large they grow."""

from __future__ import annotations

import numpy as np
import pytest

import shapecalc
from shapecalc.dims import Condition, Expr, Relation, evaluate, parse
from shapecalc.shape_inference.engine import infer
from shapecalc.solving.sweep.compiled import LARGEST, compiled
from shapecalc.solving.sweep.plans import costs
from tests.support.rows import for_each


def test_a_number_that_int64_does_not_hold_is_exact_and_no_smaller_one_is_slow() -> None:
    resnet = shapecalc.load("resnet50")
    sizes = {"N": 2**31 - 1, "H": 2**31 - 1, "W": 2**31 - 3}
    found = shapecalc.sweep(resnet, {name: [2, size] for name, size in sizes.items()}).columns
    report, _ = infer(resnet, symbolic=True, one_sample=False)
    for name, count in costs(report).items():
        if name not in found:
            continue
        assert found[name][-1] == (count if isinstance(count, int) else evaluate(count, sizes))
    assert found["macs"][-1] > LARGEST
    assert (found["macs"].dtype, found["params"].dtype) == (object, np.int64)


@pytest.mark.parametrize("highest", [2**31, 3037000499, 3037000500, 2**32])
def test_the_switch_to_exact_numbers_comes_where_int64_ends(highest) -> None:
    # 3037000499² is the largest square below 2^63.
    ready = compiled({"square": parse("H**2")}, (), {"H": highest})
    assert ready.fits["square"] == (highest**2 <= LARGEST)
    assert ready.columns({"H": np.array([highest])})["square"].tolist() == [highest**2]


@for_each(
    "text",
    ["H*W - H*W**2", "(H*W*W)//7 + 3", "((H + W)//2*W + 5)//3", "(H*W//1000000)*(W//1000000)", "H - 5000000000*W"],
)
@for_each("size", [10**3, 10**6, 2**31 - 1, 10**12])
def test_nothing_on_the_way_to_a_value_wraps(text, size) -> None:
    expr = parse(text)
    assert isinstance(expr, Expr)
    points = [(1, 1), (1, size), (size, 1), (size, size), (size - 1, size - 2)]
    sizes = {"H": np.array([point[0] for point in points]), "W": np.array([point[1] for point in points])}
    condition = Condition(expr, Relation.NONNEGATIVE)
    ready = compiled({"value": expr}, (condition,), {"H": size, "W": size})
    wanted = [evaluate(expr, {"H": h, "W": w}) for h, w in points]
    assert ready.columns(sizes)["value"].tolist() == wanted
    assert ready.valid(sizes).tolist() == [value >= 0 for value in wanted]


def test_an_intermediate_number_counts_also_where_the_value_is_small() -> None:
    expr = parse("(H**3)//1000000000000")
    assert isinstance(expr, Expr)
    ready = compiled({"value": expr}, (), {"H": 10**7})
    assert not ready.fits["value"]
    assert ready.columns({"H": np.array([10**7])})["value"].tolist() == [10**9]
