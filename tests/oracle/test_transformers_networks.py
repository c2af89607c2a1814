"""Mixtral and Mamba in the zoo against transformers: parameters, the names of tensors, and logits of a small one."""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from tests.oracle.test_torch_fixtures import ORACLE

if TYPE_CHECKING:
    from shapecalc.reference.base import Array

FIXTURE = json.loads((ORACLE / "transformers_networks.json").read_text(encoding="utf-8"))
CASES = {case["name"]: case for case in FIXTURE["cases"]}
OUTSIDE = ("model.", "backbone.")
"""What transformers writes before the names of our tensors."""
PADDED = {"mamba-130m": 2 * 12 * 4 * 3}
"""Multiply-accumulates of the 3 positions that transformers' convolution computes after the end and cuts off."""


def filled(seed: int, shape: tuple[int, ...]) -> Array:
    elements = [((7919 * i + 104729 * seed) % 10007) / 10007 - 0.5 for i in range(prod(shape))]
    return np.asarray(elements).reshape(shape).astype(np.float32)


def ours(name: str) -> str:
    return next((name.removeprefix(prefix) for prefix in OUTSIDE if name.startswith(prefix)), name)


@pytest.mark.parametrize("name", CASES)
def test_a_small_one_has_the_tensors_the_costs_and_the_logits_of_transformers(name: str) -> None:
    case: dict[str, Any] = CASES[name]
    network = shapecalc.load(name, parameters=case["parameters"])
    tokens = np.asarray(FIXTURE["tokens"])
    report = shapecalc.inspect(network, N=1, T=tokens.shape[1])
    assert report.totals.macs == case["macs"] - PADDED.get(name, 0)
    assert report.totals.params == sum(prod(shape) for shape in case["tensors"].values())
    tensors = {ours(key): filled(seed, tuple(shape)) for seed, (key, shape) in enumerate(case["tensors"].items())}
    (logits,) = shapecalc.run(network, tokens, tensors).values()
    expected = np.asarray(case["logits"]).reshape(logits.shape)
    np.testing.assert_allclose(logits, expected, rtol=2e-5, atol=2e-5 * abs(expected).max())


@pytest.mark.parametrize("name", CASES)
def test_at_full_size_its_parameters_are_those_of_transformers(name: str) -> None:
    assert shapecalc.inspect(shapecalc.load(name)).totals.params == CASES[name]["params"]
