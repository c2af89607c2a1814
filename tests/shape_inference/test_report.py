"""The results of inference: costs, totals and the documented JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc import inspect
from shapecalc.checking.expect import unmet
from shapecalc.execution.verify import Proof
from shapecalc.layers import Layer
from shapecalc.layers.activation import Relu
from shapecalc.layers.base import REGISTRY, layer
from shapecalc.layers.pooling import MaxPool

if TYPE_CHECKING:
    from collections.abc import Iterator
from tests.support.inferred_networks import by_hand, net


def test_a_bound_batch_counts_in_full() -> None:
    report = inspect(net("[N, 3]", "linear: 5"), N=7)
    assert (report.costs_at, report.bindings, report.totals.macs) == ({}, {"N": 7}, 7 * 15)


@pytest.mark.parametrize("name", ["lenet5", "resnet50", "bert-base"])
def test_results_are_one_short_line_each(name: str) -> None:
    architecture = shapecalc.load(name)
    report = inspect(architecture)
    results = (architecture, report, shapecalc.diff(report, report), Proof(architecture, ()))
    for text in map(repr, results):
        assert architecture.name in text
        assert len(text) < 120
        assert "\n" not in text


def test_the_public_names_are_listed() -> None:
    assert set(dir(shapecalc)) == set(shapecalc.__all__)


@pytest.fixture
def unknowing() -> Iterator[type[Layer]]:
    """A layer that does not know its multiply-accumulates, for as long as a test lasts."""

    @layer("unknowing")
    @dataclasses.dataclass(frozen=True, slots=True)
    class Unknowing(Layer):
        """For tests."""

        def output_shape(self, x: Any, **_keywords: Any) -> Any:
            return x

        def macs(self, *_shapes: Any) -> Any:
            return None

        def operations(self, *_shapes: Any) -> Any:
            return 1

    yield Unknowing
    del REGISTRY["unknowing"]


def test_an_unknown_cost_makes_the_total_unknown_and_leaves_the_others(unknowing: type[Layer]) -> None:
    report = inspect(
        by_hand(("relu", Relu(), "input"), ("odd", unknowing(), "relu"), ("pool", MaxPool(kernel_size=2), "odd"))
    )
    assert [(row.macs, row.flops) for row in report.layers] == [(0, 462), (None, None), (0, 2 * 3 * 3 * 5 * 3)]
    assert (report.totals.macs, report.totals.flops) == (None, None)
    assert (report.totals.params, report.totals.activation_bytes) == (0, 4 * (462 + 462 + 90))


def test_an_unknown_cost_is_null_in_json(unknowing: type[Layer]) -> None:
    document = json.loads(json.dumps(inspect(by_hand(("odd", unknowing(), "input"))).to_dict()))
    assert document["layers"][0]["macs"] is None
    assert document["totals"]["flops"] is None


def test_an_unknown_cost_meets_no_expectation(unknowing: type[Layer]) -> None:
    architecture = by_hand(("odd", unknowing(), "input"))
    expected = shapecalc.loads("{input: [N, 3], layers: [relu], expect: {macs: 0}}").expect
    (finding,) = unmet(inspect(dataclasses.replace(architecture, expect=expected)))
    assert finding.message == "`net` expects macs 0, has unknown"


def test_the_document_is_the_documented_one() -> None:
    report = inspect(net("[N, 1, H, 32]", "conv: {out_channels: 6, kernel_size: 5}", "batch_norm"))
    assert report.to_dict() == {
        "schema_version": 1,
        "name": "net",
        "bindings": {},
        "costs_at": {"N": 1},
        "params_as": "pytorch",
        "dtype": "float32",
        "inputs": {"input": {"shape": ["N", 1, "H", 32], "dtype": "float32"}},
        "layers": [
            {
                "path": "conv_0",
                "type": "conv",
                "line": 4,
                "inputs": [["N", 1, "H", 32]],
                "outputs": {"output": ["N", 6, "H - 4", 28]},
                "parameters": {"weight": [6, 1, 5, 5], "bias": [6]},
                "params": 156,
                "buffers": 0,
                "macs": "4200*H - 16800",
                "flops": "8568*H - 34272",
                "conditions": ["H >= 5"],
            },
            {
                "path": "batch_norm_1",
                "type": "batch_norm",
                "line": 5,
                "inputs": [["N", 6, "H - 4", 28]],
                "outputs": {"output": ["N", 6, "H - 4", 28]},
                "parameters": {"weight": [6], "bias": [6]},
                "params": 12,
                "buffers": 12,
                "macs": 0,
                "flops": "336*H - 1344",
            },
        ],
        "outputs": {"output": ["N", 6, "H - 4", 28]},
        "totals": {
            "params": 168,
            "buffers": 12,
            "macs": "4200*H - 16800",
            "flops": "8904*H - 35616",
            "parameter_bytes": 672,
            "activation_bytes": "1344*H - 5376",
            "non_trainable_params": 0,
            "active_params": 168,
            "trainable_params": 168,
        },
    }
