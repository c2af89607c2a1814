"""Calculations for a student: the formula, the numbers put in, line by line, the result, and what rounding did."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.derivation import Axis, Calculation, Derivation
    from shapecalc.solve import Answer

WIDEST = 100
"""Columns after which sentences are broken; formulas never are."""

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
}
_CELLS = {"length": "cell", "depth": "slice", "height": "row", "width": "column"}
_ASCII = str.maketrans(
    {"⌊": "floor(", "⌈": "ceil(", "⌋": ")", "⌉": ")", "−": "-", "·": "*", "×": "x", "₀": "0", "₁": "1"}
)


def in_ascii(text: str) -> str:
    """Write formulas for an output that takes nothing but ASCII.

    >>> in_ascii("⌊(32 + 2·0 − 5)/2⌋ + 1")
    'floor((32 + 2*0 - 5)/2) + 1'
    """
    return text.translate(_ASCII)


def calculation(result: Calculation, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the derivation of every axis, what its windows miss and, where channels are known, shape and costs."""
    groups = _alike(result.axes)
    blocks = []
    for names, axis in groups:
        heading = [_bold(" and ".join(names), color=color)] if len(groups) > 1 else []
        blocks.append([*heading, *_legend(axis_letters(axis), width), "", *_lines(axis.output)])
        if axis.same:
            blocks[-1] += ["", *_lines(axis.same), f"{axis.padding[0]} before and {axis.padding[1]} after"]
        if len(groups) == 1:
            blocks[-1] += ["", _bold(axis.output.equation, color=color)]
        notes = _notes(names, axis, result.word)
        blocks[-1] += ["", *(line for note in notes for line in _wrapped(note, width))] if notes else []
    if len(groups) > 1:
        indent = max(len(axis.name) for axis in result.axes) + 2
        rows = [f"{axis.name:<{indent}}{axis.output.equation}" for axis in result.axes]
        blocks.append([_bold(row, color=color) for row in rows])
    if result.costs:
        blocks.append(_costs(result, width, color=color))
    text = "\n\n".join("\n".join(block) for block in blocks)
    return text if unicode else in_ascii(text)


