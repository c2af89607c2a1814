"""The options of a layer's values, and the answer of a calculator that is given some: `--x`, `--w`, `--backward`."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapecalc.cli.options import formats
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import Format, OutputOption, TextOrJsonOption
from shapecalc.cli.options.window import entries_of, integer
from shapecalc.cli.options.written import Written, option_of
from shapecalc.cli.usage_errors import OPTIONS, missing, mistake
from shapecalc.diagnostics.errors import LayerError, misuse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shapecalc.cli.options.formats import Target
    from shapecalc.layers import Layer

ARRAY = "NUMBERS|FILE"

LETTERS = {"weight": "w", "bias": "b", "running_mean": "mean", "running_var": "var"}
"""The options of a layer's parameters; any other has its own name."""

OF_VALUES = {
    "gradient": "--gradient",
    "backward": "--backward",
    "exact": "--exact",
    "everything": "--all",
    "padding_value": "--padding-value",
    "seed": "--seed",
}
"""The options that say how values are computed and shown."""


def numbers_option(name: str, text: str) -> Any:
    """Return the option of an array."""
    return typer.Option(f"--{name}", metavar=ARRAY, help=f"{text}: 1,2,3 or [[1, 2], [3, 4]], or a file of numbers.")


InputOption = Annotated[str | None, numbers_option("x", "Input")]
WeightOption = Annotated[str | None, numbers_option("w", "Weight")]
OffsetOption = Annotated[str | None, numbers_option("b", "Bias")]
GradientOption = Annotated[
    str | None,
    numbers_option("gradient", "Gradient of the loss with respect to the output for --backward; default ones"),
]
BackwardOption = Annotated[
    bool, typer.Option("--backward", help="Also the gradients with respect to input and parameters.")
]
ExactOption = Annotated[bool, typer.Option("--exact", help="Compute in fractions: 1/3 instead of 0.333333.")]
EverythingOption = Annotated[bool, typer.Option("--all", help="Show the working of every element, not of the first.")]
PaddingValueOption = Annotated[
    str | None, typer.Option("--padding-value", metavar="X", help="The number in the padding of --p; default 0.")
]

LAST: tuple[tuple[str, Any, Any], ...] = (
    ("backward", BackwardOption, False),
    ("exact", ExactOption, False),
    ("everything", EverythingOption, False),
    ("format_", TextOrJsonOption, None),
    ("output", OutputOption, None),
    ("color", ColorOption, Color.AUTO),
)
"""The last options of a command that only computes values: the name, the annotation and the default of each."""


def answer(
    layer: type[Layer],
    fields: Mapping[str, Any],
    inputs: Mapping[str, str | None],
    parameters: Mapping[str, str | None],
    target: Target,
    *,
    gradient: str | None = None,
    backward: bool = False,
    exact: bool = False,
    everything: bool = False,
    rank: int | None = None,
    padding_value: str | None = None,
    seed: int | None = None,
    read: Callable[[Any, str], Any] | None = None,
    letters: Mapping[str, str] = LETTERS,
) -> None:
    """Compute a layer on the arrays that are written, and print its values.

    `fields` are those of the layer that are given, as values or, by option, as text, whose value `read` returns.
    Raises `ShapecalcError` that names the option.
    """
    from shapecalc.execution.activation_curve import curve_of
    from shapecalc.execution.arrays import read_array
    from shapecalc.execution.values.by_hand import by_hand
    from shapecalc.render.values.layer import layer_values

    read = read or field_value
    arrays = {**inputs, **parameters, "gradient": gradient, "padding_value": padding_value}
    written = {
        name: text if isinstance(text, Written) else Written(text, f"--{letters.get(name, name.replace('_', '-'))}")
        for name, text in {**fields, **arrays}.items()
        if isinstance(text, str)
    }
    written["exact"] = Written("", "--exact")
    try:
        given = {name: read_array(text, name, exact=exact) for name, text in arrays.items() if text is not None}
        values = by_hand(
            layer,
            {name: read(text, name) for name, text in fields.items() if text is not None},
            {name: given[name] for name in inputs if name in given},
            {name: given[name] for name in parameters if name in given},
            rank=rank,
            padding_value=given.get("padding_value"),
            upstream=given.get("gradient"),
            backward=backward or gradient is not None,
            seed=seed,
        )
    except LayerError as error:
        usual = {name: Written("", f"--{name.replace('_', '-')}") for name in layer.fields if name not in OPTIONS}
        subject = " ".join(f"--{name}" for name in inputs) if error.field is None else None
        raise mistake(error, {**usual, **written}, subject=subject) from None
    letters = {name: letter for name, letter in letters.items() if name in parameters}
    drawn = curve_of(values.layer, values.inputs[0].values)
    formats.show(
        target,
        {
            Format.TEXT: partial(layer_values, values, letters, everything=everything, curve=drawn),
            Format.JSON: lambda: values.to_dict() | ({"curve": drawn.to_dict()} if drawn else {}),
        },
        formulas=True,
    )


