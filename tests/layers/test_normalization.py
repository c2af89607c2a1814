"""Normalisation: parameters of known networks, costs by element and group, and what does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.normalization import BatchNorm, GroupNorm, InstanceNorm
from tests.support.layers import buffers, flops, made, params, refused, required, saved
from tests.support.rows import for_each

N, C, H = symbol("N"), symbol("C"), symbol("H")


@pytest.mark.parametrize(
    ("layer", "x", "trained", "stored"),
    [
        pytest.param(BatchNorm(), (1, 64, 112, 112), 128, 128, id="ResNet-50, bn1"),
        pytest.param(BatchNorm(affine=False), (2, 7), 0, 14, id="statistics alone"),
        pytest.param(BatchNorm(track_running_stats=False), (2, 7), 14, 0, id="no statistics"),
        pytest.param(InstanceNorm(), (2, 7, 5), 0, 0, id="nothing, as torch.nn.InstanceNorm2d"),
        pytest.param(GroupNorm(num_groups=3), (20, 6, 10, 10), 12, 0, id="torch.nn.GroupNorm"),
    ],
)
def test_known_layers_keep_the_shape_and_have_their_parameters(layer: Any, x: Any, trained: int, stored: int) -> None:
    assert layer.output_shape(x) == x
    assert (params(layer, x), buffers(layer, x)) == (trained, stored)


X = (2, 6, 5, 7)
ELEMENTS = 2 * 6 * 5 * 7


@for_each(
    "type_, fields, expected",
    [
        pytest.param("batch_norm", {}, 2 * ELEMENTS, id="folded into scale and shift"),
        pytest.param("batch_norm", {"track_running_stats": False}, 7 * ELEMENTS + 2 * 6, id="per channel"),
        pytest.param("instance_norm", {}, 5 * ELEMENTS + 2 * 12, id="per channel of a sample"),
        pytest.param("instance_norm", {"affine": True}, 7 * ELEMENTS + 2 * 12, id="scaled and shifted"),
        pytest.param("group_norm", {"num_groups": 3}, 7 * ELEMENTS + 2 * 6, id="per group"),
    ],
)
def test_costs_are_by_element_and_by_group_of_statistics(type_: str, fields: dict[str, Any], expected: int) -> None:
    assert flops(made(type_, **fields), X) == expected


@pytest.mark.parametrize(
    ("type_", "fields", "x", "code", "field", "replacement"),
    [
        pytest.param("batch_norm", {}, (5,), "SC305", None, None, id="no channels"),
        pytest.param("instance_norm", {}, (2, 5), "SC305", None, None, id="no positions"),
        pytest.param("batch_norm", {"num_features": 4}, (2, 5), "SC301", "num_features", "5", id="other channels"),
        pytest.param("batch_norm", {"track_running_stats": False}, (1, 5), "SC302", None, None, id="one element"),
        pytest.param("group_norm", {"num_groups": 4}, (2, 6), "SC304", "num_groups", "3", id="groups"),
        pytest.param("group_norm", {"num_groups": 6}, (1, 6), "SC302", None, None, id="groups of one element"),
    ],
)
def test_what_does_not_fit_names_the_field(
    type_: str, fields: dict[str, Any], x: Any, code: str, field: str | None, replacement: str | None
) -> None:
    error = refused(made(type_, **fields), x)
    assert (error.code, error.field, error.replacement) == (code, field, replacement)


def test_statistics_need_two_elements_and_groups_must_divide_a_symbol() -> None:
    assert required(BatchNorm(track_running_stats=False), (N, 5)) == [Condition(N - 2, Relation.NONNEGATIVE)]
    assert required(GroupNorm(num_groups=3), (2, C, 5)) == [
        Condition(C % 3, Relation.ZERO),
        Condition(2 * (C // 3) * 5 - 2, Relation.NONNEGATIVE),
    ]
    assert required(BatchNorm(), (N, C, H)) == []


@pytest.mark.parametrize(
    ("type_", "fields", "records"),
    [
        ("batch_norm", {}, {"input": ELEMENTS, "mean": 6, "1/σ": 6}),
        ("instance_norm", {}, {"input": ELEMENTS, "mean": 12, "1/σ": 12}),
        ("instance_norm", {"affine": True}, {"input": ELEMENTS, "mean": 12, "1/σ": 12, "repeated": 12}),
        ("group_norm", {"num_groups": 3}, {"input": ELEMENTS, "mean": 6, "1/σ": 6}),
    ],
)
def test_the_statistics_of_each_group_are_saved_with_the_input(
    type_: str, fields: dict[str, Any], records: dict[str, int]
) -> None:
    assert saved(made(type_, **fields), X) == records


def test_a_weight_begins_at_one_and_a_bias_at_zero() -> None:
    for type_ in ("batch_norm", "layer_norm", "rms_norm", "scale"):
        assert made(type_).initial("weight", X).distribution == "constant", type_


def test_what_training_cannot_do_names_the_fields_that_avoid_it() -> None:
    assert BatchNorm(momentum=None).unsupported_in_training == (
        "averages statistics over all batches",
        "momentum: 0.1",
    )
    assert InstanceNorm(track_running_stats=True).unsupported_in_training == (
        "keeps running statistics",
        "track_running_stats: false",
    )
    assert BatchNorm().unsupported_in_training is InstanceNorm().unsupported_in_training is None
