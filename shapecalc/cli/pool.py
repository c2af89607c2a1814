"""`shapecalc pool`: the output shape and costs of a pooling layer, derived."""

from __future__ import annotations

from enum import Enum
from functools import partial
from typing import Annotated

import typer

from shapecalc.cli.options import calculator, layer_values as values, window
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import OutputOption, TextOrJsonOption, target_of
from shapecalc.cli.options.written import NumbersArgument, option_of, placed
from shapecalc.diagnostics.errors import misuse

EXAMPLES = (
    "shapecalc pool --n 28 --f 2",
    "shapecalc pool --n 112 --f 3 --s 2 --ceil",
    "shapecalc pool --x [[0,1,2],[3,4,5],[6,7,8]] --f 2 --s 1",
)


class Type(Enum):
    """The values of `--type`."""

    MAX = "max"
    AVG = "avg"


def command(
    numbers: NumbersArgument = None,
    n: window.SizeOption = None,
    f: window.WindowOption = None,
    s: window.StrideOption = None,
    p: window.PaddingOption = None,
    d: window.DilationOption = None,
    type_: Annotated[Type, typer.Option("--type", help="Maximum or mean of each window.")] = Type.MAX,
    ceil: window.CeilOption = False,
    c: window.InChannelsOption = None,
    out: window.OutOption = None,
    x: values.InputOption = None,
    gradient: values.GradientOption = None,
    backward: values.BackwardOption = False,
    exact: values.ExactOption = False,
    everything: values.EverythingOption = False,
    rank: window.RankOption = None,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Derive the output size of a pooling layer.

    Shows each step, and the elements that no window reads. With --c also the output shape and FLOPs (comparisons,
    additions, divisions) of one sample. With --out instead of one of n, f, s and p, every value of that one: f to 15,
    s to 8, p to 7 (at most half of the window), all n.

    With --x, computes each element of the output instead, and shows which elements of its window it is made of.
    """
    from shapecalc.calculators.derivation import pool_costs, sliding_axes
    from shapecalc.layers.pooling import AvgPool, MaxPool

    if type_ is Type.AVG and d is not None:
        name = option_of(d, "--d")
        raise misuse("SC205", f"`{name} {d}` expects `--type max`, receives `--type avg`", f"leave `{name}` out")
    target = target_of(format_, output, color)
    if values.answered(
        MaxPool if type_ is Type.MAX else AvgPool,
        numbers,
        {"kernel_size": f, "stride": s, "padding": p, "dilation": d, "ceil_mode": ceil},
        {"n": n, "c": c, "out": out},
        {"x": x},
        {},
        target,
        gradient=gradient,
        backward=backward,
        exact=exact,
        everything=everything,
        rank=rank,
    ):
        return
    sizes = {"n": n, "kernel_size": f, "stride": s, "padding": p, "dilation": d}
    sizes = placed(numbers, sizes, window.ORDER)
    build = partial(MaxPool if type_ is Type.MAX else AvgPool, ceil_mode=ceil)
    kind = calculator.WindowedLayer(f"{type_.value}-pool", build, sliding_axes, pool_costs)
    calculator.answer(kind, {**sizes, "output": out}, {"in_channels": c}, rank, target)
