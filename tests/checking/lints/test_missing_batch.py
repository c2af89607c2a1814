"""SC408: one picture without a batch axis."""

from __future__ import annotations

import shapecalc
from tests.support.lints import layers, warned
from tests.support.right_networks import RIGHT
from tests.support.rows import for_each

CODE = "SC408"
CONV = "conv: {out_channels: 8, kernel_size: 3, padding: 1}"
BLOCK = "blocks: {stem: {layers: [" + CONV + ", relu]}}\n"


@for_each(
    "shape, text, written",
    [
        ("[3, 224, 224]", layers(CONV, "batch_norm", "max_pool: 2", "flatten", "linear: 10"), "[N, 3, 224, 224]"),
        ("[1, 28, 28]", layers(CONV, "flatten", "linear: 10"), "[N, 1, 28, 28]"),
        ("[4, 84, 84]", layers("conv: {out_channels: 32, kernel_size: 8, stride: 4}"), "[N, 4, 84, 84]"),
        ("[3, 480, 640]", layers("max_pool: 2", CONV), "[N, 3, 480, 640]"),
        ("[3, H, W]", layers(CONV, "global_avg_pool", "flatten"), "[N, 3, H, W]"),
        ("[C, H, W]", layers(CONV), "[N, C, H, W]"),
        ("[N, 28, 28]", layers(CONV, "flatten", "linear: 10"), "[N, 1, 28, 28]"),
        ("[N, H, W]", layers(CONV), "[N, 1, H, W]"),
        ("[3, 224, 224]", layers("pad: 3", CONV), "[N, 3, 224, 224]"),
        ("[28, 28, 1]", layers(CONV), "[N, 1, 28, 28]"),
        ("[32, 32, 3]", layers(CONV, "relu"), "[N, 3, 32, 32]"),
        ("[3, 64, 64]", BLOCK + layers("stem", "{stem: , repeat: 2}"), "[N, 3, 64, 64]"),
        ("[3, 64, 64]", layers("add: {a: [" + CONV + "], b: [" + CONV + "]}"), "[N, 3, 64, 64]"),
    ],
)  # fmt: skip
def test_a_picture_that_is_read_as_sequences(shape: str, text: str, written: str) -> None:
    (warning,) = [each for each in warned(f"input: {shape}\n{text}") if each.code in (CODE, "SC407")]
    assert (warning.code, warning.help) == (CODE, f"write the input as {written}")
    assert warning.span is not None
    assert (warning.span.line, warning.span.column) == (1, 8)


def test_a_picture_that_a_layer_gives_a_batch_axis_lacks_none() -> None:
    for step in ("stack: {dim: 0}", "unsqueeze: 0", "reshape: [1, 3, 32, 32]"):
        found = warned("input: [3, 32, 32]\n" + layers(step, CONV))
        assert CODE not in [each.code for each in found]


def test_the_picture_of_the_report_counts_two_axes_with_its_batch() -> None:
    """224 = 8 · 3 · 3 · 3 + 8; of one spatial axis it would be 8 · 224 · 3 + 8 = 5384."""
    text = "input: [3, 224, 224]\n" + layers("conv: {out_channels: 8, kernel_size: 3}")
    assert shapecalc.inspect(shapecalc.loads(text)).totals.params == 5384
    (warning,) = warned(text)
    assert warning.help is not None
    fixed = text.replace("[3, 224, 224]", warning.help.removeprefix("write the input as "))
    assert shapecalc.inspect(shapecalc.loads(fixed)).totals.params == 224
    assert warned(fixed) == []


@for_each("name", RIGHT)
def test_a_right_network_is_not_warned_of(name: str) -> None:
    assert CODE not in {warning.code for warning in warned(RIGHT[name])}


@for_each(
    "text",
    [
        "input: [1, 28, 28]\n" + layers("lstm: {hidden_size: 5, batch_first: true}"),
        "input: [3, 224, 224]\n" + layers("conv: {in_channels: 224, out_channels: 8, kernel_size: 3}"),
        "input: [3, 40, 1000]\n" + layers(CONV),
        "input: [1, 80, 3000]\n" + layers(CONV),
        "input: [8, 3, 100]\n" + layers(CONV),
        "input: [N, 64, 64]\n" + layers(CONV),
        "input: [N, 100, 100]\n" + layers(CONV),
        "input: [1, 8, 8]\n" + layers(CONV),
        "input: [4, 256, 256]\n" + layers(CONV),
        "input: [4, N, 64]\n" + layers(CONV),
        "input: [3, 64, 64]\n" + layers("unsqueeze: 0", CONV),
        "input: [3, 64, 64]\n" + layers("flatten", "linear: 10"),
    ],
)
def test_sequences_that_may_be_meant_as_they_are(text: str) -> None:
    assert CODE not in {warning.code for warning in warned(text)}
