"""Edits of steps in a text."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.checking.keras.edits import TextEdits, step_text
from shapecalc.checking.keras.refusal import NotConvertedError
from shapecalc.checking.keras.steps import WrittenStep, read_step
from shapecalc.diagnostics import Source
from shapecalc.layers.keras import KerasStep
from shapecalc.parser.reader import read_text

CONV = KerasStep("conv", {"out_channels": 4, "kernel_size": 3})


def edited(text: str, new: KerasStep, *, name: str = "", keeps_from: bool = True) -> str:
    """The text with its first step written anew, between two others."""
    root: Any = read_text(Source("net.yaml", text))
    items = root.get("layers")
    written = read_step(items.items[0])
    assert isinstance(written, WrittenStep)
    edits = TextEdits(text)
    edits.step_before(written.node, items, "permute: [0, 2, 1]")
    edits.step(written, items, new, name=name, keeps_from=keeps_from)
    edits.step_after(written.node, items, "relu")
    return edits.applied()


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("layers:\n  - Conv2D: {filters: 4, kernel_size: 3}  # a\n  - x\n",
         "layers:\n  - permute: [0, 2, 1]\n  - conv: {out_channels: 4, kernel_size: 3}  # a\n  - relu\n  - x\n"),
        ("layers: [Conv2D: {filters: 4, kernel_size: 3}, x]",
         "layers: [permute: [0, 2, 1], conv: {out_channels: 4, kernel_size: 3}, relu, x]"),
        ("layers:\n- Conv2D: 4\n",
         "layers:\n- permute: [0, 2, 1]\n- conv: {out_channels: 4, kernel_size: 3}\n- relu\n"),
        ("layers:\n- Conv2D",
         "layers:\n- permute: [0, 2, 1]\n- conv: {out_channels: 4, kernel_size: 3}\n- relu"),
        ("layers:\n- Conv2D:\n- x",
         "layers:\n- permute: [0, 2, 1]\n- conv: {out_channels: 4, kernel_size: 3}\n- relu\n- x"),
        ("layers:\n- Conv2D:\n    filters: 4\n    use_bias: true\n    padding: valid # p\n # x\n- x",
         "layers:\n- permute: [0, 2, 1]\n- conv:\n    out_channels: 4\n    # p\n    kernel_size: 3\n- relu\n # x\n- x"),
    ],
)  # fmt: skip
def test_a_step_is_written_in_the_layout_that_it_has(text: str, after: str) -> None:
    assert edited(text, CONV) == after


def test_a_name_and_an_input_are_next_to_the_word() -> None:
    text = "layers:\n  - {Conv2D: {filters: 4, kernel_size: 3}, from: a}\n"
    assert "  - {conv: {out_channels: 4, kernel_size: 3}, name: n}\n" in edited(text, CONV, name="n", keeps_from=False)
    text = "layers:\n  - Conv2D: {filters: 4, kernel_size: 3}\n    from: a\n"
    assert "  - conv: {out_channels: 4, kernel_size: 3}\n    name: n\n" in edited(
        text, CONV, name="n", keeps_from=False
    )


def test_a_word_without_fields_left_stands_alone() -> None:
    assert edited("layers:\n  - Activation: relu\n", KerasStep("relu", {})).splitlines()[2] == "  - relu"
    assert edited("layers:\n  - {Activation: relu, name: x}\n", KerasStep("relu", {})).splitlines()[2] == (
        "  - {relu: {}, name: x}"
    )


@pytest.mark.parametrize(
    "text", ["layers:\n  -\n    Conv2D: 4\n", "layers:\n  - Conv2D: {filters: 4, # c\n      kernel_size: 3}\n"]
)
def test_a_layout_that_would_lose_something_is_refused(text: str) -> None:
    with pytest.raises(NotConvertedError):
        edited(text, CONV)


def test_a_new_step_is_as_short_as_it_can_be() -> None:
    assert step_text(KerasStep("relu", {})) == "relu"
    assert step_text(KerasStep("permute", {"dims": (0, 2, 1)}, reads="x.h_n")) == "{permute: [0, 2, 1], from: x.h_n}"
    assert step_text(KerasStep("relu", {}), name="a") == "{relu: {}, name: a}"
    assert step_text(CONV._replace(fields={**CONV.fields, "bias": False})) == (
        "conv: {out_channels: 4, kernel_size: 3, bias: false}"
    )
