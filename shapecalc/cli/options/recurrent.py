"""The calculator of recurrent layers and its options."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapecalc.cli.options import recurrent_values
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import Format, OutputOption, TextOrJsonOption, show, target_of
from shapecalc.cli.options.layer_values import (
    BackwardOption,
    EverythingOption,
    ExactOption,
    refuse_without_values,
)
from shapecalc.cli.options.params_as import ParamsAs, ParamsAsOption
from shapecalc.cli.options.variant import variant
from shapecalc.cli.options.window import BiasOption, integer
from shapecalc.cli.options.written import numbers_argument, placed
from shapecalc.cli.usage_errors import missing, mistake
from shapecalc.diagnostics.errors import LayerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.cli.options.formats import Target
    from shapecalc.layers.recurrence import Recurrent

REQUIRED = {"input_size": "--input-size FEATURES", "hidden_size": "--hidden-size UNITS"}
LENGTHS = {"seq": "T", "batch": "N"}
"""Options that size the time and batch axes of the input, with the symbols of axes without a size."""

InputSizeOption = Annotated[
    str | None, typer.Option("--in", "--input-size", metavar="FEATURES", help="Input features.")
]
HiddenSizeOption = Annotated[
    str | None,
    typer.Option("--hidden", "--hidden-size", metavar="UNITS", help="Features of the state h (hidden units)."),
]
NumLayersOption = Annotated[
    str | None, typer.Option("--layers", "--num-layers", metavar="COUNT", help="Number of stacked layers; default 1.")
]
SeqOption = Annotated[str | None, typer.Option("--seq", metavar="STEPS", help="Time steps; default the symbol T.")]
BatchOption = Annotated[str | None, typer.Option("--batch", metavar="SAMPLES", help="Samples; default the symbol N.")]
BidirectionalOption = Annotated[
    bool, typer.Option("--bidirectional", help="Read the sequence backwards as well, with separate weights.")
]
BatchFirstOption = Annotated[
    bool, typer.Option("--batch-first", help="Order input and output [N, T, features] instead of [T, N, features].")
]
DropoutOption = Annotated[
    str | None,
    typer.Option(
        "--dropout", metavar="P", help="Dropout between layers in training; changes no shape, count or value here."
    ),
]


HELP = """Derive {what}'s shapes, parameters and costs.

Shows the equations of a time step, the content of each tensor, and the formula of every cost with its numbers.

MACs are multiply-accumulates of the matrix products; FLOPs are 2 x MACs plus every other operation: biases, sums,
activations, states. Without --seq or --batch, costs are expressions in T and N.

