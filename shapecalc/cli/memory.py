"""`shapecalc memory`: the live tensors of a run, step by step, and their peak."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from shapecalc.cli.options.architecture import ArchitectureArgument, BatchOption, LimitOption, SetOption, load_bound
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.depth import DepthOption  # noqa: TC001 - typer reads the annotation
from shapecalc.cli.options.dtype import DtypeOption  # noqa: TC001 - typer reads the annotation
from shapecalc.cli.options.formats import TABULAR, Format, OutputOption, format_option, show, target_of, writers_of
from shapecalc.shape_inference.dtypes import USUAL_DTYPE

EXAMPLES = ("shapecalc memory lenet5", "shapecalc memory resnet50 --depth 1 --set N=8")


def command(
    architecture: ArchitectureArgument,
    set_: SetOption = None,
    batch: BatchOption = None,
    depth: DepthOption = None,
    dtype: DtypeOption = USUAL_DTYPE,
    format_: Annotated[Format | None, format_option(*TABULAR)] = None,
    output: OutputOption = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Show the live tensors of a run, layer by layer.

    A tensor is live from the layer that writes it to the last one that reads it; gradients are not computed. If another
    order of branches has a lower peak, it is shown. Figures are those of one sample, or the smallest valid batch, if
    the batch N is unbound.
    """
    from shapecalc.costs.liveness import live_memory
    from shapecalc.costs.scheduling import reordering
    from shapecalc.render import memory as rendered
    from shapecalc.shape_inference.engine import inspect_at

    target = target_of(format_, output, color, TABULAR)
    loaded, sizes = load_bound(architecture, set_, limit, batch=batch)
    live = live_memory(inspect_at(loaded, sizes), dtype)
    order = reordering(live)
    show(
        target, writers_of(partial(rendered.live_tensors, live, order, depth), partial(rendered.document, live, order))
    )
