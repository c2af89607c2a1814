"""The colours of families: each has one, and black text on it is readable (W3C, WCAG 2.1, success criterion 1.4.3)."""

from __future__ import annotations

from importlib import import_module
from itertools import combinations

from shapecalc.layers import FAMILIES, layer_types
from shapecalc.render.families import COLORS, NEUTRAL, TEXT, colors_of, family_of

LEAST_TEXT, LEAST_BORDER = 4.5, 3.0
"""Contrast ratios: of text, and of the border of a graphical object (1.4.11) on the fill or on either page."""
LEAST_DIFFERENCE = 10.0
"""Of two fills in CIE 1976 L*a*b*, where about 2 is just noticeable."""

# The numbers of ANSI codes as xterm and VS Code draw them, two terminals of very different palettes.
TERMINALS = {
    "32": ("#00CD00", "#0DBC79"),
    "33": ("#CDCD00", "#E5E510"),
    "35": ("#CD00CD", "#BC3FBC"),
    "36": ("#00CDCD", "#11A8CD"),
    "94": ("#5C5CFF", "#3B8EEA"),
}


def linear(color: str) -> tuple[float, ...]:
    """Return the linear sRGB of `#RRGGBB` (IEC 61966-2-1)."""
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG."""
    lights = (sum(map(float.__mul__, (0.2126, 0.7152, 0.0722), linear(color))) + 0.05 for color in (one, other))
    low, high = sorted(lights)
    return high / low


def test_the_contrast_ratio_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#FFFFFF") == 21
    assert round(contrast("#777777", "#FFFFFF"), 2) == 4.48, "the usual example of a grey that just fails"


def test_every_family_has_colours_and_no_other_name_has() -> None:
    stated = {family: getattr(import_module(f"shapecalc.layers.{family}"), "FAMILY", family) for family in FAMILIES}
    assert set(stated.values()) == set(COLORS)
    assert not any(family in COLORS and family != stated[family] for family in FAMILIES), "it has colours of its own"


def test_the_family_of_a_layer_is_its_module_or_the_one_shown_for_that_for_the_class_and_the_layer() -> None:
    for name, layer in layer_types().items():
        assert family_of(layer) in COLORS, name
        assert colors_of(layer) is COLORS[family_of(layer)], name
    types = layer_types()
    found = {name: family_of(types[name]) for name in ("max_pool", "layer_norm", "lstm", "add")}
    assert found == {"max_pool": "pooling", "layer_norm": "normalization", "lstm": "recurrent", "add": "merging"}
    assert family_of(types["relu"]()) == "activation"


def test_text_is_readable_on_every_fill_and_the_border_is_seen() -> None:
    for name, colors in {**COLORS, "none": NEUTRAL}.items():
        assert contrast(TEXT, colors.fill) >= LEAST_TEXT, name
        assert contrast(colors.stroke, colors.fill) >= 2, name
        assert max(contrast(colors.fill, page) for page in ("#FFFFFF", "#0D1117")) >= LEAST_BORDER, name


def test_colours_of_a_terminal_are_plain_ones_of_sixteen_and_readable() -> None:
    for name, colors in COLORS.items():
        if colors.ansi:
            for shown in TERMINALS[colors.ansi]:
                assert contrast(shown, "#000000") >= 3, name


# Machado, Oliveira and Fernandes 2009, table 1, severity 1: what each kind of colour vision sees of linear sRGB.
VISIONS = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.9505, 1.0, 1.089)


def lab(color: str, vision: str) -> tuple[float, float, float]:
    """Return a colour as seen, in CIE L*a*b* under D65."""
    seen = [sum(a * b for a, b in zip(row, linear(color), strict=True)) for row in VISIONS[vision]]
    xyz = (sum(a * min(1, max(0, b)) for a, b in zip(row, seen, strict=True)) for row in XYZ)
    x, y, z = (
        t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29
        for t in (value / white for value, white in zip(xyz, WHITE, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def test_two_fills_can_be_told_apart_with_any_colour_vision() -> None:
    for vision in VISIONS:
        for one, other in combinations(sorted({colors.fill for colors in COLORS.values()}), 2):
            pairs = zip(lab(one, vision), lab(other, vision), strict=True)
            difference = sum((a - b) ** 2 for a, b in pairs) ** 0.5
            assert difference >= LEAST_DIFFERENCE, (vision, one, other, round(difference, 1))
