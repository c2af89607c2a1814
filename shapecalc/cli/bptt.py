"""`shapecalc bptt`: a recurrent network back through time, step by step."""

from __future__ import annotations

import gc
from functools import partial
from typing import Annotated

import typer

from shapecalc.cli.options import recurrent_values
from shapecalc.cli.options.architecture import (
    ArchitectureArgument,
    BatchOption,
    LimitOption,
    ScaleOption,
    SetOption,
    load_bound,
)
from shapecalc.cli.options.budget import MAX_FLOPS, MAX_MEMORY, MaxFlopsOption, MaxMemoryOption, budget_of
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import Format, OutputOption, TextOrJsonOption, show, target_of
from shapecalc.cli.options.written import Written
from shapecalc.cli.usage_errors import mistake
from shapecalc.diagnostics.errors import LayerError

EXAMPLES = (
    "shapecalc bptt char-rnn --scale 1/64 --set T=6",
    "shapecalc bptt char-rnn --scale 1/64 --set T=6 --truncate 2",
)


def command(
    architecture: ArchitectureArgument,
    input_: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="[NAME=]VALUES", help="Inputs: a list, a file, random (default) or ones."),
    ] = None,
    weights: Annotated[
        str | None, typer.Option("--weights", metavar="VALUES", help="Weights by name, a file of them, random or ones.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="VALUES",
            help="Targets of the loss, by default random: a class or values of each step, or of the last one.",
        ),
    ] = None,
    loss: recurrent_values.LossOption = None,
    reduction: recurrent_values.ReductionOption = "sum",
    truncate: recurrent_values.TruncateOption = None,
    seed: recurrent_values.SeedOption = 0,
    set_: SetOption = None,
    batch: BatchOption = None,
    scale: ScaleOption = None,
    max_memory: MaxMemoryOption = MAX_MEMORY,
    max_flops: MaxFlopsOption = MAX_FLOPS,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Back-propagate a recurrent network through time, step by step.

    The network is unrolled: each step has its input, state, output and loss, the gradients that arrive at its state
    from the loss and from the next step, and its contribution to the gradient of each weight, with their sum. Bars show
    how the norm of the gradient shrinks or grows. The loss is that of every step, or after the last one. Small networks
    have the arithmetic of every gradient; `--format json` has all numbers.

    A recurrent layer alone is `shapecalc rnn`, `lstm` or `gru` with `--x` and `--target`.
    """
    file = target_of(format_, output, color)
    recurrent_values.check_reduction(reduction)
    budget = budget_of(max_memory, max_flops)
    gc.enable()  # `__main__` disables it, and a run needs memory
    loaded, sizes = load_bound(architecture, set_, limit, scale, batch)
    from shapecalc.cli.options import run_values as options
    from shapecalc.cli.options.weights import arguments_as_misuse
    from shapecalc.execution.arrays import read_array
    from shapecalc.execution.bptt_network import bptt
    from shapecalc.render import bptt as rendered

    try:
        with arguments_as_misuse():
            result = bptt(
                loaded,
                options.inputs(loaded, input_),
                options.weights(weights, loaded),
                target=None if target is None else read_array(target, "target"),
                loss=loss,
                reduction=reduction,
                truncate=truncate,
                sizes=sizes,
                seed=seed,
                budget=budget,
            )
    except LayerError as error:
        written = {"target": Written(target or "", "--target"), "loss": Written(loss or "", "--loss")}
        raise mistake(error, written) from None
    show(file, {Format.TEXT: partial(rendered.text, result), Format.JSON: result.to_dict}, formulas=True)
