"""SC401: positions at the end of an axis that no window reads."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, strategies as st

import shapecalc
from shapecalc.checking.lints import lint
from shapecalc.shape_inference.engine import inspect
from tests.support.lints import IMAGE, codes, layers, warned
from tests.support.rows import for_each


def missed(length: int, window: int, stride: int, pad: tuple[int, int], dilation: int) -> int:
    """Slide a window over cells that know their number, and count those behind the last one that it covers."""
    cells = [None] * pad[0] + list(range(length)) + [None] * pad[1]
    reach = dilation * (window - 1) + 1
    covered = [cell for at in range(0, len(cells) - reach + 1, stride) for cell in cells[at : at + reach]]
    return length - 1 - max((cell for cell in covered if cell is not None), default=-1)


axes = st.tuples(
    st.integers(1, 40),
    st.integers(1, 6),
    st.integers(1, 6),
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.integers(1, 3),
)


@given(axes)
def test_a_convolution_is_warned_of_exactly_the_cells_that_it_never_reads(axis) -> None:
    n, f, s, (before, after), d = axis
    assume(n + before + after >= d * (f - 1) + 1)
    text = f"{{out_channels: 5, kernel_size: {f}, stride: {s}, padding: [[{before}, {after}]], dilation: {d}}}"
    found = warned(f"input: [N, 3, {n}]\n" + layers(f"conv: {text}"))
    cells = missed(n, f, s, (before, after), d) if f >= s else 0
    expected = [f"`conv` never reads the last {'cell' if cells == 1 else f'{cells} cells'} of {n}"] if cells else []
    assert [finding.message for finding in found] == expected
    for finding in found:
        padding = int((finding.help or "").removeprefix("`padding: ").removesuffix("` reads to the end"))
        assert missed(n, f, s, (padding, padding), d) == 0
        assert padding >= max(before, after)


@for_each(
    "layer, message",
    [
        ("conv: {out_channels: 5, kernel_size: 3, stride: 2}", None),
        ("conv: {out_channels: 5, kernel_size: 4, stride: 3}", "the last 2 columns of 31 x 33"),
        ("conv: {out_channels: 5, kernel_size: [4, 3], stride: 2}", "the last row of 31 x 33"),
        ("conv: {out_channels: 5, kernel_size: 7, stride: 5}", "the last 4 rows and the last column of 31 x 33"),
        ("conv: {out_channels: 5, kernel_size: 1, stride: 4}", None),
        ("conv: {out_channels: 5, kernel_size: 4, stride: 3, padding: same}", None),
        ("conv: {out_channels: 5, kernel_size: 4, stride: 3, padding: 1}", "the last row of 31 x 33"),
        ("max_pool: 2", "the last row and the last column of 31 x 33"),
        ("max_pool: {kernel_size: 2, ceil_mode: true}", None),
        ("avg_pool: {kernel_size: 4, stride: 3}", "the last 2 columns of 31 x 33"),
        ("adaptive_avg_pool: 7", None),
        ("conv_transpose: {out_channels: 5, kernel_size: 4, stride: 3}", None),
    ],
)
def test_a_window_is_warned_of_what_it_leaves_at_the_end(layer: str, message: str | None) -> None:
    found = [finding.message for finding in warned(IMAGE + layers(layer))]
    assert found == ([f"`{layer.partition(':')[0]}` never reads {message}"] if message else [])


@pytest.mark.parametrize(
    "step", ["conv: {out_channels: 5, kernel_size: 4, stride: 3}", "avg_pool: {kernel_size: 4, stride: 3}"]
)
def test_what_is_never_read_changes_nothing_that_leaves(step: str) -> None:
    import numpy as np

    network = shapecalc.loads(IMAGE.replace("N", "1") + layers(step))
    (finding,) = lint(inspect(network))
    assert "never reads the last 2 columns of" in finding.message
    x = np.random.default_rng(0).normal(size=(1, 4, 31, 33)).astype("float32")
    before = shapecalc.run(network, {"input": x})["output"]
    for columns, same in ((2, True), (3, False)):
        other = x.copy()
        other[..., -columns:] += 1
        assert np.array_equal(shapecalc.run(network, {"input": other})["output"], before) == same


def test_a_pool_is_not_told_to_pad_by_more_than_half_of_its_window() -> None:
    (finding,) = warned("input: [N, 3, 11]\n" + layers("max_pool: {kernel_size: 4, stride: 4}"))
    assert finding.help == "`ceil_mode: true` or `padding: 1` reads to the end"
    (finding,) = warned("input: [N, 3, 9]\n" + layers("max_pool: {kernel_size: 5, stride: 5}"))
    assert finding.help == "`ceil_mode: true` or `padding: 1` reads to the end"
    (finding,) = warned("input: [N, 3, 5, 11]\n" + layers("max_pool: {kernel_size: [2, 4], stride: [2, 4]}"))
    assert finding.help == "`ceil_mode: true` or `padding: 1` reads to the end"
    (finding,) = warned("input: [N, 3, 7, 8]\n" + layers("max_pool: {kernel_size: [5, 2], stride: [5, 2]}"))
    assert finding.help == "`ceil_mode: true` reads to the end"


def test_what_depends_on_a_symbol_is_not_guessed_at() -> None:
    text = "input: [N, 3, H, 32]\nsizes: {H: 32}\n" + layers("conv: {out_channels: 5, kernel_size: 3, stride: 2}")
    assert [finding.message for finding in warned(text)] == [
        "`conv` never reads the last row and the last column of 32 x 32"
    ]
    assert [finding.message for finding in warned(text, symbolic=True)] == [
        "`conv` never reads the last column of H x 32"
    ]


def test_a_later_run_is_looked_at_and_a_block_is_told_once() -> None:
    block = "blocks: {down: {layers: [max_pool: 2]}}\n"
    assert codes("input: [N, 3, 12]\n" + block + "layers: [{down: , repeat: 2}]\n") == []
    assert codes("input: [N, 3, 12]\n" + block + "layers: [{down: , repeat: 3}]\n") == ["SC401"]
    assert codes("input: [N, 3, 31]\n" + block + "layers: [down, {down: , repeat: 3}]\n") == ["SC401"]
