"""The solutions of a window as text and JSON: every value that gives the requested output, with its arithmetic."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from shapecalc.calculators.windows import DILATIONS, SMALL
from shapecalc.render.derivation import in_ascii, last_cells, together, wrapped
from shapecalc.render.terminal.escaping import terminal
from shapecalc.render.terminal.palette import bold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.calculators.derivation import DerivedAxis
    from shapecalc.calculators.windows import Answer, Value, WindowFields, Windows

SIMPLEST = (
    "no dilation, every cell read, padding of at most half the window, small window, short stride, little padding"
)
"""The first keys, in this order."""

_LEAST = 20
"""The columns that an equation has at least."""
OUTPUT_PADDING = "o"
"""The letter of output padding."""


def solutions(
    answers: Mapping[str, Answer], requested: str, known: str, *, width: int | None, color: bool, unicode: bool
) -> str:
    """Return the solutions of each axis, then the common ones; `requested` and `known` quote the options."""
    letter = next(iter(answers.values())).letter
    given = f" with {terminal(known)}" if known else ""
    lines = [*wrapped(f"which {letter} gives output = {terminal(requested)}{given}?", width), ""]
    groups = _alike(answers)
    for names, answer in groups:
        lines += [f"{' and '.join(names)}:"] if len(groups) > 1 else []
        lines += [*(_rows(names, answer, width) or ["  none"]), ""]
    lines += [bold(line, color=color) for line in wrapped(_conclusion(answers), width)]
    if letter in SMALL:
        lines.append(f"tried {letter} from {SMALL[letter][0]} to {SMALL[letter][-1]}")
    if letter == OUTPUT_PADDING and not all(answer.solutions for answer in answers.values()):
        lines += wrapped("tried o from 0 to one less than the stride, or than the dilation if that is larger", width)
    text = "\n".join(lines)
    return text if unicode else in_ascii(text)


def solutions_dict(word: str, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Return the JSON values of the solutions of each axis."""
    letter = next(iter(answers.values())).letter
    return {
        "layer": word,
        "solved_for": letter,
        "tried": [SMALL[letter][0], SMALL[letter][-1]] if letter in SMALL else None,
        "axes": [
            {
                "axis": name,
                "output": answer.target,
                "interval": list(answer.interval) if answer.interval else None,
                "solutions": [{"value": value, **axis.to_dict()} for value, axis in answer.solutions],
                "closest": [{"value": value, **axis.to_dict()} for value, axis in answer.closest],
                "with_output_padding": [
                    {"value": value, **axis.to_dict()} for value, axis in answer.with_output_padding
                ],
            }
            for name, answer in answers.items()
        ],
    }


def _conclusion(answers: Mapping[str, Answer]) -> str:
    parts = list(answers.values())
    letter = parts[0].letter
    if any(answer.with_output_padding for answer in parts):
        return _conclusion_with_output_padding(parts)
    if not all(answer.solutions for answer in parts):
        return f"no {letter} does"
    intervals = [answer.interval for answer in parts if answer.interval]
    if intervals:
        low, high = max(interval.low for interval in intervals), min(interval.high for interval in intervals)
        if low <= high:
            return f"n = {low}" if low == high else f"n from {low} to {high}"
        return f"no lone n does for all axes; for example `--n {'x'.join(str(one.low) for one in intervals)}`"
    common = [value for value, _ in parts[0].solutions if all(value in dict(other.solutions) for other in parts)]
    if common:
        uneven = " (before:after; no even padding does)" if isinstance(common[0], tuple) else ""
        option = f": `--output-padding {common[0]}`" if letter == OUTPUT_PADDING else ""
        return f"{letter} = {', '.join(map(_written, common))}{uneven}{option}"
    name = "output-padding" if letter == OUTPUT_PADDING else letter
    option = "x".join(_written(answer.solutions[0][0]) for answer in parts)
    return f"no lone {letter} does for all axes; for example `--{name} {option}`"


def _conclusion_with_output_padding(parts: list[Answer]) -> str:
    """Return the value, the same along all axes if there is one, and the option for the least output padding."""
    letter = parts[0].letter
    offered = [dict(answer.solutions + answer.with_output_padding) for answer in parts]
    if not all(offered):
        return f"no {letter} does"
    common = [value for value in offered[0] if all(value in values for values in offered)]
    totals = {value: sum(values[value].output_padding for values in offered) for value in common}
    even = [value for value in common if isinstance(value, int)]
    value = min(even or common, key=lambda value: totals[value], default=None)
    taken = [next(reversed(values)) for values in offered] if value is None else [value] * len(offered)
    extras = [str(values[each].output_padding) for values, each in zip(offered, taken, strict=True)]
    option = f"`--output-padding {extras[0] if len({*extras}) == 1 else 'x'.join(extras)}`"
    if value is not None:
        return f"{letter} = {_written(value)} with {option}"
    return (
        f"no lone {letter} does for all axes; for example `--{letter} {'x'.join(map(_written, taken))}` with {option}"
    )


def _rows(names: tuple[str, ...], answer: Answer, width: int | None) -> list[str]:
    shown = [(f"{answer.letter} = {_written(value)}", axis) for value, axis in answer.solutions]
    shown += [
        (f"{answer.letter} = {_written(value)}, o = {axis.output_padding}", axis)
        for value, axis in answer.with_output_padding
    ]
    closest = [] if shown else [(f"{answer.letter} = {_written(value)}", axis) for value, axis in answer.closest]
    shown = shown or closest
    label_width = max((len(label) for label, _ in shown), default=0)
    room = max((len(axis.output.equation) for _, axis in shown), default=0)
    rows = ["  none; closest:"] if closest else []
    for label, axis in shown:
        missed = f"{last_cells(names, axis)} never read" if axis.reading and axis.reading.unread else ""
        rows += _row(f"  {label:<{label_width}}   ", f"{axis.output.equation:<{room}}", missed, width)
    return rows


