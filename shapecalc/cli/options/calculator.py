"""The calculators of windowed layers: derive the output size, or solve for an option if `--out` is given."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.calculators.derivation import AXES, Calculation, Derivation, DerivedAxis
from shapecalc.cli.options import formats
from shapecalc.cli.options.window import WrittenSizes, integer, read_sizes
from shapecalc.cli.usage_errors import missing, mistake
from shapecalc.diagnostics.errors import LayerError, misuse
from shapecalc.layers.fields import LARGEST_DIM, Integer
from shapecalc.render import derivation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.calculators.windows import Answer, Value
    from shapecalc.cli.options.color import Color
    from shapecalc.cli.options.formats import TextFormat
    from shapecalc.dims import Shape
    from shapecalc.layers.base import Layer

SOLVABLE = {"n": "n", "kernel_size": "f", "stride": "s", "padding": "p"}
"""The fields that can be solved for with `--out`, with their letters."""

REQUIRED = ("n", "kernel_size")


class WindowedLayer(NamedTuple):
    """A layer with sliding windows: its type, its constructor, and the functions that derive its axes and costs."""

    word: str
    build: Callable[..., Layer]
    axes: Callable[[Any, Shape], tuple[DerivedAxis, ...]]
    costs: Callable[[Any, Shape], tuple[Derivation, ...]]


def answer(
    kind: WindowedLayer,
    window: Mapping[str, str | None],
    channels: Mapping[str, str | None],
    rank: int | None,
    format_: TextFormat,
    color: Color,
) -> None:
    """Derive the output size, or solve for an option, and print the result.

    `window` has the text of each field with an entry per axis, of `n`, of `output`, and of `p`, the short form of
    `padding`; `channels` the text of `in_channels` and of the other fields that count channels.
    Raises `ShapecalcError` that names the option.
    """
    written = {field: text for field, text in {**window, **channels}.items() if text is not None}
    padding = "--padding" if "padding" in written else "--p"
    if "p" in written:
        if "padding" in written:
            raise misuse("SC205", "`--p` and `--padding` mean the same, and both are given", "leave one of them out")
        written["padding"] = written.pop("p")
    axes: tuple[str, ...] = ()
    try:
        sizes = read_sizes({field: text for field, text in written.items() if field not in channels}, rank)
        axes = AXES[sizes.rank] if sizes.apart else ()
        counts = {field: integer(text, field) for field, text in written.items() if field in channels}
        for field in ("n", "output"):
            for length in sizes.entries.get(field, ()):
                Integer().check(field, length)
        for field, count in counts.items():
            Integer().check(field, count)
        if "output" in written:
            if counts:
                raise misuse("SC205", "`--out` solves for sizes, and has no use for channels", "leave `--c` out")
            answers = _solve(kind, sizes, written)
        else:
            lacking = [f"--{SOLVABLE[field]} CELLS" for field in REQUIRED if field not in written]
            if lacking:
                raise missing(*lacking, otherwise=", or `--out CELLS` to solve for it" if len(lacking) == 1 else "")
            show(_calculate(kind, sizes, counts), format_, color)
            return
    except LayerError as error:
        raise mistake(error, {**written, "rank": str(rank)}, axes, padding=padding) from None
    _show_answers(kind.word, answers, written, format_, color)


def show(result: Calculation, format_: TextFormat, color: Color) -> None:
    """Print a calculation."""
    formats.show(format_, color, partial(derivation.calculation, result), result.to_dict, formulas=True)


def both_channels(c: str | None, k: str | None, groups: str | None) -> dict[str, str | None]:
    """Return the text of the channel options by field; raise if one needs another that is not given."""
    if (c is None) != (k is None) or (groups is not None and c is None):
        lacking = [f"`{option}`" for option, text in (("--c", c), ("--k", k)) if text is None]
        given = [f"`{option} {text}`" for option, text in (("--c", c), ("--k", k), ("--groups", groups)) if text]
        raise misuse("SC106", f"{' and '.join(given)} expects {' and '.join(lacking)} beside it, receives none")
    return {"in_channels": c, "out_channels": k, "groups": groups}


def _calculate(kind: WindowedLayer, sizes: WrittenSizes, counts: Mapping[str, int]) -> Calculation:
    fields = {field: entries for field, entries in sizes.entries.items() if field != "n"}
    layer = kind.build(**fields, **{field: count for field, count in counts.items() if field != "in_channels"})
    in_channels = counts.get("in_channels")
    x = (1, in_channels or 1, *sizes.entries["n"])
    axes = kind.axes(layer, x)
    if in_channels is None:
        return Calculation(kind.word, axes)
    letters = (("c", in_channels), ("k", counts.get("out_channels")), ("g", counts.get("groups")))
    known = tuple((letter, count) for letter, count in letters if count is not None)
    return Calculation(kind.word, axes, known, layer.output_shape(x), kind.costs(layer, x))


def _solve(kind: WindowedLayer, sizes: WrittenSizes, written: Mapping[str, str]) -> dict[str, Answer]:
    from shapecalc.calculators.windows import missing

    unknown = _unknown(written)
    letter = SOLVABLE[unknown]
    answers = {}
    for index, name in enumerate(AXES[sizes.rank]):
        known = {field: sizes.of(field, index) for field in sizes.entries if field != "output"}

        def derive(value: Value, known: Mapping[str, Any] = known, name: str = name) -> DerivedAxis:
            fields = {**known, unknown: (value, value) if letter == "p" and isinstance(value, int) else value}
            length = fields.pop("n")
            entries = {field: entry if isinstance(entry, str) else (entry,) for field, entry in fields.items()}
            (axis,) = kind.axes(kind.build(**entries), (1, 1, length))
            return axis._replace(name=name)

        answers[name] = missing(letter, derive, sizes.of("output", index), LARGEST_DIM)
    return answers


def _unknown(written: Mapping[str, str]) -> str:
    """Return the field to solve for: a required one that is missing, else one with a default."""
    lacking = [field for field in SOLVABLE if field not in written]
    candidates = [field for field in lacking if field in REQUIRED] or lacking
    if len(candidates) == 1:
        return candidates[0]
    out = f"`--out {written['output']}`"
    if not candidates:
        raise misuse("SC205", f"{out} expects one of `--n`, `--f`, `--s` and `--p` left out, receives all four")
    first, second = (SOLVABLE[field] for field in candidates)
    message = f"{out} solves for one number, and both `--{first}` and `--{second}` are left out"
    raise misuse("SC205", message, f"add `--{first}` to solve for {second}, or `--{second}` to solve for {first}")


def _show_answers(
    word: str, answers: Mapping[str, Answer], written: Mapping[str, str], format_: TextFormat, color: Color
) -> None:
    from shapecalc.render import solve_window

    letters = SOLVABLE | {"dilation": "d", "output_padding": "o"}
    known = ", ".join(f"{letters[field]} = {text}" for field, text in written.items() if field in letters)
    formats.show(
        format_,
        color,
        partial(solve_window.solutions, answers, written["output"], known),
        partial(solve_window.solutions_dict, word, answers),
        formulas=True,
        ok=all(answer.solutions for answer in answers.values()),
    )
