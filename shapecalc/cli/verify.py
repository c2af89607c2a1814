"""`shapecalc verify`: predicted figures compared with executed ones."""

from __future__ import annotations

import gc
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import Misuse
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
from shapecalc.cli.options.depth import DepthOption  # noqa: TC001 - typer reads the annotation
from shapecalc.cli.options.formats import TABULAR, Format, OutputOption, format_option, show, target_of, writers_of
from shapecalc.cli.options.weights import WeightsOption, arguments_as_misuse, weights_of
from shapecalc.cli.progress import progress_bar

if TYPE_CHECKING:
    from types import ModuleType

    from shapecalc.execution.gradient_check import BackwardProof
    from shapecalc.execution.verify import Proof

EXAMPLES = ("shapecalc verify lenet5", "shapecalc verify mlp --backward")


def command(
    architecture: ArchitectureArgument,
    set_: SetOption = None,
    batch: BatchOption = None,
    max_memory: MaxMemoryOption = MAX_MEMORY,
    max_flops: MaxFlopsOption = MAX_FLOPS,
    scale: ScaleOption = None,
    backward: Annotated[
        bool, typer.Option("--backward", help="Check the backward pass: the gradients of every layer, by differences.")
    ] = False,
    truncate: Annotated[
        int | None,
        typer.Option(
            "--truncate", metavar="K", min=1, help="With --backward: cut back-propagation through time every K steps."
        ),
    ] = None,
    weights: WeightsOption = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the random weights and inputs.")] = 0,
    every: Annotated[
        bool, typer.Option("--all", help="Show every layer on a terminal too, not only those that differ.")
    ] = False,
    depth: DepthOption = None,
    format_: Annotated[Format | None, format_option(*TABULAR)] = None,
    output: OutputOption = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Run a network in NumPy and compare it with the prediction.

    Shapes, parameters and multiply-accumulates are compared with those of the executed kernels. Each unbound symbol is
    tried at two sizes. A terminal shows the layers that differ, and one line. Exit code 1 if any of them differs.

    With `--backward`, the shapes of gradients and their multiply-accumulates are compared, in float64 and at one small
    size, and the gradients themselves are compared with central differences.
    """
    if truncate is not None and not backward:
        raise Misuse("`--truncate` requires `--backward`")
    target = target_of(format_, output, color, TABULAR)
    budget = budget_of(max_memory, max_flops)
    gc.enable()  # `__main__` disables it, and a run needs memory
    loaded, sizes = load_bound(architecture, set_, limit, scale, batch)
    rendered: ModuleType
    proof: Proof | BackwardProof
    given = weights_of(weights)
    with progress_bar() as bar, arguments_as_misuse():
        if backward:
            from shapecalc.execution.gradient_check import verify_backward
            from shapecalc.render import verify_backward as rendered

            proof = verify_backward(
                loaded, sizes, params=given, truncate=truncate, seed=seed, budget=budget, progress=bar
            )
        else:
            from shapecalc.execution.verify import verify_at
            from shapecalc.render import verify as rendered
            from shapecalc.shape_inference.engine import Reports

            proof = verify_at(Reports(loaded), sizes, params=given, seed=seed, budget=budget, progress=bar)
    # A pipe or a file gets every row; a terminal those that differ, unless an option selects rows.
    every = every or depth is not None or target.format is not Format.TEXT or target.manner["width"] is None
    writers = writers_of(
        partial(rendered.verification, proof, every=every, depth=depth),
        proof.to_dict,
        listing=partial(rendered.listing, proof, depth),
    )
    show(target, writers, ok=proof.ok)
