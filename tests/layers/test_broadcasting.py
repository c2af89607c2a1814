"""Shapes broadcast where NumPy broadcasts them; what does not fit is said with every shape and the axis."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml
from hypothesis import given, strategies as st

from shapecalc import LayerError, ShapecalcError, inspect, loads
from shapecalc.dims import evaluate, parse, show, symbol
from shapecalc.layers.arithmetic import Add, Multiply
from shapecalc.layers.constraints import Constraints
from shapecalc.layers.conv import Conv
from shapecalc.layers.merging import Concat
from tests.support.layers import answer, refused

if TYPE_CHECKING:
    from shapecalc.dims import Shape

N, H, W = symbol("N"), symbol("H"), symbol("W")

shapes = st.lists(st.integers(0, 3), max_size=4).map(tuple)
open_shapes = st.lists(
    st.sampled_from([1, 2, 3, *map(parse, ("H", "W", "2*H", "H + 1", "(H + 1)//2", "H*W", "W + 3"))]), max_size=3
).map(tuple)


@given(st.lists(shapes, min_size=2, max_size=5))
def test_shapes_broadcast_where_numpy_broadcasts_them_and_nowhere_else(inputs: list[tuple[int, ...]]) -> None:
    try:
        expected: Any = np.broadcast_shapes(*inputs)
    except ValueError:
        expected = "SC315"
    assert answer(Add(), *inputs) == answer(Multiply(), *inputs) == expected


@given(st.lists(open_shapes, min_size=2, max_size=4), st.integers(1, 4), st.integers(1, 4))
def test_what_is_decided_for_symbols_is_decided_at_every_point(inputs: list[Shape], h: int, w: int) -> None:
    """A closed form holds at each point, SC315 is refused at each; SC311 alone leaves it open."""
    point = {"H": h, "W": w}
    there = answer(Add(), *[tuple(evaluate(dim, point) for dim in x) for x in inputs])
    form = answer(Add(), *inputs)
    if form == "SC315":
        assert there == "SC315"
    elif form != "SC311":
        assert there == tuple(evaluate(dim, point) for dim in form)


@pytest.mark.parametrize(
    ("layer", "inputs", "said", "help_text"),
    [
        pytest.param(
            Add(),
            [(N, 64, 56, 56), (N, 256, 56, 56)],
            "expects shapes that broadcast, receives [N, 64, 56, 56] and [N, 256, 56, 56]: axis 1 is 64 and 256",
            "project one with `conv: {out_channels: 256, kernel_size: 1}`",
            id="channels of maps",
        ),
        pytest.param(
            Add(),
            [(N, 64, 56, 56), (N, 64, 28, 28), (N, 64, 56, 56)],
            "expects shapes that broadcast, receives [N, 64, 56, 56], [N, 64, 28, 28] and [N, 64, 56, 56]: "
            "axis 2 is 56 and 28",
            "project [N, 64, 56, 56] with `conv: {out_channels: 64, kernel_size: 1, stride: 2}`, or put `upsample: 2` "
            "after [N, 64, 28, 28]",
            id="space, of three",
        ),
        pytest.param(
            Multiply(),
            [(N, 10), (N, 20)],
            "expects shapes that broadcast, receives [N, 10] and [N, 20]: axis 1 is 10 and 20",
            "project one with `linear: 20`",
            id="features",
        ),
        pytest.param(
            Add(),
            [(N, 5, 10), (6, 10)],
            "expects shapes that broadcast, receives [N, 5, 10] and [6, 10]: axis -2 is 5 and 6",
            None,
            id="different ranks are counted from the end",
        ),
        pytest.param(
            Add(),
            [(2,), *[(1,)] * 9, (3,)],
            "expects shapes that broadcast, receives [2], [1], [1], [1], [1], [1], [1] and 4 more: axis 0 is 2 and 3",
            None,
            id="very many inputs",
        ),
        pytest.param(
            Add(),
            [(H, 4), (W, 5)],
            "expects shapes that broadcast, receives [H, 4] and [W, 5]: axis 1 is 4 and 5",
            "project one with `linear: 5`",
            id="what never fits is told before what depends on a symbol",
        ),
        pytest.param(
            Add(),
            [(2, 4 * H), (2, 3)],
            "expects shapes that broadcast, receives [2, 4·H] and [2, 3]: axis 1 is 4·H and 3",
            None,
            id="four or more is never three nor one",
        ),
    ],
)
def test_what_does_not_fit_is_said_with_every_shape_and_the_axis(
    layer: Any, inputs: list[Any], said: str, help_text: str | None
) -> None:
    error = refused(layer, *inputs)
    assert (error.code, error.message, error.help) == ("SC315", said, help_text)


@pytest.mark.parametrize(
    ("layer", "inputs", "said", "field"),
    [
        pytest.param(
            Add(),
            [(N, 4, H), (N, 4, W)],
            "expects shapes that broadcast, receives [N, 4, H] and [N, 4, W], where axis 2 is H and W: "
            "that depends on `H` and `W`",
            None,
            id="two symbols",
        ),
        pytest.param(
            Add(),
            [(H,), (H + 1,)],
            "expects shapes that broadcast, receives [H] and [H + 1], where axis 0 is H and H + 1: that depends on `H`",
            None,
            id="a symbol may be 1 and stretch",
        ),
    ],
)
def test_what_a_symbol_decides_is_left_open(layer: Any, inputs: list[Any], said: str, field: str | None) -> None:
    error = refused(layer, *inputs)
    assert (error.code, error.message, error.field) == ("SC311", said, field)


def test_a_symbol_against_1_gives_the_symbol_and_equal_forms_are_equal() -> None:
    assert Add().output_shape((N, 1, H), (N, W, (2 * H) // 2)) == (N, W, H)


@given(
    st.lists(st.one_of(st.integers(1, 70), st.sampled_from([H, W, 2 * H + 1])), min_size=1, max_size=3),
    st.sampled_from([(3, 1), (1, 0), (2, 0), (4, 1), (7, 3), (3, 0)]),
    st.integers(2, 5),
    st.sampled_from([Add(), Multiply()]),
)
def test_a_projection_that_a_help_names_gives_the_other_shape(
    spatial: list[Any], window: tuple[int, int], stride: int, layer: Any
) -> None:
    """The main branch is a window at a stride: the shortcut with the projection of the help joins it."""
    kernel, padding = window
    shortcut = (N, 8, *spatial)
    try:
        conv = Conv(out_channels=16, kernel_size=kernel, stride=stride, padding=padding)
        main = conv.output_shape(shortcut, constraints=Constraints([]))
        layer.output_shape(main, shortcut, constraints=Constraints([]))
    except LayerError as error:
        found = re.search(r"project (\[.*?\]) with `conv: (\{.*?\})`", error.help or "")
        if found is None:
            return
        fields = {
            name: tuple(size) if isinstance(size, list) else size for name, size in yaml.safe_load(found[2]).items()
        }
        projected = shortcut if found[1] == show(shortcut) else main
        other = main if projected is shortcut else shortcut
        assert Conv(**fields).output_shape(projected, constraints=Constraints([])) == other


def test_channels_and_stride_are_one_projection() -> None:
    text = """
        input: [N, 64, SIZE]
        layers:
          - add:
              main:
                - conv: {out_channels: 128, kernel_size: 3, stride: 2, padding: 1}
                - batch_norm
                - relu
                - conv: {out_channels: 128, kernel_size: 3, padding: 1}
              shortcut: []
          - relu
    """
    for size in ("56, 56", "57, 31", "H, W"):
        with pytest.raises(ShapecalcError) as caught:
            inspect(loads(text.replace("SIZE", size)))
        (diagnostic,) = caught.value.diagnostics
        project = "conv: {out_channels: 128, kernel_size: 1, stride: 2}"
        assert diagnostic.help == f"project [N, 64, {size}] with `{project}`"
        fixed = text.replace("shortcut: []", f"shortcut: [{{{project}}}]").replace("SIZE", size)
        assert inspect(loads(fixed)).outputs["output"][1] == 128


@pytest.mark.parametrize(
    ("layer", "inputs", "help_text", "why"),
    [
        (
            Add(),
            [(N, 64, 57, 57), (N, 128, 28, 28)],
            "kernel_size: 2, stride: 2",
            "⌊57/2⌋ is 28: a window of 1 gives 29",
        ),
        (Add(), [(N, 64, 56, 56), (N, 128, 28, 56)], "stride: [2, 1]", "one axis has a stride"),
        (
            Add(),
            [(N, 64, 100), (N, 128, 50)],
            "if axis 1 has the channels, project [N, 64, 100]",
            "or features are last",
        ),
        (
            Add(),
            [(N, 64, 56, 56), (N, 128, 56, 56)],
            "project one with `conv: {out_channels: 128, kernel_size: 1}`",
            "no",
        ),
        (
            Concat(),
            [(N, 8, 28, 28), (N, 8, 56, 56)],
            "put `upsample: 2` after [N, 8, 28, 28]; or a `stride`",
            "decoder",
        ),
        (Concat(), [(N, 8, 27, 27), (N, 8, 55, 55)], "a `stride`, `padding` or", "no integer factor gives 55"),
    ],
)
def test_the_cause_of_maps_that_do_not_join(layer: Any, inputs: list[Any], help_text: str, why: str) -> None:
    assert help_text in (refused(layer, *inputs).help or ""), why


def test_what_is_certain_is_reported_before_what_a_symbol_decides() -> None:
    certain = refused(Add(), (N, H, 64), (N, H + 1, 128))
    assert (certain.code, "axis 2 is 64 and 128" in certain.message) == ("SC315", True)
    open_ = refused(Add(), (N, H, 64), (N, H + 1, 64))
    assert open_.code == "SC311"
