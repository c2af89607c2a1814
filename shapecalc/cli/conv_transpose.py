"""`shapecalc conv-transpose`: what comes out of a transposed convolution, and why."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from shapecalc.cli.options import calculator, window
from shapecalc.cli.options.color import Color, ColorOption


def command(
    n: window.SizeOption = None,
    f: window.WindowOption = None,
    s: window.StrideOption = None,
    p: Annotated[
        str | None,
        typer.Option("--p", metavar="CELLS", help="Cells taken off each side; default 0. Per axis 1x2; 0:1."),
    ] = None,
    padding: Annotated[str | None, typer.Option("--padding", metavar="CELLS", help="The same as --p.")] = None,
    output_padding: Annotated[
        str | None, typer.Option("--output-padding", metavar="CELLS", help="Cells added at the end; default 0.")
    ] = None,
    d: window.DilationOption = None,
    c: window.InChannelsOption = None,
    k: window.OutChannelsOption = None,
    groups: window.GroupsOption = None,
    bias: window.BiasOption = True,
    out: window.OutputOption = None,
    rank: window.RankOption = None,
    format_: calculator.FormatOption = calculator.Format.TEXT,
    color: ColorOption = Color.AUTO,
) -> None:
    """Derive the size of a transposed convolution.

    With --c and --k also output shape, parameters, MACs (multiply-accumulates, without bias) and FLOPs (2 x MACs plus
    every other operation) of one sample. With --out in place of one of n, f, s and p, every value of that one: f to 15,
    s to 8, p to 7, all n.

    For example:

    shapecalc conv-transpose --n 8 --f 4 --s 2 --p 1

    shapecalc conv-transpose --n 8 --s 2 --p 1 --out 16
    """
    from shapecalc.calculators.derivation import conv_transpose_costs, transposed_axes
    from shapecalc.layers.conv import ConvTranspose

    sizes = {"n": n, "kernel_size": f, "stride": s, "p": p, "padding": padding, "dilation": d}
    build = partial(ConvTranspose, out_channels=1, bias=bias)
    kind = calculator.Kind("conv-transpose", build, transposed_axes, conv_transpose_costs)
    channels = calculator.both_channels(c, k, groups)
    calculator.answer(kind, {**sizes, "output_padding": output_padding, "output": out}, channels, rank, format_, color)
