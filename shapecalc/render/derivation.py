"""Calculations as text and JSON: the formula, its numbers line by line, the result, and notes on rounding."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from shapecalc.dims import show
from shapecalc.render.terminal.palette import bold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.calculators.derivation import AxisReading, Calculation, Derivation, DerivedAxis

SAME_WITH_STRIDE = "`same` with a stride is as in Keras and ONNX (SAME_UPPER); PyTorch refuses it"
COUNTED = " (counting from 1)"

WIDEST = 100
"""Columns at which sentences are wrapped; formulas never are."""

_MEANINGS = {
    "n": "input",
    "f": "window",
    "s": "stride",
    "p": "padding",
    "p₀": "padding before",
    "p₁": "padding after",
    "d": "dilation",
    "o": "output padding",
    "c": "channels in",
    "k": "channels out",
    "g": "groups",
    "in": "features in",
    "out": "features out",
    "V": "rows of the table",
    "E": "features of a vector",
}
_CELLS = {"length": "cell", "depth": "slice", "height": "row", "width": "column"}
_ASCII = str.maketrans(
    {"⌊": "floor(", "⌈": "ceil(", "⌋": ")", "⌉": ")", "−": "-", "·": "*", "×": "x", "₀": "0", "₁": "1"}
    | {"ℓ": "l", "σ": "sigma", "⊙": "*", "′": "'", "…": "...", "Σ": "sum ", "≈": "~"}
    | {"√": "sqrt", "∂": "d", "∞": "inf", "γ": "gamma", "β": "beta", "μ": "mu", "Φ": "Phi", "‖": "|", "\u0302": "_hat"}
    | {"½": "1/2", "²": "^2", "δ": "d"}
    | dict(zip("₂₃₄₅₆₇₈₉─│┌┐└┘ ░▒▓█", "23456789-|++++ .:*#", strict=True))
)


def in_ascii(text: str) -> str:
    """Return formulas for an output that takes only ASCII.

    >>> in_ascii("⌊(32 + 2·0 − 5)/2⌋ + 1")
    'floor((32 + 2*0 - 5)/2) + 1'
    """
    return text.translate(_ASCII)


def calculation(result: Calculation, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the derivation of every axis, what its windows do not read and, if channels are known, shape and costs."""
    groups = together(result.axes)
    blocks = []
    for names, axis in groups:
        heading = [bold(" and ".join(names), color=color)] if len(groups) > 1 else []
        blocks.append([*heading, *legend(_axis_letters(axis), width), "", *_lines(axis.output)])
        if axis.same:
            blocks[-1] += ["", *_lines(axis.same), f"{axis.padding[0]} before and {axis.padding[1]} after"]
        if len(groups) == 1:
            blocks[-1] += ["", bold(axis.output.equation, color=color)]
        notes = _notes(names, axis, result.type)
        blocks[-1] += ["", *(line for note in notes for line in wrapped(note, width))] if notes else []
    if len(groups) > 1:
        indent = max(len(axis.name) for axis in result.axes) + 2
        rows = [f"{axis.name:<{indent}}{axis.output.equation}" for axis in result.axes]
        blocks.append([bold(row, color=color) for row in rows])
    if result.costs:
        blocks.append(_costs(result, width, color=color))
    text = "\n\n".join("\n".join(block) for block in blocks)
    return text if unicode else in_ascii(text)


def _axis_letters(axis: DerivedAxis) -> dict[str, str]:
    before, after = axis.padding
    letters = {"n": str(axis.n), "f": str(axis.f), "s": str(axis.s)}
    if axis.same:
        letters["p"] = "same"
    elif before == after:
        letters["p"] = str(before)
    else:
        letters |= {"p₀": str(before), "p₁": str(after)}
    if axis.d != 1:
        letters["d"] = str(axis.d)
    if axis.output_padding:
        letters["o"] = str(axis.output_padding)
    return letters


def legend(letters: Mapping[str, str], width: int | None, meanings: Mapping[str, str] = _MEANINGS) -> list[str]:
    """Return the meaning and the value of each letter of a formula."""
    # No line breaks between a letter and its number.
    items = (f"{letter} = {size} ({meanings[letter]})".replace(" ", "\xa0") for letter, size in letters.items())
    return [line.replace("\xa0", " ") for line in wrapped(", ".join(items), width)]


