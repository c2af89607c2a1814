"""The discrete Fourier transform, with real and imaginary parts as two tensors of real numbers."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, Integer, OneOf, Several
from shapecalc.layers.roles import Roles, common
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "linear"


@layer("fft", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class Fft(Layer):
    """Discrete Fourier transform over one or several axes: Xₖ = Σⱼ xⱼ · e^(−2πi·jk/n), as two real tensors.

    Fields:
        dim: Axis, or a list of axes; a negative index counts from the last axis.
        inverse: Whether the inverse transform is computed, with e^(2πi·jk/n).
        norm: Division by the number of elements that are summed: in the inverse transform (`backward`), in the other
            one (`forward`), or by its root in both (`ortho`).

    Input: real part [*]; a second input of the same shape, if any, is the imaginary part
    Output: `real` [*]; `imag` [*]
    Parameters: none
    Costs: MACs 0; FLOPs, as the sums are defined, = 8n per element for each axis of n, 4n for the first axis of a real
        input; fast algorithms need in the order of log n instead of n
    Source: torch.fft.fftn, torch.fft.ifftn; Lee-Thorp et al. 2021 (FNet), section 3.2

    >>> Fft(dim=(1, 2)).outputs((1, 512, 768))["real"]                                     # FNet reads the real part
    (1, 512, 768)
    """

    foreign_names = "~dft fft2 fftn ~ifft ~ifft2 ~ifftn ~fouriertransform"
    foreign_notes = (
        "ifft ifft2 ifftn | use `fft` with `inverse: true`",
        "dft fouriertransform | use `fft` with the axes as `dim`",
    )
    foreign_fields = ("dim: axis axes dims dimension", "nothing: onesided n s dftlength")
    takes: ClassVar[tuple[int, int]] = (1, 2)
    keeps_axes = True
    looks_back = True
    dim: Annotated[int | tuple[int, ...], Several(Integer(minimum=None))]
    inverse: Bool = False
    norm: Annotated[str, OneOf(("backward", "ortho", "forward"))] = "backward"

    @property
    def output_names(self) -> tuple[str, ...]:
        """The two parts."""
        return ("real", "imag")

    def _axes(self, x: Shape) -> tuple[int, ...]:
        """Return the axes from the front; raise `LayerError` SC310 for one that there is not, SC205 for one twice."""
        several = isinstance(self.dim, tuple)
        given = self.dim if isinstance(self.dim, tuple) else (self.dim,)
        axes = tuple(
            axis_index(axis, len(x), "dim", x, (place,) if several else ()) for place, axis in enumerate(given)
        )
        if len(set(axes)) < len(axes):
            raise LayerError("SC205", expects="each axis once", receives=f"{list(given)} for {show(x)}", field="dim")
        return axes

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        return self.outputs(*inputs, constraints=constraints)["real"]

    def outputs(self, *inputs: Shape, constraints: Constraints = REFUSING) -> dict[str, Shape]:
        """Return the input's shape, twice."""
        x = inputs[0]
        self._axes(x)
        if len(inputs) > 1:
            receives = f"{show(x)} and {show(inputs[1])}"
            error = LayerError("SC314", expects="real and imaginary parts of the same shape", receives=receives)
            constraints.require_equal(x, inputs[1], error)
        return {"real": x, "imag": x}

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles that the inputs agree on."""
        return common(roles, len(shapes[-1]))

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return a real input that is transformed along one axis; only its shape is read."""
        real, axes = len(shapes) == len(("x", "y")), self._axes(shapes[0])
        return (saved_input(shapes),) if real and len(axes) == 1 else ()

    def operations(self, *shapes: Shape) -> Dim:
        """Return two multiplications and additions for each element of each sum, four of complex numbers."""
        *inputs, y = shapes
        total: Dim = 0
        for place, axis in enumerate(self._axes(y)):
            total = total + (4 if place == 0 and len(inputs) == 1 else 8) * product(y) * y[axis]
        return total
