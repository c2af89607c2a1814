"""The calculators of windowed layers: derive the output size, or solve for an option if `--out` is given."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.calculators.derivation import AXES, Calculation, Derivation, DerivedAxis
from shapecalc.cli.options import formats
from shapecalc.cli.options.formats import Format
from shapecalc.cli.options.window import WrittenSizes, integer, read_sizes
from shapecalc.cli.options.written import option_of
from shapecalc.cli.usage_errors import missing, mistake
from shapecalc.diagnostics.errors import LayerError, misuse
from shapecalc.layers.fields import LARGEST_DIM, Integer
from shapecalc.render import derivation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.calculators.windows import Answer, Value
    from shapecalc.cli.options.formats import Target
    from shapecalc.dims import Shape
    from shapecalc.layers.base import Layer

SOLVABLE = {"n": "n", "kernel_size": "f", "stride": "s", "padding": "p"}
"""The fields that can be solved for with `--out`, with their letters."""

OUTPUT_PADDING = "output_padding"
"""The field of a transposed window that is solved for if all of those are given, or together with one of them."""

REQUIRED = ("n", "kernel_size")


class WindowedLayer(NamedTuple):
    """A layer with sliding windows: its type, its constructor, and the functions that derive its axes and costs."""

    word: str
    build: Callable[..., Layer]
    axes: Callable[[Any, Shape], tuple[DerivedAxis, ...]]
    costs: Callable[[Any, Shape], tuple[Derivation, ...]]
    pads_output: bool = False
    """Whether it has an output padding."""

    @property
    def layer(self) -> Any:
        """The class of the layer."""
        return self.build


def answer(
    kind: WindowedLayer,
    window: Mapping[str, str | None],
    channels: Mapping[str, str | None],
    rank: int | None,
    target: Target,
) -> None:
    """Derive the output size, or solve for an option, and print the result.

    `window` has the text of each field with an entry per axis, of `n` and of `output`; `channels` the text of
    `in_channels` and of the other fields that count channels.
    Raises `ShapecalcError` that names the option.
    """
    written = {field: text for field, text in {**window, **channels}.items() if text is not None}
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
                left = option_of(channels.get("in_channels"), "--c")
                raise misuse("SC205", "`--out` solves for sizes, and has no use for channels", f"leave `{left}` out")
            answers = _solve(kind, sizes, written)
        else:
            lacking = [f"--{SOLVABLE[field]} SIZE" for field in REQUIRED if field not in written]
            if lacking:
                raise missing(*lacking, otherwise=", or `--out SIZE` to solve for it" if len(lacking) == 1 else "")
            show(_calculate(kind, sizes, counts), target)
            return
    except LayerError as error:
        raise mistake(error, {**written, "rank": str(rank)}, axes) from None
    _show_answers(kind.word, answers, written, target)


def show(result: Calculation, target: Target) -> None:
    """Print a calculation."""
    formats.show(
        target, {Format.TEXT: partial(derivation.calculation, result), Format.JSON: result.to_dict}, formulas=True
    )


def both_channels(c: str | None, k: str | None, groups: str | None) -> dict[str, str | None]:
    """Return the text of the channel options by field; raise if one needs another that is not given."""
    if (c is None) != (k is None) or (groups is not None and c is None):
        lacking = [f"`{option}`" for option, text in (("--c", c), ("--k", k)) if text is None]
        options = (("--c", c), ("--k", k), ("--groups", groups))
        given = [f"`{option_of(text, option)} {text}`" for option, text in options if text]
        raise misuse("SC106", f"{' and '.join(given)} requires {' and '.join(lacking)}")
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
    unknown = _unknown(kind, written)
    names = enumerate(AXES[sizes.rank])
    return {name: _solve_axis(kind, sizes, unknown, index, name) for index, name in names}


def _solve_axis(kind: WindowedLayer, sizes: WrittenSizes, unknown: str, index: int, name: str) -> Answer:
    from shapecalc.calculators.windows import missing, missing_output_padding, with_output_padding

    known = {field: sizes.of(field, index) for field in sizes.entries if field != "output"}
    target = sizes.of("output", index)

    def fields_with(value: Value) -> dict[str, Any]:
        return {**known, unknown: (value, value) if unknown == "padding" and isinstance(value, int) else value}

    def derive(value: Value) -> DerivedAxis:
        fields = fields_with(value)
        length = fields.pop("n")
        entries = {field: entry if isinstance(entry, str) else (entry,) for field, entry in fields.items()}
        (axis,) = kind.axes(kind.build(**entries), (1, 1, length))
        return axis._replace(name=name)

    def derive_padded(value: Value, extra: int) -> DerivedAxis:
        known[OUTPUT_PADDING] = extra
        return derive(value)

    def bound(value: Value) -> int:
        fields = fields_with(value)
        stride: int = fields.get("stride", 1)
        return stride if isinstance(fields.get("padding"), str) else max(stride, fields.get("dilation", 1))

    if unknown == OUTPUT_PADDING:
        return missing_output_padding(derive, target, bound(0))
    letter = SOLVABLE[unknown]
    answer = missing(letter, derive, target, LARGEST_DIM)
    uneven = answer.solutions and isinstance(answer.solutions[0][0], tuple)
    if not kind.pads_output or OUTPUT_PADDING in known or (answer.solutions and not uneven):
        return answer
    padded = with_output_padding(letter, derive_padded, bound, target, LARGEST_DIM)
    return answer._replace(with_output_padding=padded)


def _unknown(kind: WindowedLayer, written: Mapping[str, str]) -> str:
    """Return the field to solve for: a required one that is missing, else one with a default."""
    lacking = [field for field in SOLVABLE if field not in written]
    candidates = [field for field in lacking if field in REQUIRED] or lacking
    if not candidates and kind.pads_output and OUTPUT_PADDING not in written:
        return OUTPUT_PADDING
    if len(candidates) == 1:
        return candidates[0]
    out = f"`--out {written['output']}`"
    if not candidates:
        options = (
            "`--n`, `--f`, `--s`, `--p` and `--output-padding`" if kind.pads_output else "`--n`, `--f`, `--s` and `--p`"
        )
        count = "five" if kind.pads_output else "four"
        raise misuse("SC205", f"{out} expects one of {options} left out, receives all {count}")
    first, second = (SOLVABLE[field] for field in candidates)
    message = f"{out} solves for one number, and both `--{first}` and `--{second}` are left out"
    raise misuse("SC205", message, f"add `--{first}` to solve for {second}, or `--{second}` to solve for {first}")


def _show_answers(word: str, answers: Mapping[str, Answer], written: Mapping[str, str], target: Target) -> None:
    from shapecalc.render import solve_window

    letters = SOLVABLE | {"dilation": "d", OUTPUT_PADDING: "o"}
    known = ", ".join(f"{letters[field]} = {text}" for field, text in written.items() if field in letters)
    formats.show(
        target,
        {
            Format.TEXT: partial(solve_window.solutions, answers, written["output"], known),
            Format.JSON: partial(solve_window.solutions_dict, word, answers),
        },
        formulas=True,
        ok=all(answer.solutions or answer.with_output_padding for answer in answers.values()),
    )
