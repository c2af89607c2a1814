"""`shapecalc run`: every value of a network, and its gradients and updates."""

from __future__ import annotations

import gc
import os
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
from shapecalc.cli.options.formats import OutputOption, TextOrJsonOption, show, target_of, writers_of
from shapecalc.cli.options.optimizer import Optimizer  # noqa: TC001 - typer reads the annotation
from shapecalc.cli.progress import progress_bar

if TYPE_CHECKING:
    from shapecalc.execution.values.records import TensorRecord

EXAMPLES = (
    "shapecalc run lenet5 --input ones --values c1",
    "shapecalc run mlp --backward --loss cross_entropy --target 3",
    "shapecalc run mlp --loss cross_entropy --target 3 --optimizer sgd --lr 0.5",
)


def command(
    architecture: ArchitectureArgument,
    input_: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="[NAME=]VALUES",
            help="A list such as '[[1, 2]]', a file (.npy, .npz, .json, .yaml, .csv), random (default), ones or zeros; "
            "of several inputs each by name, in options or as '{x: [1], y: [2]}'.",
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="VALUES",
            help="Weights by name: a file such as net.safetensors, net.npz or net.json, or '{fc.weight: [[1, 2]]}'; "
            "or random, ones, zeros. Others are random. Default: those of an imported file, else random.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the random weights and inputs.")] = 0,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--values",
            metavar="STEP,…",
            help="Show these steps in full, with their weights and what they compute on the way: names, blocks, "
            "patterns such as 'conv*', or all.",
        ),
    ] = None,
    backward: Annotated[
        bool, typer.Option("--backward", help="Show the gradient with respect to every input, weight and value.")
    ] = False,
    loss: Annotated[
        str | None,
        typer.Option(
            "--loss",
            metavar="LOSS",
            help="What is differentiated, by default the sum of the outputs: cross_entropy, nll, hinge, mse, "
            "sum_of_squares, l1, huber, smooth_l1, bce, bce_with_logits.",
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="[NAME=]VALUES", help="Targets of the loss: classes, or values; as --input."),
    ] = None,
    reduction: Annotated[
        str | None,
        typer.Option("--reduction", metavar="mean|sum", help="Default: mean; of sum_of_squares sum."),
    ] = None,
    delta: Annotated[
        float | None, typer.Option("--delta", help="Margin of the loss hinge, and bound of huber; default 1.")
    ] = None,
    beta: Annotated[float | None, typer.Option("--beta", help="Bound of the loss smooth_l1; default 1.")] = None,
    optimizer: Annotated[
        Optimizer | None, typer.Option("--optimizer", help="Update the weights by their gradients.")
    ] = None,
    lr: Annotated[
        float | None,
        typer.Option("--lr", help="Learning rate; default: sgd 0.1, momentum 0.02, adam 0.003."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, max=10_000, help="Number of updates; default 1.")
    ] = None,
    freeze: Annotated[
        list[str] | None,
        typer.Option("--freeze", metavar="PATTERN", help="Do not update weights such as '*.bias'; may be repeated."),
    ] = None,
    truncate: Annotated[
        int | None,
        typer.Option(
            "--truncate", min=1, metavar="K", help="With --backward: cut back-propagation through time every K steps."
        ),
    ] = None,
    digits: Annotated[int, typer.Option("--digits", min=1, max=17, help="Significant digits of the numbers.")] = 6,
    save: Annotated[
        str | None,
        typer.Option("--save", metavar="FILE.npz", help="Write all tensors: c1, c1.weight, c1.weight.grad, …"),
    ] = None,
    dtype: Annotated[
        str,
        typer.Option("--dtype", metavar="float64|float32", help="Type of the numbers, in which they are computed."),
    ] = "float64",
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
    """Run a network, and show its values and gradients.

    Layer by layer, small tensors are matrices, large ones a line of figures; `--values` shows steps in full. What an
    activation function reads is marked as the pre-activation z, its result as the activation a. Numbers are float64, so
    that they are those of a calculation by hand; a batch has one sample unless an input has more.

    With `--backward` each tensor has its gradient next to it; `--optimizer` shows the weights after updates too. The
    network is in evaluation mode: dropout changes nothing, and a batch norm uses its running statistics.
    """
    target_file = target_of(format_, output, color)
    backward = backward or optimizer is not None
    if truncate is not None and not backward:
        raise Misuse("`--truncate` requires `--backward`")
    _check(loss, target, reduction, optimizer, lr=lr, steps=steps, freeze=freeze, save=save, dtype=dtype)
    budget = budget_of(max_memory, max_flops)
    gc.enable()  # `__main__` disables it, and a run needs memory
    loaded, sizes = load_bound(architecture, set_, limit, scale, batch)
    from shapecalc.cli.options import run_values as options
    from shapecalc.cli.options.weights import arguments_as_misuse
    from shapecalc.execution.values.compute import values as compute
    from shapecalc.execution.values.updates import Update
    from shapecalc.render import run as rendered
    from shapecalc.render.values.tensor import SMALL

    chosen = options.chosen(values, loaded)
    objective = options.objective(loaded, loss, target, reduction, delta=delta, beta=beta, backward=backward)
    update = None if optimizer is None else Update(optimizer.value, lr, steps or 1, tuple(freeze or ()))

    def retained(path: str, name: str, size: int) -> bool:
        return save is not None or size <= SMALL or chosen(path, name)

    with progress_bar() as bar, arguments_as_misuse():
        result = compute(
            loaded,
            options.inputs(loaded, input_),
            options.weights(weights, loaded),
            sizes=sizes,
            seed=seed,
            dtype=dtype,
            objective=objective,
            backward=backward,
            update=update,
            truncate=truncate,
            retained=retained,
            detailed=lambda path: chosen(path, path),
            budget=budget,
            progress=bar,
        )
    if save is not None:
        from shapecalc.execution.values.saving import npz
        from shapecalc.files.atomic import write_atomic

        write_atomic(save, npz(result.arrays))

    def shown(record: TensorRecord) -> bool:
        return record.size <= SMALL or chosen(record.name, record.name)

    choice = rendered.ShownTensors(every=backward, chosen=chosen, digits=digits)
    show(target_file, writers_of(partial(rendered.run, result, choice), partial(result.to_dict, shown)))