def answer_curve(layer: type[Layer], fields: Mapping[str, str], target: Target) -> None:
    """Print the curve of an activation function.

    Raises `ShapecalcError` that names the option of a field.
    """
    from shapecalc.execution.activation_curve import curve
    from shapecalc.render.curve import text

    try:
        drawn = curve(layer(**{name: field_value(value) for name, value in fields.items()}))
    except LayerError as error:
        written = {name: Written(value, f"--{name.replace('_', '-')}") for name, value in fields.items()}
        raise mistake(error, written) from None
    document = {"layer": layer.type, "fields": {name: getattr(drawn.layer, name) for name in layer.fields}}
    formats.show(
        target,
        {Format.TEXT: partial(text, drawn), Format.JSON: lambda: {**document, "curve": drawn.to_dict()}},
        formulas=True,
    )


def answered(
    layer: type[Layer],
    numbers: Sequence[str] | None,
    fields: Mapping[str, Any],
    others: Mapping[str, str | None],
    inputs: Mapping[str, str | None],
    parameters: Mapping[str, str | None],
    target: Target,
    letters: Mapping[str, str] = LETTERS,
    **more: Any,
) -> bool:
    """Compute a layer as `answer` does, if a calculator of sizes is given arrays; return whether it is.

    `numbers` are sizes written by their place, and `others` the options that say what the arrays say too.
    Raises `ShapecalcError` that names the option, also for one of `more` without arrays.
    """
    if not any(text is not None for text in (*inputs.values(), *parameters.values())):
        refuse_without_values(more)
        return False
    required = {name: text for name, text in {**inputs, **parameters}.items() if name != "bias"}
    lacking = [f"--{letters.get(name, name)} NUMBERS" for name, text in required.items() if text is None]
    if lacking:
        raise missing(*lacking)
    if numbers or any(others.values()):
        name = next((option_of(text, f"--{name}") for name, text in others.items() if text), " ".join(numbers or ()))
        raise misuse("SC205", f"`{name}` follows from the arrays that are given", f"leave `{name}` out")
    if more.get("padding_value") is not None and fields["padding"] is None:
        raise misuse("SC106", "`--padding-value` requires `--p`", "add `--p SIZE`")
    answer(
        layer,
        {name: text for name, text in fields.items() if text is not None},
        inputs,
        parameters,
        target,
        letters=letters,
        read=window_value,
        **more,
    )
    return True


def refuse_without_values(options: Mapping[str, Any]) -> None:
    """Raise the error of an option of values, if there are none."""
    for name, option in OF_VALUES.items():
        if options.get(name) not in (None, False):
            raise misuse("SC106", f"`{option}` requires `--x`", "add `--x NUMBERS`")


def window_value(text: Any, field: str) -> Any:
    """Return the value of a field of a window: a size or one per axis."""
    if not isinstance(text, str):
        return text
    if field in ("groups", "padding_idx"):
        return integer(text, field)
    entries = entries_of(text, field)
    return entries[0] if isinstance(entries, tuple) and len(entries) == 1 and field != "padding" else entries


def field_value(text: Any, _field: str = "") -> Any:
    """Return the value of a field that an option has as text; any other is returned as it is.

    >>> field_value("3"), field_value("0.5"), field_value("true"), field_value("3x5"), field_value("same")
    (3, 0.5, True, (3, 5), 'same')
    """
    word = text.strip().lower().replace("×", "x") if isinstance(text, str) else ""
    if word in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[word]
    if re.fullmatch(r"-?[0-9]{1,20}([x,]-?[0-9]{1,20})*", word):
        sizes = tuple(map(int, re.split("[x,]", word)))
        return sizes if len(sizes) > 1 else sizes[0]
    if re.fullmatch(r"[0-9]{1,20}:[0-9]{1,20}", word):
        return (tuple(map(int, word.split(":"))),)
    try:
        return float(word) if word else text
    except ValueError:
        return word
