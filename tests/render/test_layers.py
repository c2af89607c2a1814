"""Layer types as text: the list of all, and one in full."""

from __future__ import annotations

import pytest

from shapecalc.layers import layer_types
from shapecalc.layers.documentation import documentation
from shapecalc.render.layers import WIDEST, full, overview

ALL = [documentation(cls) for cls in layer_types().values()]
LONGEST_WORD = max(len(layer.type) for layer in ALL)


@pytest.mark.parametrize("width", [LONGEST_WORD + 12, 80, 100])
def test_the_list_has_one_line_within_the_width_for_each_type(width: int) -> None:
    *lines, empty, hint = overview(ALL, width).split("\n")
    assert (empty, hint) == ("", "shapecalc layers TYPE: one in full")
    assert [line.split()[0] for line in lines] == [layer.type for layer in ALL]
    assert all(len(line) <= width for line in lines)


def test_a_pipe_gets_whole_sentences() -> None:
    lines = overview(ALL, None).split("\n")
    assert all(line.endswith(layer.summary) for line, layer in zip(lines, ALL, strict=False))


@pytest.mark.parametrize("layer", ALL, ids=lambda layer: layer.type)
def test_a_type_in_full_keeps_to_the_width_and_is_ascii_where_asked(layer) -> None:
    assert all(len(line) <= 60 for line in full(layer, 60).split("\n")[:-1] if " " in line.strip())
    assert all(len(line) <= WIDEST for line in full(layer, None).split("\n")[:-1])
    assert full(layer, 80, unicode=False).isascii()


@pytest.mark.parametrize(
    ("word", "example"),
    [
        ("relu", "- relu"),  # no field is required
        ("linear", "- linear: …"),  # the main field alone is
        ("conv", "- conv: {out_channels: …, kernel_size: …}"),
    ],
)
def test_the_example_names_the_required_fields(word: str, example: str) -> None:
    assert full(documentation(layer_types()[word]), 80).split("\n")[-1] == f"In a file:  {example}"


def test_a_field_is_shown_with_its_default() -> None:
    shown = full(documentation(layer_types()["conv"]), None)
    assert "  out_channels  " in shown
    assert "; required\n" in shown
    assert "; default 1\n" in shown  # stride, dilation, groups
    assert "; default true\n" in shown  # bias
