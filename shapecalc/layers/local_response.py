"""Normalisation of each channel by its neighbours."""

from dataclasses import dataclass
from typing import Annotated

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Count, Number
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "normalization"


@layer("local_response_norm", main="size")
@dataclass(frozen=True, slots=True, kw_only=True)
class LocalResponseNorm(Layer):
    """Divides each element by a power of the squares of `size` neighbouring channels, x/(k + α/size · Σx²)^β.

    Fields:
        size: Number of neighbouring channels whose squares are summed, the channel itself included.
        alpha: Factor α of the mean of squares.
        beta: Exponent β of the divisor.
        k: Constant added to the mean of squares before it is raised to the power β.

    Input: [N, C, *]
    Output: [N, C, *]
    Parameters: none
    Costs: MACs 0; FLOPs = size + 4 per element (square; size − 1 additions; scale, add k, power, divide); channels
        beyond the first and last count as zeros
    Source: torch.nn.LocalResponseNorm; Krizhevsky, Sutskever, Hinton 2012, section 3.3 (there α is not divided)
    """

    foreign_names = "~lrn ~localresponsenormalization ~crossmaplrn#"
    foreign_notes = (
        (
            "lrn localresponsenormalization | use `local_response_norm`: `size` counts channels, and `alpha` is "
            "divided by it"
        ),
    )
    foreign_fields = (
        "size: localsize ~n nsize windowsize ~depth",
        "k: ~bias",
        "nothing: depthradius | use `size`, which is 2 × depth_radius + 1",
        "nothing: normregion",
    )
    reads_map = True
    size: Count
    alpha: Annotated[float, Number()] = 1e-4
    beta: Annotated[float, Number()] = 0.75
    k: Annotated[float, Number()] = 1.0

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        if len(x) < 3:
            raise LayerError("SC305", expects="[N, C, *spatial]", receives=show(x), label=f"receives rank {len(x)}")
        return x

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return size + 4 operations per element."""
        return (self.size + 4) * product(x)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, its squares padded with channels of zeros, the base of the power β, and the divisor."""
        squares = Saved("squares", x[0] * (x[1] + self.size - 1) * product(x[2:]))
        return (saved_input((x,)), squares, Saved("sums", product(x)), Saved("divisor", product(x)))
