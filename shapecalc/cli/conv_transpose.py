"""`shapecalc conv-transpose`: the output shape and costs of a transposed convolution, derived."""

from typing import Annotated

from typer import Option

from shapecalc.calculators.derivation import conv_transpose_costs, transposed_axes
from shapecalc.cli.options.calculator import WindowedLayer
from shapecalc.cli.options.convolution import HELP, convolution_command
from shapecalc.layers.conv import ConvTranspose

EXAMPLES = (
    "shapecalc conv-transpose --n 8 --f 4 --s 2 --p 1",
    "shapecalc conv-transpose --n 8 --s 2 --p 1 --out 16",
    "shapecalc conv-transpose --x [[0,1],[2,3]] --w [[0,1],[2,3]] --s 2",
)

command = convolution_command(
    WindowedLayer("conv-transpose", ConvTranspose, transposed_axes, conv_transpose_costs, pads_output=True),
    HELP.format(
        sentence="Derive the output size of a transposed convolution.",
        steps="",
    ),
    p=Annotated[
        str | None,
        Option(
            "-p",
            "--p",
            "--padding",
            metavar="SIZE|WORD",
            help="Elements removed from each side; default 0. Per axis 1x2; before:after 0:1. Also the words same and "
            "valid of Keras.",
        ),
    ],
    output_padding=Annotated[
        str | None,
        Option(
            "-o",
            "--o",
            "--output-padding",
            metavar="SIZE",
            help="Elements added at the end; default 0. With --out it is solved for.",
        ),
    ],
)
