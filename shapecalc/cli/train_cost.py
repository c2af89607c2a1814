"""`shapecalc train-cost`: saved tensors, peak memory and work of a training step, and the largest batch that fits."""

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
from shapecalc.cli.options.batch import named_batch
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.depth import DepthOption  # noqa: TC001 - typer reads the annotation
from shapecalc.cli.options.dtype import dtype_of, dtype_option
from shapecalc.cli.options.formats import (
    TABULAR,
    Format,
    OutputOption,
    any_of,
    format_option,
    show,
    target_of,
    writers_of,
)
from shapecalc.cli.options.optimizer import Optimizer
from shapecalc.shape_inference.dtypes import TRAINED, USUAL_DTYPE

EXAMPLES = (
    "shapecalc train-cost resnet50 --batch 32 --optimizer adam --depth 1",
    "shapecalc train-cost vgg16 --max-memory 24GiB",
)


def _trained_dtype(text: str) -> str:
    """Return the type of a training step; raise a usage error for an integer type and any other text.

    >>> _trained_dtype("bfloat16"), _trained_dtype("fp16")
    ('bfloat16', 'float16')
    """
    word = text.strip().lower()
    if word == "bf16":
        return word  # as it is called in JSON from the first version on
    dtype = dtype_of(text)
    if dtype not in TRAINED:
        raise Misuse(f"`--dtype {dtype}`: training needs a floating-point type, {any_of(TRAINED)}")
    return dtype


def command(
    architecture: ArchitectureArgument,
    batch: BatchOption = None,
    set_: SetOption = None,
    optimizer: Annotated[
        Optimizer, typer.Option("--optimizer", help="State per weight: none, a velocity, or two moments.")
    ] = Optimizer.SGD,
    dtype: Annotated[str, dtype_option(_trained_dtype, TRAINED)] = USUAL_DTYPE,
    max_memory: Annotated[
        str | None,
        typer.Option("--max-memory", metavar="SIZE", help="Find the largest batch that fits into this memory."),
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint", metavar="K", help="Save only the inputs of every K layers, and recompute the rest."
        ),
    ] = None,
    truncate: Annotated[
        str | None, typer.Option("--truncate", metavar="K", help="Cut back-propagation through time every K steps.")
    ] = None,
    depth: DepthOption = None,
    format_: Annotated[Format | None, format_option(*TABULAR)] = None,
    output: OutputOption = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Show the memory and arithmetic of a training step.

    Shows the tensors that PyTorch's autograd saves for the backward pass, to the byte; those that an earlier layer has
    saved are in parentheses. Shows the peak of the memory too. With a type of 16 bits the optimiser has a float32 copy
    of the weights. The batch is 32, or the next valid one, unless it is set.
    """
    from shapecalc.costs.training import USUAL_BATCH, training_cost
    from shapecalc.layers.fields import LARGEST_DIM
    from shapecalc.render import train_cost

    target = target_of(format_, output, color, TABULAR)
    samples, allowed = count_of(batch, "--batch", LARGEST_DIM), _bytes(max_memory)
    every, steps = count_of(checkpoint, "--checkpoint", LARGEST_DIM), count_of(truncate, "--truncate", LARGEST_DIM)
    loaded, sizes = load_bound(architecture, set_, limit)
    if batch is not None:
        named_batch(loaded, batch, sizes)
    cost = training_cost(
        loaded,
        sizes,
        batch=samples,
        usual_batch=USUAL_BATCH,
        optimizer=optimizer.value,
        dtype=dtype,
        truncate=steps,
        checkpoint=every,
        memory=allowed,
    )
    show(target, writers_of(partial(train_cost.training, cost, depth), cost.to_dict))


def _bytes(text: str | None) -> int | None:
    """Return the bytes of `24GiB`, `500MB` or a plain number, rounded down.

    >>> _bytes("24GiB"), _bytes(None)
    (25769803776, None)
    """
    from shapecalc.parser.quantities import read_quantity

    if text is None:
        return None
    amount = read_quantity(text.strip(), of_bytes=True)
    if amount is None:
        raise Misuse(f"`--max-memory` expects a size such as 24GiB, 500MB or bytes, receives `{text}`")
    return int(amount)
