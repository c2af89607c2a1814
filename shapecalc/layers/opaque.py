"""An operator of another tool that has no layer: its shape is stated, its costs are unknown."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.dims import Dim, Shape
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Form, OneOf, Several, Size
from shapecalc.layers.tensors import DTYPES

FAMILY = "tensors"
OPERATOR = Form(r"[^\x00-\x1f\x7f]{1,200}", "the name of an operator, such as `aten.grid_sampler_3d`")


@layer("opaque", main="operator")
@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque(Layer):
    """An operator that has no layer, as `--partial` imports it: a network with one has unknown totals, and cannot run.

    Fields:
        operator: Its name in the file that it is imported from.
        shape: Size of each axis of its output, a number, a symbol of the input or `"${…}"` over symbols.
        dtype: Type of the elements of its output.

    Input: any number of tensors of any shapes
    Output: [*shape]
    Parameters: unknown
    Costs: MACs unknown; FLOPs unknown
    Source: the file that it is imported from
    """

    takes: ClassVar[tuple[int, int]] = (0, 1000)
    reads: ClassVar[str] = "any"
    gives: ClassVar[str] = "any"
    counts_known: ClassVar[bool] = False
    reads_values: ClassVar[bool] = True
    foreign_fields = ("operator: op optype", "shape: size sizes dims", "dtype: type datatype")
    operator: Annotated[str, OPERATOR]
    shape: Annotated[tuple[Dim, ...], Several(Size(minimum=1), single=False, empty=True)] = ()
    dtype: Annotated[str, OneOf(DTYPES)] = "float32"

    @property
    def in_keras(self) -> bool:
        """False: it may be any operator."""
        return False

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the stated shape.

        >>> Opaque(operator="aten.grid_sampler_3d", shape=(1, 8, 4, 4, 4)).output_shape((1, 8, 9, 9, 9))
        (1, 8, 4, 4, 4)
        """
        return self.shape

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return the field."""
        return self.dtype

    def operations(self, *shapes: Shape) -> Dim:
        """Return 0, which no count uses: `counts_known` is false."""
        return 0