def solutions(answers: Mapping[str, Answer], known: str, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return, per axis, every value that gives the output asked for; `known` says what was given."""
    blocks: list[list[str]] = []
    groups = _alike_answers(answers)
    for names, answer in groups:
        which = f" of {' and '.join(names)}" if len(groups) > 1 else ""
        question = f"which {answer.letter} gives output{which} = {answer.target}{f' with {known}' if known else ''}?"
        blocks.append([*_wrapped(question, width), "", *_values(names, answer, color=color)])
    text = "\n\n".join("\n".join(block) for block in blocks)
    return text if unicode else in_ascii(text)


def calculation_dict(result: Calculation) -> dict[str, Any]:
    """Return a calculation as JSON's values."""
    document: dict[str, Any] = {"schema_version": 1, "layer": result.word}
    if result.axes:
        document["output"] = [axis.output.result for axis in result.axes]
    if result.shape is not None:
        document["output_shape"] = [*result.shape] if result.word == "linear" else ["N", *result.shape[1:]]
    if result.costs and result.word != "linear":
        document["costs_at"] = {"N": 1}
    document |= {line.name.lower(): line.result for line in result.costs}
    if result.axes:
        document["axes"] = [_axis_dict(axis) for axis in result.axes]
    document["costs"] = {line.name.lower(): _derivation_dict(line) for line in result.costs}
    return document


def solutions_dict(word: str, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Return what was solved for as JSON's values."""
    from shapecalc.solve import SMALL  # noqa: PLC0415 - most questions solve for nothing

    return {
        "schema_version": 1,
        "layer": word,
        "solved_for": next(iter(answers.values())).letter,
        "axes": [
            {
                "axis": name,
                "output": answer.target,
                "tried": [SMALL[answer.letter][0], SMALL[answer.letter][-1]] if answer.letter in SMALL else None,
                "interval": list(answer.interval) if answer.interval else None,
                "solutions": [{"value": value, **_axis_dict(axis)} for value, axis in answer.found],
                "closest": [{"value": value, **_axis_dict(axis)} for value, axis in answer.near],
            }
            for name, answer in answers.items()
        ],
    }


def _axis_dict(axis: Axis) -> dict[str, Any]:
    document: dict[str, Any] = {
        "axis": axis.name,
        "n": axis.n,
        "f": axis.f,
        "s": axis.s,
        "padding": list(axis.padding),
        "d": axis.d,
        "output_padding": axis.output_padding,
        "output": axis.output.result,
        **_derivation_dict(axis.output),
    }
    if axis.same:
        document["same"] = {"total": axis.same.result, **_derivation_dict(axis.same)}
    if axis.reading:
        reading = axis.reading
        document |= {
            "left_over": reading.left_over,
            "unread": {"cells": reading.unread, "first": axis.n - reading.unread + 1, "last": axis.n}
            if reading.unread
            else None,
            "stepped_over": reading.stepped_over,
        }
        if axis.ceil:
            document |= {"overhang": reading.overhang, "dropped": reading.dropped}
    return document


def _derivation_dict(derivation: Derivation) -> dict[str, Any]:
    return {"formula": derivation.formula, "steps": list(derivation.steps), "equation": derivation.equation}


def axis_letters(axis: Axis) -> dict[str, str]:
    """Return the letters of an axis that its formula uses, with their numbers."""
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


def _legend(letters: Mapping[str, str], width: int | None, meanings: Mapping[str, str] = _MEANINGS) -> list[str]:
    # No line breaks between a letter and its number.
    items = (f"{letter} = {size} ({meanings[letter]})".replace(" ", "\xa0") for letter, size in letters.items())
    return [line.replace("\xa0", " ") for line in _wrapped(", ".join(items), width)]


def _lines(derivation: Derivation) -> list[str]:
    indent = " " * len(derivation.name)
    rows = [derivation.formula, *derivation.steps] if derivation.formula else [*derivation.steps]
    return [f"{derivation.name if not place else indent} = {row}" for place, row in enumerate(rows)]


def _costs(result: Calculation, width: int | None, *, color: bool) -> list[str]:
    assert result.shape is not None
    linear = result.word == "linear"
    shape = ", ".join(map(str, result.shape if linear else ("N", *result.shape[1:])))
    meanings = _MEANINGS | ({"n": "rows"} if linear else {})
    letters = {letter: str(size) for letter, size in result.letters}
    rows = [
        _bold(f"output shape [{shape}]", color=color) + ("" if linear else ", costs of one sample (N = 1):"),
        *_legend(letters, width, meanings),
        "",
    ]
    widest = max(len(line.name) for line in result.costs)
    for line in result.costs:
        rows += _lines(line._replace(name=line.name.ljust(widest)))
    return rows


def _notes(names: tuple[str, ...], axis: Axis, word: str) -> list[str]:
    reading = axis.reading
    if reading is None:
        return []
    notes = []
    room = (axis.output.result - 1) * axis.s + reading.left_over
    cells = _cells(names, axis.n, reading.unread)
    if axis.same:
        if reading.unread:
            notes.append(f"the last window ends before the input does: {cells} never read (counting from 1)")
        if axis.s > 1 and word == "conv":
            notes.append("`same` with a stride is as in Keras and ONNX (SAME_UPPER); PyTorch refuses it")
    elif axis.ceil:
        if reading.dropped:
            notes.append(
                "one more window would start past the input and its left padding: ceil mode drops it (second term)"
            )
        if reading.overhang:
            over = "1 cell" if reading.overhang == 1 else f"{reading.overhang} cells"
            notes.append(f"ceil keeps a last window that reaches {over} past the end")
        elif not reading.left_over:
            notes.append("the division is exact: ceil and floor give the same")
        if reading.unread:
            notes.append(f"the last window ends before the input does: {cells} never read (counting from 1)")
    elif reading.left_over:
        drops = f"{room}/{axis.s} leaves {reading.left_over} over, which floor drops: "
        if reading.unread:
            notes.append(f"{drops}{cells} never read (counting from 1)")
        else:
            notes.append(f"{drops}that is padding, the input is read to its end")
    elif axis.s > 1:
        notes.append(f"{room}/{axis.s} is exact: floor drops nothing, the input is read to its end")
    if reading.stepped_over:
        kinds = " and ".join(f"{_CELLS[name]}s" for name in names)
        notes.append(f"the windows step over {reading.stepped_over} of every {axis.s} {kinds}")
    if reading.mends:
        options = [f"`--{letter}`" if letter == "ceil" else f"`--{letter} {size}`" for letter, size in reading.mends]
        *others, last = options
        notes.append(f"to read to the end: {', '.join(others)}{' or ' if others else ''}{last}")
    return notes


def _cells(names: Iterable[str], n: int, unread: int) -> str:
    """Name the last cells along axes of one length: `row 224 and column 224 are`."""
    names = tuple(names)
    if unread == 1:
        return " and ".join(f"{_CELLS[name]} {n}" for name in names) + (" is" if len(names) == 1 else " are")
    return " and ".join(f"{_CELLS[name]}s {n - unread + 1} to {n}" for name in names) + " are"


def _values(names: tuple[str, ...], answer: Answer, *, color: bool) -> list[str]:
    from shapecalc.solve import SMALL  # noqa: PLC0415 - most questions solve for nothing

    tried = SMALL.get(answer.letter)
    span = f"{answer.letter} from {tried[0]} to {tried[-1]}" if tried else "every n from 1"
    if not answer.found:
        rows = [_bold(f"none: tried {span}", color=color)]
        if answer.near:
            rows += ["", "closest:", *_rows(names, answer, answer.near)]
        return rows
    rows = [*_rows(names, answer, answer.found), ""]
    if answer.interval and answer.interval.low < answer.interval.high:
        return [*rows, _bold(f"n from {answer.interval.low} to {answer.interval.high}", color=color)]
    values = ", ".join(_value(value) for value, _ in answer.found)
    uneven = " (before:after; no even padding does)" if isinstance(answer.found[0][0], tuple) else ""
    rows.append(_bold(f"{answer.letter} = {values}{uneven}", color=color))
    return [*rows, f"tried {span}"] if tried else rows


def _rows(names: tuple[str, ...], answer: Answer, found: Iterable[tuple[Any, Axis]]) -> list[str]:
    shown = [(f"{answer.letter} = {_value(value)}", axis) for value, axis in found]
    widest = max(len(label) for label, _ in shown)
    longest = max(len(axis.output.equation) for _, axis in shown)
    rows = []
    for label, axis in shown:
        unread = axis.reading.unread if axis.reading else 0
        remark = f"   {_cells(names, axis.n, unread)} never read" if unread else ""
        rows.append(f"  {label:<{widest}}   {axis.output.equation:<{longest}}{remark}".rstrip())
    return rows


def _value(value: Any) -> str:
    return f"{value[0]}:{value[1]}" if isinstance(value, tuple) else str(value)


def _alike(axes: Iterable[Axis]) -> list[tuple[tuple[str, ...], Axis]]:
    """Put axes together that differ in nothing but their name."""
    found: dict[Axis, list[str]] = {}
    for axis in axes:
        found.setdefault(axis._replace(name=""), []).append(axis.name)
    return [(tuple(names), axis) for axis, names in found.items()]


def _alike_answers(answers: Mapping[str, Answer]) -> list[tuple[tuple[str, ...], Answer]]:
    found: dict[tuple[Any, ...], list[str]] = {}
    for name, answer in answers.items():
        nameless = [axis._replace(name="") for _, axis in answer.found + answer.near]
        found.setdefault((answer.target, *nameless), []).append(name)
    return [(tuple(names), answers[names[0]]) for names in found.values()]


def _wrapped(text: str, width: int | None) -> list[str]:
    return textwrap.wrap(text, min(width or WIDEST, WIDEST), break_long_words=False, break_on_hyphens=False)


def _bold(text: str, *, color: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if color else text
