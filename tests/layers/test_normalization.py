"""Normalisation: parameters of known networks, costs by element and group, and what does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.normalization import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RmsNorm, Scale
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
        pytest.param(LayerNorm(), (1, 197, 768), 2 * 768, 0, id="ViT-B/16"),
        pytest.param(
            LayerNorm(normalized_shape=(5, 10, 10)), (20, 5, 10, 10), 1000, 0, id="torch.nn.LayerNorm, images"
        ),
        pytest.param(LayerNorm(bias=False), (2, 7), 7, 0, id="without bias"),
        pytest.param(RmsNorm(), (1, 10, 4096), 4096, 0, id="Llama 2 7B"),
        pytest.param(GroupNorm(num_groups=3), (20, 6, 10, 10), 12, 0, id="torch.nn.GroupNorm"),
        pytest.param(Scale(), (1, 96, 56, 56), 96, 0, id="ConvNeXt-T, layer scale"),
        pytest.param(Scale(bias=True), (1, 6, 14, 14), 12, 0, id="LeNet-5, S2: 12 trainable parameters"),
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
        pytest.param("layer_norm", {}, 7 * ELEMENTS + 2 * 60, id="per row"),
        pytest.param("layer_norm", {"bias": False}, 6 * ELEMENTS + 2 * 60, id="scaled alone"),
        pytest.param("layer_norm", {"normalized_shape": (5, 7)}, 7 * ELEMENTS + 2 * 12, id="per map"),
        pytest.param("rms_norm", {}, 4 * ELEMENTS + 2 * 60, id="no mean is subtracted"),
        pytest.param("group_norm", {"num_groups": 3}, 7 * ELEMENTS + 2 * 6, id="per group"),
        pytest.param("local_response_norm", {"size": 5}, 9 * ELEMENTS, id="five squares, their sum, a power"),
        pytest.param("scale", {}, ELEMENTS, id="one product"),
        pytest.param("scale", {"bias": True}, 2 * ELEMENTS, id="and a sum"),
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
        pytest.param("layer_norm", {"normalized_shape": 4}, (2, 5), "SC301", "normalized_shape", None, id="other size"),
        pytest.param("layer_norm", {"normalized_shape": (2, 5)}, (5,), "SC301", "normalized_shape", None, id="rank"),
        pytest.param("group_norm", {"num_groups": 4}, (2, 6), "SC304", "num_groups", "3", id="groups"),
        pytest.param("group_norm", {"num_groups": 6}, (1, 6), "SC302", None, None, id="groups of one element"),
        pytest.param("local_response_norm", {"size": 5}, (2, 5), "SC305", None, None, id="response norm"),
        pytest.param("scale", {}, (4,), "SC310", "dim", None, id="no such axis"),
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
    assert required(LayerNorm(normalized_shape=(5, 7)), (2, H, 7)) == [Condition(H - 5, Relation.ZERO)]
    assert required(BatchNorm(), (N, C, H)) == []


@pytest.mark.parametrize(
    ("type_", "fields", "records"),
    [
        ("batch_norm", {}, {"input": ELEMENTS, "mean": 6, "1/σ": 6}),
        ("instance_norm", {}, {"input": ELEMENTS, "mean": 12, "1/σ": 12}),
        ("instance_norm", {"affine": True}, {"input": ELEMENTS, "mean": 12, "1/σ": 12, "repeated": 12}),
        ("layer_norm", {}, {"input": ELEMENTS, "mean": 60, "1/σ": 60}),
        ("rms_norm", {}, {"input": ELEMENTS, "1/root": 60, "normalised": ELEMENTS}),
        ("rms_norm", {"elementwise_affine": False}, {"input": ELEMENTS, "1/root": 60}),
        ("group_norm", {"num_groups": 3}, {"input": ELEMENTS, "mean": 6, "1/σ": 6}),
        ("scale", {}, {"input": ELEMENTS}),
    ],
)
def test_the_statistics_of_each_group_are_saved_with_the_input(
    type_: str, fields: dict[str, Any], records: dict[str, int]
) -> None:
    assert saved(made(type_, **fields), X) == records


def test_the_squares_of_a_response_norm_are_saved_with_zeros_around_the_channels() -> None:
    padded = 2 * (6 + 5 - 1) * 5 * 7
    assert saved(made("local_response_norm", size=5), X)["squares"] == padded


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


def test_a_scale_says_the_channels_that_arrive() -> None:
    error = refused(made("scale", dim=-1, num_features=4), (2, 7, 5))
    assert (error.code, error.field, error.replacement) == ("SC301", "num_features", "5")
    assert refused(made("scale"), (4,)).code == "SC310"
