"""`shapecalc decode`: the steps of a network's decoding loop, compared with greedy and exhaustive search."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.architecture import (
    ArchitectureArgument,
    BatchOption,
    LimitOption,
    SetOption,
    count_of,
    load_bound,
)
from shapecalc.cli.options.budget import MAX_FLOPS, MAX_MEMORY, MaxFlopsOption, MaxMemoryOption, budget_of
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.dtype import USUAL_DTYPE, DtypeOption
from shapecalc.cli.options.formats import Format, OutputOption, TextOrJsonOption, show, target_of
from shapecalc.cli.options.weights import WeightsOption, arguments_as_misuse, weights_of

EXAMPLES = ("shapecalc decode char-rnn", "shapecalc decode char-rnn --beam 2 --length 4 --run")


def command(
    architecture: ArchitectureArgument,
    beam: Annotated[str | None, typer.Option("--beam", metavar="WIDTH", help="Hypotheses kept at each step.")] = None,
    length: Annotated[
        str | None, typer.Option("--length", metavar="STEPS", help="Number of symbols of a sequence.")
    ] = None,
    set_: SetOption = None,
    batch: BatchOption = None,
    run: Annotated[
        bool, typer.Option("--run", help="Decode with random weights and compare the counts with the prediction.")
    ] = False,
    weights: WeightsOption = None,
    max_memory: MaxMemoryOption = MAX_MEMORY,
    max_flops: MaxFlopsOption = MAX_FLOPS,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the random weights and inputs.")] = 0,
    dtype: DtypeOption = USUAL_DTYPE,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Show the steps and costs of generating a sequence.

    Unrolls the loop of the file's `decode:` section. Shows candidates, scores, hypotheses kept and dropped, MACs and
    memory of each step of a beam search, and totals compared with greedy and exhaustive search. With --run, exit code 1
    if a count differs.
    """
    from shapecalc.calculators.beam_search import LONGEST
    from shapecalc.costs.decoding import unroll
    from shapecalc.layers.fields import LARGEST_DIM
    from shapecalc.render import decode as render

    target = target_of(format_, output, color)
    width, steps = count_of(beam, "--beam", LARGEST_DIM), count_of(length, "--length", LONGEST)
    budget = budget_of(max_memory, max_flops)
    loaded, sizes = load_bound(architecture, set_, limit, batch=batch)
    loop = unroll(loaded, sizes, beam=width, length=steps, dtype=dtype)
    decoded = None
    if weights is not None and not run:
        raise Misuse("`--weights` requires `--run`")
    if run:
        from shapecalc.execution.decode import decode

        with arguments_as_misuse():
            decoded = decode(loop, params=weights_of(weights), seed=seed, budget=budget)
    show(
        target,
        {
            Format.TEXT: partial(render.unrolled, loop, decoded),
            Format.JSON: partial(render.unrolled_dict, loop, decoded),
        },
        formulas=True,
        ok=decoded is None or decoded.ok,
    )
