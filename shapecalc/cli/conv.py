"""`shapecalc conv`: the output shape and costs of a convolution, derived."""

from shapecalc.calculators.derivation import conv_costs, sliding_axes
from shapecalc.cli.options.calculator import WindowedLayer
from shapecalc.cli.options.convolution import HELP, convolution_command
from shapecalc.cli.options.layer_values import PaddingValueOption
from shapecalc.layers.conv import Conv

EXAMPLES = (
    "shapecalc conv --n 32 --f 5 --c 3 --k 6",
    "shapecalc conv --f 3 --s 2 --p 1 --out 16",
    "shapecalc conv --x 1,1,1,0 --w 1,1,1 --p 1",
)

command = convolution_command(
    WindowedLayer(Conv.type, Conv, sliding_axes, conv_costs),
    HELP.format(
        sentence="Derive the output size of a convolution.",
        steps="Shows each step, and the elements that no window reads. ",
    ),
    padding_value=PaddingValueOption,
)