With --x, computes every gate and state of every time step instead, and shows the arithmetic with its numbers. With
--target, back-propagates through time: each step's loss, the gradients that arrive at its state, and its contribution
to the gradient of each weight.
"""


def recurrent_command(kind: type[Recurrent], what: str, **own: Any) -> Callable[..., None]:
    """Return the command of a recurrent layer; `own` has the options that only this layer has."""

    def command(
        numbers: Annotated[list[str] | None, numbers_argument("INPUT_SIZE", "HIDDEN_SIZE")] = None,
        input_size: InputSizeOption = None,
        hidden_size: HiddenSizeOption = None,
        num_layers: NumLayersOption = None,
        seq: SeqOption = None,
        batch: BatchOption = None,
        bidirectional: BidirectionalOption = False,
        nonlinearity: str | None = None,
        proj_size: str | None = None,
        batch_first: BatchFirstOption = False,
        bias: BiasOption = True,
        dropout: DropoutOption = None,
        params_as: ParamsAsOption = None,
        x: recurrent_values.SequenceOption = None,
        h0: recurrent_values.HiddenStateOption = None,
        c0: str | None = None,
        weights: recurrent_values.WeightsOption = None,
        w_ih: recurrent_values.InputWeightOption = None,
        w_hh: recurrent_values.HiddenWeightOption = None,
        b_ih: recurrent_values.InputBiasOption = None,
        b_hh: recurrent_values.HiddenBiasOption = None,
        values: recurrent_values.ValuesOption = False,
        target: recurrent_values.TargetOption = None,
        loss: recurrent_values.LossOption = None,
        reduction: recurrent_values.ReductionOption = "sum",
        w_out: recurrent_values.OutputWeightOption = None,
        b_out: recurrent_values.OutputBiasOption = None,
        backward: BackwardOption = False,
        truncate: recurrent_values.TruncateOption = None,
        exact: ExactOption = False,
        seed: recurrent_values.SeedOption = 0,
        everything: EverythingOption = False,
        format_: TextOrJsonOption = None,
        output: OutputOption = None,
        color: ColorOption = Color.AUTO,
    ) -> None:
        written = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers, "dropout": dropout}
        written |= {"nonlinearity": nonlinearity, "proj_size": proj_size, "seq": seq, "batch": batch}
        written = placed(numbers, written, (("input_size", "--input-size"), ("hidden_size", "--hidden-size")))
        flags = {"bidirectional": bidirectional, "batch_first": batch_first, "bias": bias}
        file = target_of(format_, output, color)
        arrays = {
            "x": x,
            "h0": h0,
            "c0": c0,
            "weights": weights,
            "w_ih": w_ih,
            "w_hh": w_hh,
            "b_ih": b_ih,
            "b_hh": b_hh,
        }
        ends = {"target": target, "w_out": w_out, "b_out": b_out}
        more = (truncate, loss, *ends.values())
        backward = backward or reduction != "sum" or any(each is not None for each in more)
        if values or backward or any(text is not None for text in arrays.values()):
            texts = {field: text for field, text in written.items() if text is not None}
            read = {**_values_of(texts), **flags}
            case = recurrent_values.case_of(kind, read, arrays, texts, exact=exact, seed=seed)
            if backward:
                recurrent_values.show_propagation(
                    case, ends, file, loss=loss, reduction=reduction, truncate=truncate, exact=exact
                )
            else:
                recurrent_values.show_values(case, file, everything=everything)
            _warn(case.layer)
            return
        refuse_without_values({"exact": exact, "everything": everything, "seed": seed})
        _answer(kind, written, flags, params_as or ParamsAs.PYTORCH, file)

    return variant(command, HELP.format(what=what), **own)


def _answer(
    kind: type[Recurrent],
    written: Mapping[str, str | None],
    flags: Mapping[str, bool],
    params_as: ParamsAs,
    target: Target,
) -> None:
    """Derive a recurrent layer and print the result; report warnings on stderr.

    `written` has the text of each field that takes a value, of `seq` and of `batch`; `flags` the other fields.
    Raises `ShapecalcError` that names the option.
    """
    from shapecalc.calculators.recurrent import recurrence
    from shapecalc.dims import symbol
    from shapecalc.render import recurrent

    texts = {field: text for field, text in written.items() if text is not None}
    lacking = [option for field, option in REQUIRED.items() if field not in texts]
    if lacking:
        raise missing(*lacking)
    values = _values_of(texts)
    try:
        features = values.pop("input_size")
        steps, samples = (values.pop(option, None) or symbol(letter) for option, letter in LENGTHS.items())
        layer = kind(**values, **flags)
    except LayerError as error:
        raise mistake(error, texts) from None
    derived = recurrence(layer, steps, samples, features, params_as.value)
    show(target, {Format.TEXT: partial(recurrent.calculation, derived), Format.JSON: derived.to_dict}, formulas=True)
    _warn(layer)


def _values_of(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of options by field; raise `ShapecalcError` that names the option."""
    from shapecalc.layers.fields import Integer

    try:
        values = {field: _value(text, field) for field, text in texts.items()}
        for field in ("input_size", *LENGTHS):
            if field in values:
                Integer().check(field, values[field])
    except LayerError as error:
        raise mistake(error, texts) from None
    return values


def _value(text: str, field: str) -> Any:
    if field == "nonlinearity":
        return text
    if field != "dropout":
        return integer(text, field)
    try:
        return float(text)
    except ValueError:
        raise LayerError("SC202", expects="a number from 0 to 1", field=field) from None


def _warn(layer: Recurrent) -> None:
    error = layer.warning()
    if error is None:
        return
    from shapecalc.cli.options.color import wants_color
    from shapecalc.cli.options.terminal import width_of
    from shapecalc.diagnostics import Severity
    from shapecalc.render.check.text import render_diagnostics

    (diagnostic,) = mistake(error, {}, subject=layer.type).diagnostics
    warning = diagnostic._replace(severity=Severity.WARNING)
    sys.stdout.flush()
    shown = render_diagnostics([warning], None, color=wants_color(sys.stderr), width=width_of(sys.stderr))
    print(shown, file=sys.stderr)
