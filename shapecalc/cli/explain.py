"""`shapecalc explain`: any number of a report derived, back to the input."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.architecture import ArchitectureArgument, BatchOption, LimitOption, SetOption, load_bound
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.dtype import USUAL_DTYPE, DtypeOption
from shapecalc.cli.options.formats import Format, OutputOption, TextOrJsonOption, show, target_of
from shapecalc.cli.options.optimizer import Optimizer

EXAMPLES = (
    "shapecalc explain lenet5 c3 --key macs",
    "shapecalc explain gpt2-small h.0.add_0.main.attn --key macs,params --levels 1",
    "shapecalc explain vgg16 --key params",
)


WITH_STATE = frozenset({"state", "training-peak"})
"""The numbers that depend on the optimizer."""


def command(
    architecture: ArchitectureArgument,
    step: Annotated[
        str | None,
        typer.Argument(metavar="STEP", help="A layer or a block, as `inspect` shows it; without it the whole network."),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="NAMES",
            help="Numbers to derive, separated by commas: output, params, buffers, macs, flops and memory (of the "
            "output), the default, are those of inspect, active_params that of a mixture of experts; live and peak are "
            "those of memory; saved, backward, weights, gradients, state and training-peak those of train-cost.",
        ),
    ] = None,
    levels: Annotated[
        int | None,
        typer.Option(
            "--levels",
            metavar="LAYERS",
            min=0,
            help="Follow what a layer reads through this number of layers; default: back to the input.",
        ),
    ] = None,
    set_: SetOption = None,
    batch: BatchOption = None,
    dtype: DtypeOption = USUAL_DTYPE,
    optimizer: Annotated[
        Optimizer | None,
        typer.Option("--optimizer", help="State per weight: none (sgd, the default), a velocity, or two moments."),
    ] = None,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Derive any number of a report, back to the input.

    Shows the rule that computes the number for `inspect`, the numbers put in, and where each of them comes from: one
    that is written in the file to its line, one of a layer before back to the input. The numbers of a block and of the
    network are sums.
    """
    from shapecalc.costs.explain import explain
    from shapecalc.costs.explanation import NETWORK_KEYS, STEP_KEYS
    from shapecalc.render.explain import text

    target = target_of(format_, output, color)
    keys = _keys(key, STEP_KEYS if step is not None else NETWORK_KEYS)
    if optimizer is not None and not WITH_STATE & {*keys}:
        raise Misuse(f"`--optimizer` is for `--key {'`, `'.join(sorted(WITH_STATE))}`")
    loaded, sizes = load_bound(architecture, set_, limit, batch=batch)
    result = explain(
        loaded, sizes, step, keys, levels=levels, dtype=dtype, optimizer=(optimizer or Optimizer.SGD).value
    )
    show(target, {Format.TEXT: partial(text, result), Format.JSON: result.to_dict})


def _keys(given: list[str] | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the chosen numbers; raise a usage error for any other name."""
    names = [name.strip().lower() for each in given or () for name in each.split(",")]
    for name in names:
        if name not in known:
            from shapecalc.diagnostics.suggestions import closest

            near = closest(name, known)
            hint = f"did you mean `{near}`?" if near else f"it has {', '.join(known)}"
            raise Misuse(f"`--key` has no number `{name}` here; {hint}")
    return tuple(dict.fromkeys(names))
