"""Prices of runs: an upper bound on what is allocated, computed from shapes."""

from __future__ import annotations

import tracemalloc
from functools import partial
from typing import Any

import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.execution.budget import Budget
from shapecalc.execution.values.compute import values
from shapecalc.execution.values.objective import Objective
from shapecalc.execution.values.prices import check_price, values_price
from shapecalc.execution.values.updates import Update
from shapecalc.shape_inference.engine import inspect_at

NETWORKS = {"lenet5": {"N": 64}, "mlp": {"N": 200}, "char-rnn": {"N": 3, "T": 11}}


def allocated(call: Any) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_run_allocates_no_more_than_its_price_and_no_less_than_a_tenth() -> None:
    everything, nothing = (lambda *_: True), (lambda *_: False)
    for name, sizes in NETWORKS.items():
        net = shapecalc.load(name)
        values(net, sizes=sizes)  # imports and caches
        for retained in (everything, nothing):
            for objective, update in ((None, None), (Objective(), None), (Objective(), Update("adam"))):
                for dtype, itemsize in (("float64", 8), ("float32", 4)):
                    price = values_price(
                        inspect_at(net, sizes), itemsize, retained, backward=objective is not None, update=update
                    ).peak
                    call = partial(
                        values,
                        net,
                        sizes=sizes,
                        dtype=dtype,
                        retained=retained,
                        objective=objective,
                        update=update,
                    )
                    found = allocated(call)
                    assert price / 10 <= found <= price + 2**20, f"{name} {objective} {update} {dtype}: {found}"


def test_steps_are_priced() -> None:
    report = inspect_at(shapecalc.load("mlp"), {"N": 1})
    price = values_price(report, 8, lambda *_: False, backward=True, update=None)
    flops = report.totals.flops
    assert isinstance(flops, int)
    check_price(report, price, Budget(flops=7 * flops), backward=True, steps=2)
    with pytest.raises(ShapecalcError, match="SC705"):
        check_price(report, price, Budget(flops=7 * flops - 1), backward=True, steps=2)