def _lines(derivation: Derivation) -> list[str]:
    indent = " " * len(derivation.name)
    rows = [derivation.formula, *derivation.steps] if derivation.formula else [*derivation.steps]
    return [f"{derivation.name if not place else indent} = {row}" for place, row in enumerate(rows)]


def _costs(result: Calculation, width: int | None, *, color: bool) -> list[str]:
    meanings = _MEANINGS | ({} if result.axes else {"n": "rows"})
    letters = {letter: str(size) for letter, size in result.letters}
    rows = [
        bold(f"output shape {show(result.batched_shape)}", color=color)
        + (", costs of one sample (N = 1):" if result.axes else ""),
        *legend(letters, width, meanings),
        "",
    ]
    widest = max(len(line.name) for line in result.costs)
    for line in result.costs:
        rows += _lines(line._replace(name=line.name.ljust(widest)))
    return [*rows, "", *(line for note in result.notes for line in wrapped(note, width))] if result.notes else rows


def _notes(names: tuple[str, ...], axis: DerivedAxis, word: str) -> list[str]:
    """Return notes on rounding, on elements that no window reads, and on options that change this."""
    reading = axis.reading
    if reading is None:
        return []
    if axis.same:
        notes = [SAME_WITH_STRIDE] if axis.s > 1 and word == "conv" else []
    elif axis.ceil:
        notes = _rounded_up(reading)
    else:
        notes = _rounded_down(names, axis, reading)
    if reading.unread and (axis.same or axis.ceil):
        notes.append(f"the last window ends before the input does: {last_cells(names, axis)} never read{COUNTED}")
    if reading.stepped_over:
        kinds = " and ".join(f"{_CELLS[name]}s" for name in names)
        notes.append(f"the windows step over {reading.stepped_over} of every {axis.s} {kinds}")
    if reading.fixes:
        options = [f"`--{letter}`" if letter == "ceil" else f"`--{letter} {size}`" for letter, size in reading.fixes]
        *others, last = options
        notes.append(f"to read to the end: {', '.join(others)}{' or ' if others else ''}{last}")
    return notes


def _rounded_down(names: tuple[str, ...], axis: DerivedAxis, reading: AxisReading) -> list[str]:
    room = (axis.output.result - 1) * axis.s + reading.remainder
    if reading.remainder:
        lost = f"{last_cells(names, axis)} never read{COUNTED}" if reading.unread else "only padding"
        return [f"{room}/{axis.s} leaves {reading.remainder} over, which floor drops: {lost}"]
    return [f"{room}/{axis.s} is exact: floor drops nothing"] if axis.s > 1 else []


def _rounded_up(reading: AxisReading) -> list[str]:
    notes = []
    if reading.dropped:
        notes.append("one more window would start past the input and its left padding: the second term drops it")
    if reading.overhang:
        over = "1 cell" if reading.overhang == 1 else f"{reading.overhang} cells"
        notes.append(f"ceil keeps a last window that reaches {over} past the end")
    elif not reading.remainder:
        notes.append("the division is exact: ceil and floor give the same")
    return notes


def last_cells(names: tuple[str, ...], axis: DerivedAxis) -> str:
    """Return the names of the elements that no window reads, along axes of one length: `row 224 and column 224 are`."""
    missed = axis.reading.unread if axis.reading else 0
    if missed == 1:
        return " and ".join(f"{_CELLS[name]} {axis.n}" for name in names) + (" is" if len(names) == 1 else " are")
    return " and ".join(f"{_CELLS[name]}s {axis.n - missed + 1} to {axis.n}" for name in names) + " are"


def wrapped(text: str, width: int | None) -> list[str]:
    """Return the lines of a sentence; `width` is None for a pipe."""
    return textwrap.wrap(text, min(width or WIDEST, WIDEST), break_long_words=False, break_on_hyphens=False)


def together(axes: Iterable[DerivedAxis]) -> list[tuple[tuple[str, ...], DerivedAxis]]:
    """Return axes grouped with others that differ in their name only."""
    groups: dict[DerivedAxis, list[str]] = {}
    for axis in axes:
        groups.setdefault(axis._replace(name=""), []).append(axis.name)
    return [(tuple(names), axis) for axis, names in groups.items()]
