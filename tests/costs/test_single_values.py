"""Norms that training cannot compute, at the batch of a training step."""

from __future__ import annotations

import json

import pytest

import shapecalc
from shapecalc.costs.single_values import single_values
from shapecalc.costs.training import training_cost
from shapecalc.execution.gradient_check import verify_backward
from shapecalc.shape_inference.engine import infer

POOLED = """\
input: [N, 6, 5, 5]
layers: [global_avg_pool, {conv: {out_channels: 3, kernel_size: 1}}, {name: norm, batch_norm: }]
"""


@pytest.mark.parametrize(("batch", "paths"), [(1, ["norm"]), (2, [])])
def test_a_training_step_and_a_backward_pass_name_the_norms_of_one_value(batch: int, paths: list[str]) -> None:
    architecture = shapecalc.loads(POOLED)
    cost = training_cost(architecture, {}, batch=batch)
    assert cost.to_dict()["single_value_norms"] == paths
    proof = verify_backward(architecture, {"N": batch})
    assert json.loads(json.dumps(proof.to_dict()))["single_value_norms"] == paths


def test_without_a_batch_it_is_not_known() -> None:
    report, _ = infer(shapecalc.loads(POOLED), one_sample=False)
    assert report is not None
    assert single_values(report, {}) == ()
    assert [row.path for row in single_values(report, {"N": 1})] == ["norm"]
