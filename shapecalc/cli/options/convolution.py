"""The command of a convolution, transposed or not."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from shapecalc.cli.options import calculator, layer_values as values, window
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import OutputOption, TextOrJsonOption, target_of
from shapecalc.cli.options.variant import variant
from shapecalc.cli.options.written import NumbersArgument, placed

if TYPE_CHECKING:
    from collections.abc import Callable

HELP = """{sentence}

{steps}With --c and --k also output shape, parameters, MACs (without bias) and FLOPs (2 x MACs plus every other
operation) of one sample. With --out instead of one of n, f, s and p, every value of that one: f to 15, s to 8, p to 7,
all n.

With --x and --w, computes each element of the output instead, and shows the arithmetic with its numbers.
"""


def convolution_command(kind: calculator.WindowedLayer, text: str, **own: Any) -> Callable[..., None]:
    """Return the command of a convolution; `own` has the options that only one of them has."""

    def command(
        numbers: NumbersArgument = None,
        n: window.SizeOption = None,
        f: window.WindowOption = None,
        s: window.StrideOption = None,
        p: window.PaddingOption = None,
        output_padding: str | None = None,
        d: window.DilationOption = None,
        c: window.InChannelsOption = None,
        k: window.OutChannelsOption = None,
        groups: window.GroupsOption = None,
        bias: window.BiasOption = True,
        out: window.OutOption = None,
        x: values.InputOption = None,
        w: values.WeightOption = None,
        b: values.OffsetOption = None,
        gradient: values.GradientOption = None,
        backward: values.BackwardOption = False,
        exact: values.ExactOption = False,
        everything: values.EverythingOption = False,
        padding_value: str | None = None,
        rank: window.RankOption = None,
        format_: TextOrJsonOption = None,
        output: OutputOption = None,
        color: ColorOption = Color.AUTO,
    ) -> None:
        target = target_of(format_, output, color)
        if values.answered(
            kind.layer,
            numbers,
            {"kernel_size": f, "stride": s, "padding": p, "output_padding": output_padding, "dilation": d}
            | {"groups": groups, "bias": None if bias else False},
            {"n": n, "c": c, "k": k, "out": out},
            {"x": x},
            {"weight": w, "bias": b},
            target,
            gradient=gradient,
            backward=backward,
            exact=exact,
            everything=everything,
            rank=rank,
            padding_value=padding_value,
        ):
            return
        sizes = {"n": n, "kernel_size": f, "stride": s, "padding": p, "dilation": d}
        sizes |= {"output_padding": output_padding, "output": out}
        sizes = placed(numbers, sizes, window.ORDER)
        built = kind._replace(build=partial(kind.build, out_channels=1, bias=bias))
        calculator.answer(built, sizes, calculator.both_channels(c, k, groups), rank, target)

    return variant(command, text, **own)
