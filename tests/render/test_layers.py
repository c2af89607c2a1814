"""Layer types as text: the list of all, and one in full."""

from __future__ import annotations

import re

import pytest

from shapecalc.layers import layer_types
from shapecalc.layers.documentation import documentation
from shapecalc.render.layers import WIDEST, full, overview

ALL = [documentation(cls) for cls in layer_types().values()]
ESCAPES = re.compile("\x1b\\[[0-9;]*m")


@pytest.mark.parametrize("width", [60, 80, 100, None])
def test_the_list_has_the_first_sentence_of_each_type_whole_within_the_width(width: int | None) -> None:
    *lines, empty, first, second = overview(ALL, width).split("\n")
    assert (empty, first, second) == ("", "shapecalc layers TYPE: one in full", "shapecalc layers WORD: with a word")
    assert width is None or all(len(line) <= width for line in lines)
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == [layer.type for layer in ALL]
    words = " ".join("\n".join(lines).split())
    for layer in ALL:
        sentence = words.partition(f"{layer.type} {layer.summary[:9]}")[2].partition(".")[0]
        assert sentence, layer.type
        assert layer.summary[9:].startswith(sentence), layer.type


def test_colour_changes_no_character_and_marks_titles_and_names() -> None:
    for layer in ALL:
        coloured = full(layer, 80, color=True)
        assert ESCAPES.sub("", coloured) == full(layer, 80), layer.type
        assert coloured.startswith(f"\x1b[1m{layer.type}\x1b[0m\n"), layer.type
        assert all(f"  \x1b[36m{field.name}\x1b[0m " in coloured for field in layer.fields), layer.type
    assert ESCAPES.sub("", overview(ALL, 80, color=True)) == overview(ALL, 80)
    assert f"\x1b[36m{ALL[0].type}\x1b[0m  " in overview(ALL, 80, color=True)


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
