"""SC407: an input with its channels last."""

from __future__ import annotations

import pytest

import shapecalc
from tests.support.lints import layers, warned
from tests.support.right_networks import RIGHT
from tests.support.rows import for_each

CODE = "SC407"
CONV = "conv: {out_channels: 32, kernel_size: 3, padding: 1}"
BLOCK = "blocks: {stem: {layers: [relu, " + CONV + ", batch_norm]}}\n"


@for_each(
    "shape, text, written",
    [
        ("[N, 28, 28, 1]", layers(CONV, "relu", "flatten", "linear: 10"), "[N, 1, 28, 28]"),
        ("[1, 512, 512, 3]", layers(CONV, "relu"), "[1, 3, 512, 512]"),
        ("[N, H, W, 3]", layers(CONV, "global_avg_pool", "flatten", "linear: 5"), "[N, 3, H, W]"),
        ("[8, 480, 640, 3]", layers("conv: {out_channels: 8, kernel_size: 7, padding: 3}"), "[8, 3, 480, 640]"),
        ("[N, 256, 128, 3]", layers("batch_norm", CONV), "[N, 3, 256, 128]"),
        ("[N, 64, 64, 4]", layers("avg_pool: {kernel_size: 3, padding: 1}"), "[N, 4, 64, 64]"),
        ("[N, 8, 8, 1]", layers("conv: {out_channels: 4, kernel_size: [3, 3], padding: same}"), "[N, 1, 8, 8]"),
        ("[N, 28, 1, 28]", layers(CONV), "[N, 1, 28, 28]"),
        ("[N, H, W, 12]", layers(CONV), "[N, 12, H, W]"),
        ("[N, H, W, 3]", layers("conv: {in_channels: 3, out_channels: 8, kernel_size: 3}"), "[N, 3, H, W]"),
        ("[N, 224, 224, 3]", layers("pad: 3", "conv: {out_channels: 8, kernel_size: 7}"), "[N, 3, 224, 224]"),
        ("[N, 16, 112, 112, 3]", layers(CONV), "[N, 3, 16, 112, 112]"),
        ("[N, 64, 64, 64, 1]", layers("max_pool: {kernel_size: 3, padding: 1}"), "[N, 1, 64, 64, 64]"),
        ("[N, 100, 3]", layers(CONV), "[N, 3, 100]"),
        ("[N, T, 4]", layers("conv: {out_channels: 320, kernel_size: 3, padding: same}"), "[N, 4, T]"),
        ("[N, 784, 1]", layers(CONV), "[N, 1, 784]"),
        ("[N, 32, 32, 3]", BLOCK + "layers: [dropout: 0.1, {stem: }, {stem: , repeat: 2}]\n", "[N, 3, 32, 32]"),
        (
            "[N, 32, 32, 3]",
            layers("add: {main: [" + CONV + "], rest: [conv: {out_channels: 32, kernel_size: 1}]}"),
            "[N, 3, 32, 32]",
        ),
    ],
)  # fmt: skip
def test_a_picture_or_a_series_with_its_channels_last(shape: str, text: str, written: str) -> None:
    (warning,) = [each for each in warned(f"input: {shape}\n{text}") if each.code in (CODE, "SC408", "SC411")]
    assert warning.code == CODE
    assert warning.help is not None
    assert warning.help.startswith(f"write the input as {written}, or put `permute: [")
    assert warning.span is not None
    assert (warning.span.line, warning.span.column) == (1, 8)
    assert len(warning.labels) == 1


@for_each("name", RIGHT)
def test_a_right_network_is_not_warned_of(name: str) -> None:
    assert CODE not in {warning.code for warning in warned(RIGHT[name])}


@pytest.mark.parametrize(
    "text",
    [
        "input: [N, 3, 64, 3]\n" + layers(CONV),
        "input: [N, C, 64, 3]\n" + layers(CONV),
        "input: [N, 64, 7, 3]\n" + layers(CONV),
        "input: [N, 512, 1]\n" + layers("conv: {out_channels: 64, kernel_size: 1}"),
        "input: [N, 32, 128, 1]\n" + layers("conv: {out_channels: 64, kernel_size: [3, 1], padding: [1, 0]}"),
        "input: [N, 28, 28, 1]\n" + layers("flatten", "linear: 10"),
        "input: [N, 28, 28, 1]\n" + layers("linear: 10"),
        "input: [N, 64, 1, 64]\n" + layers("conv: {out_channels: 64, kernel_size: [1, 3]}"),
        "input: [N, 28, 28, 1]\n" + layers("squeeze: -1", "lstm: {hidden_size: 5, batch_first: true}"),
    ],
)
def test_a_map_that_may_be_meant_as_it_is(text: str) -> None:
    assert CODE not in {warning.code for warning in warned(text)}


@pytest.mark.parametrize(("shape", "params"), [("[N, 28, 28, 1]", 320), ("[N, H, W, 3]", 896), ("[N, 100, 3]", 320)])
def test_either_help_gives_the_network_that_was_meant(shape: str, params: int) -> None:
    """Both are counted by hand: 3 · 3 windows (3 over time) of the channels of a picture, and 32 biases."""
    text = f"input: {shape}\n" + layers(CONV)
    (warning,) = warned(text)
    assert warning.help is not None
    written = warning.help.removeprefix("write the input as ").split(", or put")[0]
    permute = warning.help.split("`")[1]
    for fixed in (text.replace(shape, written), text.replace("layers:\n", f"layers:\n  - {permute}\n")):
        assert warned(fixed) == []
        assert shapecalc.inspect(shapecalc.loads(fixed)).totals.params == params


def test_two_pictures_joined_along_their_last_axis() -> None:
    text = "inputs: {a: [N, 64, 64, 3], b: [N, 64, 64, 3]}\n" + layers("{concat: {dim: 3}, from: [a, b]}", CONV)
    (warning,) = warned(text)
    assert (warning.code, warning.help and warning.help[:42]) == (CODE, "write the input as [N, 3, 64, 64], or put ")


def test_windows_that_slide_over_colours_are_not_warned_of_as_well() -> None:
    text = "input: [N, 224, 224, 3]\n" + layers("max_pool: 2")
    assert [warning.code for warning in warned(text)] == [CODE]


def test_one_picture_read_twice_is_one_warning() -> None:
    text = "input: [N, 32, 32, 3]\n" + layers(
        "{" + CONV + ", name: a}", "{" + CONV + ", from: input}", "{add: , from: [a, conv_1]}"
    )
    assert [warning.code for warning in warned(text)] == [CODE]


def test_sizes_of_symbols_do_not_hide_the_order() -> None:
    (warning,) = warned("input: [N, H, W, 3]\nsizes: {H: 32, W: 48}\n" + layers(CONV))
    assert warning.help is not None
    assert "[N, 3, H, W]" in warning.help
