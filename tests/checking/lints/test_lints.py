"""Warnings of what is legal and likely not meant: who is warned, and who is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, strategies as st

import shapecalc
from shapecalc.checking.lints import WITHOUT_EFFECT, lint
from shapecalc.diagnostics import Severity
from shapecalc.files.zoo import names
from shapecalc.shape_inference.engine import inspect

if TYPE_CHECKING:
    from shapecalc.diagnostics import Diagnostic

IMAGE = "input: [N, 4, 31, 33]\n"
TABLE = "input: [N, 12]\n"


def warned(text: str, *, symbolic: bool = False) -> list[Diagnostic]:
    found = list(lint(inspect(shapecalc.loads(text), symbolic=symbolic)))
    assert {finding.severity for finding in found} <= {Severity.WARNING}
    return found


def codes(text: str) -> list[str]:
    return [finding.code for finding in warned(text)]


def layers(*steps: str) -> str:
    return "layers:\n" + "".join(f"  - {step}\n" for step in steps)


# The zoo


def test_of_the_zoo_a_few_are_warned_for_what_they_really_do() -> None:
    found = {name: codes_of(name) for name in names()}
    assert {name: found[name] for name in found if found[name]} == {
        "squeezenet1_1": {"SC401"},  # made for 227 x 227, used at 224
        **{f"vgg{depth}_bn": {"SC405"} for depth in (11, 13, 16, 19)},  # torchvision's have these biases
    }


def codes_of(name: str) -> set[str]:
    return {finding.code for finding in lint(inspect(shapecalc.load(name)))}


def test_inspect_shows_what_has_no_effect_and_leaves_the_rest_to_check() -> None:
    assert frozenset({"SC402", "SC403"}) == WITHOUT_EFFECT


# SC401, cells that no window reads


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


@pytest.mark.parametrize(
    ("layer", "message"),
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


# SC404, dropout before a batch norm


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("dropout", "batch_norm"), ["SC404"]),
        (("dropout: 0.1", "relu", "gelu", "batch_norm"), ["SC404"]),
        (("dropout: 0", "batch_norm"), []),
        (("dropout", "linear: {out_features: 5, bias: false}", "batch_norm"), []),
        (("dropout", "softmax", "batch_norm"), []),
        (("dropout", "layer_norm"), []),
        (("batch_norm", "dropout"), []),
        (("dropout", "relu"), []),
        (("stochastic_depth: 0.1", "batch_norm"), []),
    ],
)
def test_dropout_before_a_batch_norm(steps: tuple[str, ...], expected: list[str]) -> None:
    assert codes(TABLE + layers(*steps)) == expected


def test_the_slots_are_followed_and_not_the_lines() -> None:
    aside = layers("{relu: , name: kept}", "{dropout: 0.5, name: dropped}", "{batch_norm: , from: kept, name: normed}")
    assert codes(TABLE + aside + "outputs: [dropped, normed]\n") == []
    ahead = layers("{dropout: 0.5, name: dropped}", "tanh", "{batch_norm: , from: dropped, name: normed}")
    assert codes(TABLE + ahead + "outputs: [tanh_1, normed]\n") == ["SC404"]


# SC405, a bias before a batch norm

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
        (IMAGE + layers(CONV, "layer_norm"), 0),
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
    assert finding.message == "`batch_norm` takes away the biases of 9 layers"
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


# SC406, a softmax of probabilities


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("softmax", "log_softmax"), ["SC406"]),
        (("softmax: 1", "softmax: -1"), ["SC406"]),
        (("softmax: 0", "softmax: 1"), []),
        (("log_softmax", "softmax"), []),
        (("softmax", "relu", "log_softmax"), []),
        (("softmax", "softmax", "softmax"), ["SC406", "SC406"]),
        (("linear: 5", "log_softmax"), []),
    ],
)
def test_a_softmax_of_probabilities_along_their_axis(steps: tuple[str, ...], expected: list[str]) -> None:
    assert codes(TABLE + layers(*steps)) == expected


# All of them, in bodies and in Python


def test_a_body_is_warned_once_however_often_it_is_called() -> None:
    text = """\
input: [N, 12]
blocks:
  odd:
    layers:
      - linear: {out_features: 12, bias: true}
      - batch_norm
      - dropout: 0.1
      - tanh
      - batch_norm
      - softmax
      - log_softmax
layers:
  - odd
  - {odd: , repeat: 3}
  - linear: 3
    repeat: 2
"""
    found = warned(text)
    assert [(finding.code, finding.span and finding.span.line) for finding in found] == [
        ("SC405", 5), ("SC404", 7), ("SC406", 11),
    ]  # fmt: skip


def test_a_block_in_a_block_is_looked_into() -> None:
    blocks = "blocks: {inner: {layers: [softmax, log_softmax]}, outer: {layers: [tanh, inner]}}\n"
    assert codes(TABLE + blocks + layers("outer", "linear: 12", "outer")) == ["SC406"]


def test_a_network_that_was_built_in_python_has_no_place_to_warn_of() -> None:
    import dataclasses

    architecture = shapecalc.loads(TABLE + layers("linear: 5", "batch_norm", "dropout", "batch_norm", "softmax: 1"))
    steps = tuple(step._replace(place=None) for step in architecture.steps)
    assert lint(inspect(dataclasses.replace(architecture, steps=steps))) == ()