def _check(
    loss: str | None,
    target: list[str] | None,
    reduction: str | None,
    optimizer: Optimizer | None,
    *,
    lr: float | None,
    steps: int | None,
    freeze: list[str] | None,
    save: str | None,
    dtype: str,
) -> None:
    """Raise a usage error for options that are invalid, or without the option that they belong to."""
    for name, given, needed, there in (
        ("--target", target, "--loss", loss),
        ("--reduction", reduction, "--loss", loss),
        ("--loss", loss, "--target", target),
        ("--lr", lr, "--optimizer", optimizer),
        ("--steps", steps, "--optimizer", optimizer),
        ("--freeze", freeze, "--optimizer", optimizer),
    ):
        if given is not None and there is None:
            raise Misuse(f"`{name}` requires `{needed}`")
    if lr is not None and not 0 < lr < float("inf"):
        raise Misuse(f"`--lr` expects a number above 0, receives `{lr:g}`")
    if dtype not in ("float64", "float32"):
        raise Misuse(f"`--dtype` expects float64 or float32, receives `{dtype}`")
    if save is not None and not save.endswith(".npz"):
        raise Misuse(f"`--save` expects a name such as values.npz, receives `{save}`")
    if save is not None and not os.path.isdir(os.path.dirname(save) or "."):  # noqa: PTH112, PTH120 - as `--output`
        raise Misuse(f"`--save` expects a folder that is there, receives `{save}`")
