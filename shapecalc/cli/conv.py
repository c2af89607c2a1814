"""`shapecalc conv`: what comes out of a convolution, and why."""

from __future__ import annotations

from functools import partial

from shapecalc.cli.options import calculator, window
from shapecalc.cli.options.color import Color, ColorOption


def command(
    n: window.SizeOption = None,
    f: window.WindowOption = None,
    s: window.StrideOption = None,
    p: window.PadOption = None,
    padding: window.PaddingOption = None,
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
    """Derive the output size of a convolution.

    Step by step, with what its windows never read. With --c and --k also output shape, parameters, MACs (multiply-
    accumulates, without bias) and FLOPs (2 x MACs plus every other operation) of one sample. With --out in place of one
    of n, f, s and p, every value of that one: f to 15, s to 8, p to 7, all n.

    For example:

    shapecalc conv --n 32 --f 5 --c 3 --k 6

    shapecalc conv --f 3 --s 2 --p 1 --out 16
    """
    from shapecalc.calculators.derivation import conv_costs, sliding_axes
    from shapecalc.layers.conv import Conv

    sizes = {"n": n, "kernel_size": f, "stride": s, "p": p, "padding": padding, "dilation": d}
    build = partial(Conv, out_channels=1, bias=bias)
    kind = calculator.Kind(Conv.word, build, sliding_axes, conv_costs)
    calculator.answer(kind, {**sizes, "output": out}, calculator.both_channels(c, k, groups), rank, format_, color)
