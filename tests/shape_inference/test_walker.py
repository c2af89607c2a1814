"""The walk over the steps: mistakes that do not follow from each other."""

from __future__ import annotations

import shapecalc
from shapecalc.layers.activation import Relu
from shapecalc.layers.conv import Conv
from shapecalc.layers.pooling import MaxPool
from shapecalc.shape_inference.engine import infer
from tests.support.inferred_networks import by_hand, net, refused


def test_what_reads_a_failed_layer_is_passed_over_in_silence() -> None:
    architecture = net(
        "[N, 3, 7, 11]", "conv: {out_channels: 4, kernel_size: 9}", "max_pool: 2", "flatten", "linear: 5"
    )
    assert refused(architecture) == [("SC302", "9")]


def test_a_size_wrongly_stated_is_told_and_what_follows_is_still_checked() -> None:
    architecture = net(
        "[N, 3, 7, 11]",
        "conv: {out_channels: 4, kernel_size: 3, in_channels: 5}",
        "batch_norm: {num_features: 6}",
        "max_pool: 2",
        "conv: {out_channels: 4, kernel_size: 8}",
        "linear: {out_features: 5, in_features: 1}",
    )
    assert refused(architecture) == [("SC301", "5"), ("SC301", "6"), ("SC302", "8")]


def test_mistakes_that_do_not_follow_from_each_other_are_told_together() -> None:
    too_long = Conv(out_channels=4, kernel_size=9)
    architecture = by_hand(
        ("left", too_long, "input"),
        ("after_left", MaxPool(kernel_size=99), "left"),
        ("right", MaxPool(kernel_size=8), "input"),
        ("after_right", too_long, "right"),
        ("whole", Relu(), "input"),
    )
    _, findings = infer(architecture)
    assert [(finding.code, finding.message.split("`")[1]) for finding in findings] == [
        ("SC302", "conv"),
        ("SC302", "max_pool"),
    ]


def test_what_is_certain_is_reported_before_what_depends_on_a_symbol() -> None:
    text = """
        input: [N, 8, H]
        layers:
          - concat:
              open: [{split: {split_size: 3, dim: 2}}]
              certain: [{conv: {out_channels: 4, kernel_size: 3, in_channels: 6}}]
    """
    _, diagnostics = infer(shapecalc.loads(text))
    assert [each.code for each in diagnostics] == ["SC301", "SC311"]


def test_a_layer_of_several_inputs_is_not_tried_on_one_of_them() -> None:
    """To say that leaving the layer before out would do, the rule is tried on what that layer reads."""
    architecture = net("[16, T]", "{abs: , name: a}", "{grid_sample: , from: [a, input]}")
    assert [code for code, _ in refused(architecture)] == ["SC305"]
