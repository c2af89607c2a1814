"""SC405: a bias before a batch norm."""

from __future__ import annotations

import pytest

import shapecalc
from tests.support.lints import IMAGE, TABLE, codes, layers, warned

CONV = "conv: {out_channels: 5, kernel_size: 3}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (IMAGE + layers(CONV, "batch_norm"), 1),
        (IMAGE + layers("conv_transpose: {out_channels: 5, kernel_size: 3}", "batch_norm: {affine: false}"), 1),
        (TABLE + layers("linear: 5", "batch_norm"), 1),
        ("input: [N, 7, 12]\n" + layers("linear: 5", "batch_norm"), 0),
        (IMAGE + layers("conv: {out_channels: 5, kernel_size: 3, bias: false}", "batch_norm"), 0),
        (IMAGE + layers(CONV, "relu", "batch_norm"), 0),
        (IMAGE + layers(CONV, "layer_norm: 31"), 0),
        (IMAGE + layers(f"{{{CONV}, name: seen}}", "batch_norm") + "outputs: [seen, batch_norm_1]\n", 0),
        (IMAGE + layers(f"{{{CONV}, name: seen}}", "batch_norm", "{add: , from: [batch_norm_1, seen]}"), 0),
        (IMAGE + layers("add: {main: [" + CONV + ", batch_norm], rest: [conv: {out_channels: 5, kernel_size: 3}]}"), 1),
        (
            "input: [N, 5, 9]\n"
            + layers(
                "{conv: {out_channels: 5, kernel_size: 3}, name: one}",
            "batch_norm",
            "{share: one, name: other}",
            "relu",
            ),
            0,
        ),
    ],
)  # fmt: skip
def test_a_bias_that_only_a_batch_norm_reads(text: str, expected: int) -> None:
    assert codes(text) == ["SC405"] * expected


def test_the_edit_of_a_bias_that_is_written_switches_it_off_and_is_not_called_safe() -> None:
    text = TABLE + layers("linear: {out_features: 5, bias: true}", "batch_norm")
    (finding,) = warned(text)
    assert finding.fix is not None
    assert (finding.fix.replacement, finding.fix.safe) == ("false", False)
    assert warned(text.replace("true", "false")) == []
    (finding,) = warned(TABLE + layers("linear: 5", "batch_norm"))
    assert finding.fix is None


def test_many_biases_are_one_warning_that_counts_them() -> None:
    steps = [step for _ in range(9) for step in ("linear: 5", "batch_norm")]
    (finding,) = warned(TABLE + layers(*steps))
    assert finding.message == "`batch_norm` makes the biases of 9 layers redundant"
    assert (len(finding.labels), finding.notes) == (4, ("and 4 more",))


def test_a_bias_is_without_effect_in_numbers_too() -> None:
    import numpy as np

    x = np.random.default_rng(0).normal(size=(64, 12)).astype("float32")
    bare = layers("linear: {out_features: 5, bias: false}", "batch_norm: {track_running_stats: false}")
    biased = bare.replace("false}", "true}", 1)
    weight = np.random.default_rng(1).normal(size=(5, 12)).astype("float32")
    bias = np.array([3, -7, 0.5, 11, 2], dtype="float32")
    first = shapecalc.run(shapecalc.loads(TABLE + bare), {"input": x}, params={"linear_0.weight": weight})
    second = shapecalc.run(
        shapecalc.loads(TABLE + biased), {"input": x}, params={"linear_0.weight": weight, "linear_0.bias": bias}
    )
    np.testing.assert_allclose(first["output"], second["output"], atol=1e-4)
