"""The options of a recurrent layer's values, and the answer if some are given: every gate and state of every step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.formats import Format, show
from shapecalc.cli.options.layer_values import ARRAY, numbers_option
from shapecalc.cli.options.written import Written
from shapecalc.cli.usage_errors import missing, mistake
from shapecalc.diagnostics.errors import LayerError, misuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.calculators.tracing import InexactError
    from shapecalc.cli.options.formats import Target
    from shapecalc.diagnostics import ShapecalcError
    from shapecalc.execution.recurrent_inputs import RecurrentCase
    from shapecalc.layers.recurrence import Recurrent

SequenceOption = Annotated[
    str | None,
    typer.Option(
        "--x",
        metavar=f"{ARRAY}|random|ones",
        help="Sequence, to compute the values: [[1, 2], [3, 4]] has two steps; a flat list has one feature.",
    ),
]
HiddenStateOption = Annotated[str | None, numbers_option("h0", "Initial hidden state, default 0")]
CellStateOption = Annotated[str | None, numbers_option("c0", "Initial cell state, default 0")]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="FILE|NAMED|random|ones",
        help="Weights by name, {weight_ih_l0: [[1]], …}, or a file of them; default random. If some are given, the "
        "biases that are not are 0.",
    ),
]
InputWeightOption = Annotated[str | None, numbers_option("w-ih", "weight_ih; one number fills it")]
HiddenWeightOption = Annotated[str | None, numbers_option("w-hh", "weight_hh; one number fills it")]
InputBiasOption = Annotated[str | None, numbers_option("b-ih", "bias_ih; one number fills it")]
HiddenBiasOption = Annotated[str | None, numbers_option("b-hh", "bias_hh; one number fills it")]
ValuesOption = Annotated[
    bool, typer.Option("--values", help="Compute the values of every gate and state; without --x of a random sequence.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of the random weights and inputs.")]

TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar=ARRAY,
        help="Back-propagate through time from a loss with these targets: classes or values of each step, or of the "
        "last one.",
    ),
]
LossOption = Annotated[
    str | None,
    typer.Option("--loss", metavar="NAME", help="Loss; default cross_entropy for classes, else sum_of_squares."),
]
ReductionOption = Annotated[
    str, typer.Option("--reduction", metavar="sum|mean", help="Sum of the loss over steps and samples, or its mean.")
]
TruncateOption = Annotated[
    int | None,
    typer.Option("--truncate", min=1, metavar="K", help="Cut back-propagation through time every K steps."),
]
OutputWeightOption = Annotated[
    str | None, numbers_option("w-out", "Weight of a linear head on each state, whose outputs the loss reads")
]
OutputBiasOption = Annotated[str | None, numbers_option("b-out", "Bias of the head")]

SIZES = ("input_size", "seq", "batch")


def case_of(
    kind: type[Recurrent],
    values: Mapping[str, Any],
    arrays: Mapping[str, str | None],
    written: Mapping[str, str],
    *,
    exact: bool,
    seed: int,
) -> RecurrentCase:
    """Return a recurrent layer on the arrays that are written.

    `values` are the fields and sizes that are given; `written` has their texts.
    Raises `ShapecalcError` that names the option.
    """
    from shapecalc.execution.recurrent_inputs import recurrent_case

    given = {field: Written(text, _option(field)) for field, text in arrays.items() if text is not None}
    sizes = {name: values[name] for name in SIZES if name in values}
    fields = {name: value for name, value in values.items() if name not in SIZES}
    try:
        return recurrent_case(kind, fields, sizes, given, exact=exact, seed=seed)
    except KeyError as error:
        raise missing(f"{_option(str(error.args[0]))} COUNT") from None
    except LayerError as error:
        options = {field: Written("", _option(field)) for field in arrays}
        raise mistake(error, {**options, **written, **given}) from None


def _option(field: str) -> str:
    return f"--{field.replace('_', '-')}"


def show_values(case: RecurrentCase, target: Target, *, everything: bool) -> None:
    """Print the values of a layer."""
    from shapecalc.calculators.tracing import InexactError
    from shapecalc.execution.unrolling import unroll
    from shapecalc.render import unrolled as rendered

    try:
        values = unroll(case.layer, case.call, case.inputs)._replace(drawn=case.drawn)
    except InexactError as error:
        raise _inexact(error) from None
    show(
        target,
        {Format.TEXT: partial(rendered.text, values, everything=everything), Format.JSON: values.to_dict},
        formulas=True,
    )


def show_propagation(
    case: RecurrentCase,
    arrays: Mapping[str, str | None],
    target: Target,
    *,
    loss: str | None,
    reduction: str,
    truncate: int | None,
    exact: bool,
) -> None:
    """Print a layer propagated back through time; `arrays` has the texts of the targets and of the head."""
    from shapecalc.calculators.tracing import InexactError
    from shapecalc.execution.recurrent_targets import propagated
    from shapecalc.render import bptt as rendered

    given = {field: Written(text, _option(field)) for field, text in arrays.items() if text is not None}
    if "target" not in given:
        raise missing("--target NUMBERS")
    check_reduction(reduction)
    try:
        result = propagated(case, given, loss=loss, reduction=reduction, truncate=truncate, exact=exact)
    except LayerError as error:
        raise mistake(error, {"loss": Written(loss or "", "--loss"), **given}) from None
    except InexactError as error:
        raise _inexact(error) from None
    show(target, {Format.TEXT: partial(rendered.text, result), Format.JSON: result.to_dict}, formulas=True)


def _inexact(error: InexactError) -> ShapecalcError:
    message = f"`--exact` expects results that are fractions; those of {error} are not"
    return misuse("SC205", message, "leave `--exact` out; `shapecalc rnn --nonlinearity relu` is exact, with squares")


def check_reduction(reduction: str) -> None:
    """Raise a usage error for another word than sum and mean."""
    if reduction not in ("sum", "mean"):
        raise Misuse(f"`--reduction` expects sum or mean, receives `{reduction}`")
