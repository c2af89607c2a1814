"""The colours of a terminal, as ECMA-48 numbers them: 1 bold, 31 red, 33 yellow, 34 blue, 36 cyan, 0 none."""

from __future__ import annotations

import pytest

from shapecalc.render.terminal.palette import BAD, BOLD, PLAIN, Palette, bold, painted


def test_a_style_surrounds_the_text_and_ends_after_it() -> None:
    assert painted("seven", BAD, color=True) == "\x1b[1;31mseven\x1b[0m"
    assert bold("seven", color=True) == painted("seven", BOLD, color=True) == "\x1b[1mseven\x1b[0m"


@pytest.mark.parametrize(("text", "style", "color"), [("seven", BAD, False), ("seven", PLAIN, True), ("", BAD, True)])
def test_nothing_is_added_without_colour_style_or_text(text: str, style: str, *, color: bool) -> None:
    assert painted(text, style, color=color) == text


@pytest.mark.parametrize(("severity", "number"), [("error", "1;31"), ("warning", "1;33"), ("note", "1;36")])
def test_the_subject_of_a_diagnostic_has_the_colour_of_its_severity(severity: str, number: str) -> None:
    palette = Palette(severity, color=True)
    assert palette.primary("x") == f"\x1b[{number}mx\x1b[0m"
    assert palette.secondary("x") == palette.gutter("x") == "\x1b[1;34mx\x1b[0m"
    assert palette.strong("x") == "\x1b[1mx\x1b[0m"


def test_a_palette_without_colour_leaves_every_part_as_it_is() -> None:
    palette = Palette("error", color=False)
    assert [paint("x") for paint in (palette.primary, palette.secondary, palette.gutter, palette.strong)] == ["x"] * 4
