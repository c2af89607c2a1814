"""`shapecalc linear`: the costs of a fully connected layer, derived."""

from __future__ import annotations

from typing import Annotated

import typer

from shapecalc.cli.options import calculator, layer_values as values
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import OutputOption, TextOrJsonOption, target_of
from shapecalc.cli.options.window import BiasOption, integer
from shapecalc.cli.options.written import numbers_argument, placed
from shapecalc.cli.usage_errors import missing, mistake

EXAMPLES = (
    "shapecalc linear --in 400 --out 120",
    "shapecalc linear --in 400 --out 120 --rows 32 --no-bias",
    "shapecalc linear --x -1,-2 --w 2,-3 --b -3 --backward",
)


def command(
    numbers: Annotated[list[str] | None, numbers_argument("IN_FEATURES", "OUT_FEATURES", "ROWS")] = None,
    in_: Annotated[
        str | None, typer.Option("--in", "--in-features", metavar="FEATURES", help="Input features.")
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", "--out-features", metavar="FEATURES", help="Output features: neurons.")
    ] = None,
    rows: Annotated[
        str | None, typer.Option("--rows", metavar="ROWS", help="Rows: samples, or samples x steps; default 1.")
    ] = None,
    bias: BiasOption = True,
    x: values.InputOption = None,
    w: values.WeightOption = None,
    b: values.OffsetOption = None,
    gradient: values.GradientOption = None,
    backward: values.BackwardOption = False,
    exact: values.ExactOption = False,
    everything: values.EverythingOption = False,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Derive the costs of a fully connected layer.

    Shows the formulas of parameters, MACs and FLOPs with their numbers: MACs are multiply-accumulates, without bias;
    FLOPs are 2 x MACs plus one addition per output for the bias.

    With --x and --w, computes each element of the output instead, and shows the arithmetic with its numbers.
    """
    from shapecalc.calculators.derivation import Calculation, linear_costs
    from shapecalc.diagnostics.errors import LayerError
    from shapecalc.layers.fields import Integer
    from shapecalc.layers.linear import Linear

    target = target_of(format_, output, color)
    if values.answered(
        Linear,
        numbers,
        {"bias": None if bias else False},
        {"in": in_, "out": out, "rows": rows},
        {"x": x},
        {"weight": w, "bias": b},
        target,
        gradient=gradient,
        backward=backward,
        exact=exact,
        everything=everything,
    ):
        return
    order = (("in_features", "--in"), ("out_features", "--out"), ("n", "--rows"))
    written = placed(numbers, {"in_features": in_, "out_features": out, "n": rows}, order)
    lacking = [f"{option} FEATURES" for field, option in order[:2] if written[field] is None]
    if lacking:
        raise missing(*lacking)
    texts = {field: text for field, text in written.items() if text is not None}
    try:
        counts = {field: integer(text, field) for field, text in texts.items()}
        counts.setdefault("n", 1)
        for field, count in counts.items():
            Integer().check(field, count)
    except LayerError as error:
        raise mistake(error, texts) from None
    layer = Linear(out_features=counts["out_features"], bias=bias)
    read = (counts["n"], counts["in_features"])
    letters = (("n", read[0]), ("in", read[1]), ("out", layer.out_features))
    shape = layer.output_shape(read)
    calculator.show(Calculation(layer.type, (), letters, shape, linear_costs(layer, read)), target)
