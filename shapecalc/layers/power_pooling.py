"""Pooling by the norm of each window."""

from dataclasses import dataclass
from typing import Annotated

from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.base import layer
from shapecalc.layers.fields import Bool, Number
from shapecalc.layers.pooling import Sliding, too_much_padding
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "pooling"


@layer("lp_pool", main="kernel_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class LpPool(Sliding):
    """Norm of each window: the root of order `norm_type` of the sum of its elements to that power, (Σ xᵖ)^(1/p).

    With an odd power the sum may be negative, and has no root then: the result is NaN, as in PyTorch. ONNX's LpPool is
    the one with `absolute: true` and `scale_overhang: false`.

    Fields:
        norm_type: Order p of the norm, above 0. For ∞, put `abs` before `max_pool`.
        absolute: Whether the powers are those of absolute values, as in ONNX; PyTorch's keep the sign.
        scale_overhang: Whether the sum of a window that `ceil_mode` lets extend past the padded input is multiplied by
            the elements of the window over those on the padded input, as in PyTorch; ONNX's is not.

    Input: [N, C, *spatial]
    Output: [N, C, *positions], on each axis as max_pool
    Parameters: none
    Costs: MACs 0; FLOPs per input: 1 for the power unless p is 1, 1 for the absolute value with `absolute` unless p is
        even; per output: ∏kernel_size − 1 additions, 1 for the root unless p is 1, and 1 with `ceil_mode` and
        `scale_overhang`; of a window of 16 or more elements that is longer than the padded axis, only those on it count
    Source: torch.nn.LPPool2d; `padding`, `dilation` and `absolute` as in ONNX (LpPool)
    """

    foreign_names = "~lppool lppool# ~l2pool# ~powerpool# ~lpnormpool#"
    foreign_notes = ("lppool | use `lp_pool` with `absolute: true` and `scale_overhang: false`: ONNX's has them",)
    foreign_fields = ("norm_type: p order ord normorder", *Sliding.foreign_fields)
    norm_type: Annotated[float, Number(above=0)] = 2
    absolute: Bool = False
    scale_overhang: Bool = True

    def check_padding(self, padding: int, window: int, axis: int) -> None:
        """Raise `LayerError` SC306 for as much as the window, as ONNX Runtime does: PyTorch's has no padding."""
        if padding >= window:
            raise too_much_padding("the window less 1", window - 1, padding, axis)

    @property
    def _needs_absolute(self) -> bool:
        """Whether absolute values have other powers than the elements."""
        return self.absolute and self.norm_type % 2 != 0

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return the powers of the input, and the sum and the root of each output."""
        takes_power = self.norm_type != 1
        per_output = self.elements(x) - 1 + takes_power + (self.ceil_mode and self.scale_overhang)
        return (takes_power + self._needs_absolute) * product(x) + product(y) * per_output

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, its powers, and for each output the mean, its sign, its absolute value and the sum."""
        powers = self.saved_input(x).elements
        absolute = (Saved("absolute values", product(x)),) if self._needs_absolute else ()
        names = ("means", "signs", "absolute means", "sums")
        means = tuple(Saved(name, product(y)) for name in names)
        return (saved_input((x,)), *absolute, Saved("powers", powers), *means)
