"""`shapecalc train`: a small network trained with the reference kernels."""

from __future__ import annotations

import gc
from enum import Enum
from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import Annotated

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.architecture import ArchitectureArgument, LimitOption, ScaleOption, SetOption, load_bound
from shapecalc.cli.options.budget import MAX_FLOPS, MAX_MEMORY, MaxMemoryOption, budget_of
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import TABULAR, Format, OutputOption, format_option, show, target_of, writers_of
from shapecalc.cli.options.optimizer import Optimizer
from shapecalc.cli.progress import progress_bar

EXAMPLES = (
    "shapecalc train mlp --data digits --epochs 1 --batch 128",
    "shapecalc train mlp --data digits --epochs 1 --batch 256 --export mlp.npz",
)


class Data(Enum):
    """The values of `--data`."""

    DIGITS = "digits"
    DIGITS8 = "digits8"
    TEXT = "text"


def command(
    architecture: ArchitectureArgument,
    data: Annotated[
        Data, typer.Option("--data", help="Drawn digits in the size of the input, 8 × 8 digits, or verses.")
    ],
    epochs: Annotated[
        int | None, typer.Option("--epochs", min=1, help="Number of epochs; default: digits 3, digits8 5, text 12.")
    ] = None,
    batch: Annotated[
        int | None, typer.Option("--batch", min=1, help="Samples of a step; default 32, of text 16.")
    ] = None,
    lr: Annotated[
        float | None,
        typer.Option("--lr", help="Learning rate; default: sgd 0.1, momentum 0.02, adam 0.003."),
    ] = None,
    optimizer: Annotated[
        Optimizer, typer.Option("--optimizer", help="Rule by which gradients update weights.")
    ] = Optimizer.ADAM,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of weights, samples, their order and dropout.")] = 0,
    truncate: Annotated[
        int | None,
        typer.Option("--truncate", min=1, metavar="K", help="Cut back-propagation through time every K steps."),
    ] = None,
    scale: ScaleOption = None,
    set_: SetOption = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE", help="Write the weights with PyTorch's names: .npz or .safetensors."),
    ] = None,
    format_: Annotated[Format | None, format_option(*TABULAR)] = None,
    output: OutputOption = None,
    max_memory: MaxMemoryOption = MAX_MEMORY,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Train a small network in NumPy.

    The data are drawn digits or a few poems. Shows that the gradients are correct by their effect: the loss of every
    step, and the accuracy on test samples. A network that trains for more than minutes needs a framework.
    """
    if lr is not None and not 0 < lr < float("inf"):
        raise Misuse(f"`--lr` expects a number above 0, receives `{lr:g}`")
    if export is not None and export.suffix not in (".npz", ".safetensors"):
        raise Misuse(f"`--export` expects a name such as weights.npz or weights.safetensors, receives `{export}`")
    if export is not None and not export.parent.is_dir():
        raise Misuse(f"`--export` expects a folder that is there, receives `{export}`")
    target = target_of(format_, output, color, TABULAR)
    gc.enable()  # `__main__` disables it, and a run may be long
    from shapecalc.execution.training import export as export_weights, train
    from shapecalc.render import train as rendered

    loaded, sizes = load_bound(architecture, set_, limit, scale)
    with progress_bar() as bar:
        trained = train(
            loaded,
            data.value,
            sizes=sizes,
            epochs=epochs,
            batch=batch,
            optimizer=optimizer.value,
            lr=lr,
            seed=seed,
            truncate=truncate,
            budget=budget_of(max_memory, MAX_FLOPS),
            progress=bar,
        )
    if export is not None:
        export_weights(trained.parameters, export)
    written_to = None if export is None else str(export)
    show(target, writers_of(partial(rendered.run, trained, written_to), trained.to_dict))