def _row(left: str, equation: str, remark: str, width: int | None) -> list[str]:
    """Return a row; if it is too wide the remark is below the equation."""
    line = f"{left}{equation}   {remark}".rstrip()
    if width is None or len(line) <= width:
        return [line]
    room = max(width - len(left), _LEAST)
    first, *others = [*textwrap.wrap(equation, room), *textwrap.wrap(remark, room)]
    return [left + first, *(" " * len(left) + other for other in others)]


def _written(value: Value) -> str:
    return f"{value[0]}:{value[1]}" if isinstance(value, tuple) else str(value)


def _alike(answers: Mapping[str, Answer]) -> list[tuple[tuple[str, ...], Answer]]:
    """Return axes grouped by equal solutions."""
    groups: dict[tuple[DerivedAxis | int, ...], list[str]] = {}
    for name, answer in answers.items():
        shown = answer.solutions + answer.with_output_padding + answer.closest
        nameless = (axis._replace(name="") for _, axis in shown)
        groups.setdefault((answer.target, *nameless), []).append(name)
    return [(tuple(names), answers[names[0]]) for names in groups.values()]


def all_windows(
    answer: Windows,
    requested: tuple[str, str],
    fixed: Mapping[str, int],
    word: str,
    most: int,
    *,
    width: int | None,
    color: bool,
    unicode: bool,
) -> str:
    """Return at most `most` windows that give the output, simplest first; `requested` quotes `--n` and `--out`."""
    open_letters = [letter for letter in "fspd" if letter not in fixed]
    known = ", ".join(f"{letter} = {number}" for letter, number in (("n", requested[0]), *fixed.items()))
    question = f"which {', '.join(open_letters)} of a {word} give output = {requested[1]} with {known}?"
    shown = answer.solutions[:most] or answer.closest
    lines = [
        *wrapped(terminal(question), width),
        "",
        *([] if answer.solutions else ["none; closest:" if shown else "none"]),
    ]
    lines += _window_rows(shown, width)
    rest = len(answer.solutions) - len(shown)
    if answer.solutions and rest:
        lines += ["", bold(f"{rest} more: `--top {len(answer.solutions)}` shows all", color=color)]
    lines += ["", *wrapped(f"tried {tried(open_letters, word)}", width)]
    if answer.solutions:
        lines += wrapped(f"simplest first: {SIMPLEST}", width)
    text = "\n".join(lines)
    return text if unicode else in_ascii(text)


def tried(letters: Iterable[str], word: str) -> str:
    """Return a sentence on the values that were tried for each letter."""
    padding = "p up to half of the window" if word == "pool" else "p below the cells that the window spans"
    ranges = {
        "f": f"f from {SMALL['f'][0]} to {SMALL['f'][-1]}",
        "s": f"s from {SMALL['s'][0]} to {SMALL['s'][-1]}",
        "p": padding,
        "d": f"d from {DILATIONS[0]} to {DILATIONS[-1]}",
    }
    return ", ".join(ranges[letter] for letter in letters)


def all_windows_dict(
    answer: Windows, n: tuple[int, ...], output: tuple[int, ...], fixed: Mapping[str, int], word: str, most: int
) -> dict[str, Any]:
    """Return the JSON values of the windows that give the output; `found` is the number of all."""
    return {
        "layer": word,
        "n": list(n),
        "output": list(output),
        "fixed": dict(fixed),
        "tried": tried([letter for letter in "fspd" if letter not in fixed], word),
        "simplest_first": SIMPLEST,
        "found": len(answer.solutions),
        "windows": [_window_dict(window) for window in answer.solutions[:most]],
        "closest": [_window_dict(window) for window in answer.closest],
    }


def _window_dict(window: WindowFields) -> dict[str, Any]:
    letters = {"f": window.f, "s": window.s, "p": window.p, "d": window.d}
    return {**letters, "axes": [axis.to_dict() for axis in window.axes]}


def _window_rows(windows: tuple[WindowFields, ...], width: int | None) -> list[str]:
    cells = []
    for window in windows:
        letters = {"f": window.f, "s": window.s, "p": window.p} | ({"d": window.d} if window.d > 1 else {})
        alike = together(window.axes)
        equations = [axis.output.equation for _, axis in alike]
        cells.append((letters, ", ".join(equations), _remark(alike)))
    rooms = {letter: max((len(str(row[0].get(letter, ""))) for row in cells), default=0) for letter in "fspd"}
    longest = max((len(equation) for _, equation, _ in cells), default=0)
    rows: list[str] = []
    for letters, equation, remark in cells:
        left = "  ".join(
            f"{letter} = {letters[letter]:<{room}}" if letter in letters else " " * (4 + room)
            for letter, room in rooms.items()
            if room
        )
        rows += _row(f"  {left}   ", f"{equation:<{longest}}", remark, width)
    return rows


def _remark(alike: list[tuple[tuple[str, ...], DerivedAxis]]) -> str:
    parts = []
    for names, axis in alike:
        if axis.reading and axis.reading.unread:
            parts.append(f"{last_cells(names, axis)} never read")
        if axis.reading and axis.reading.stepped_over:
            parts.append(f"steps over {axis.reading.stepped_over} of every {axis.s} cells")
    return "; ".join(dict.fromkeys(parts))
