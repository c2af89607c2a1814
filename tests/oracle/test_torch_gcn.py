"""The zoo's graph convolutional network against PyTorch: parameters, costs, and the values of a small one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import shapecalc

THEIRS = json.loads((Path(__file__).parent / "torch_gcn.json").read_text(encoding="utf-8"))


def filled(k: int, *shape: int) -> Any:
    i = np.arange(np.prod(shape, dtype=np.int64))
    return ((7919 * i + 104729 * k) % 10007 / 10007 - 0.5).reshape(shape)


def test_parameters_and_products_are_theirs() -> None:
    totals = shapecalc.inspect(shapecalc.load("gcn")).totals
    assert {"params": totals.params, "macs": totals.macs} == THEIRS["cora"]


def test_the_scores_of_a_small_one_are_theirs() -> None:
    small = THEIRS["small"]
    vertices, features, hidden, classes = (small[name] for name in ("vertices", "features", "hidden", "classes"))
    network = shapecalc.load("gcn", parameters={"hidden": hidden, "classes": classes})
    params = {
        "conv1.lin.weight": filled(2, features, hidden).T,
        "conv1.bias": filled(3, hidden),
        "conv2.lin.weight": filled(4, hidden, classes).T,
        "conv2.bias": filled(5, classes),
    }
    inputs = {"features": filled(0, vertices, features), "adjacency": filled(1, vertices, vertices)}
    found = shapecalc.run(network, inputs, params=params)["scores"]
    np.testing.assert_allclose(found.ravel(), small["scores"], rtol=1e-4, atol=1e-4)


def test_every_row_is_proved() -> None:
    assert shapecalc.verify(shapecalc.load("gcn"), V=5).ok
