"""Tensors as steps: a trainable one, a stored one, a constant. They read nothing, and other steps name them."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Integer, OneOf, Several
from shapecalc.layers.initial import Initial
from shapecalc.layers.nested_values import Values, entries_of, shape_of
from shapecalc.layers.refusals import said
from shapecalc.layers.saved import Storage

Sizes = Annotated[tuple[int, ...], Several(Integer(), single=False, empty=True)]
DTYPES = ("float32", "int64", "bool")
_LARGEST = {"float32": (2 - 2**-23) * 2.0**127, "int64": 2**63 - 1}


class TensorStep(Layer):
    """A tensor that does not depend on the inputs of the network."""

    __slots__ = ()
    takes: ClassVar[tuple[int, int]] = (0, 0)
    letters: ClassVar[tuple[str, ...]] = ()
    is_tensor: ClassVar[bool] = True

    @property
    def in_keras(self) -> bool:
        """False: a layer of Keras reads a tensor."""
        return False

    def operations(self, y: Shape) -> Dim:
        """Return 0: nothing is computed."""
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTensor(TensorStep):
    """A tensor that is stored with the weights, under the name of the step.

    Fields:
        shape: Size of each axis; an empty list is a single number.
    """

    foreign_fields: ClassVar[tuple[str, ...]] = ("shape: size sizes dims",)
    shape: Sizes

    def output_shape(self, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape.

        >>> ParameterStep(shape=(1, 197, 768)).output_shape()
        (1, 197, 768)
        """
        return self.shape

    @property
    def storage(self) -> Storage:
        """The memory of the stored tensor, which counts as that of a parameter or buffer."""
        return Storage.STORED


@layer("parameter", main="shape")
@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterStep(StoredTensor):
    """A trainable tensor: reads nothing, and is read by the steps that name it in `from:`.

    Input: none
    Output: [*shape]
    Parameters: one of the given shape, with the name of the step; trained from normal numbers of deviation 0.02
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.Parameter
    """

    def parameters(self) -> dict[str, Shape]:
        """Return the tensor, whose name is that of the step."""
        return {"": self.shape}

    def initial(self, name: str) -> Initial:
        """Return a normal distribution, as of the positions and the class token in torchvision's vision transformer."""
        return Initial("normal", deviation=0.02)


@layer("buffer", main="shape")
@dataclass(frozen=True, slots=True, kw_only=True)
class BufferStep(StoredTensor):
    """A tensor that is stored with the weights and not trained, such as a fixed filter; named in `from:`.

    Fields:
        dtype: Type of its elements.

    Input: none
    Output: [*shape]
    Parameters: none
    Buffers: one of the given shape, with the name of the step
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.Module.register_buffer
    """

    foreign_names = "registerbuffer"
    gives: ClassVar[str] = "any"
    foreign_fields = ("shape: size sizes dims", "dtype: type datatype")
    dtype: Annotated[str, OneOf(DTYPES)] = "float32"

    def buffers(self) -> dict[str, Shape]:
        """Return the tensor, whose name is that of the step."""
        return {"": self.shape}

    def tensor_dtype(self, name: str) -> str:
        """Return the field."""
        return self.dtype

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return the field."""
        return self.dtype


@layer("constant", main="values")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantStep(TensorStep):
    """A constant: a number, the numbers of a list, or a shape whose numbers come with the weights; named in `from:`.

    It is part of the program, and counts as neither parameter nor buffer.

    Fields:
        values: A number, or lists of numbers nested by axis; a single number has no axis, and broadcasts to any shape.
        shape: Size of each axis, if there are too many values to list: `--weights` gives them.
        dtype: Type of its elements.

    Input: none
    Output: [*shape], or the axes of `values`
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.tensor
    """

    foreign_names = "~const"
    gives: ClassVar[str] = "any"
    foreign_fields = ("values: value data fillvalue", "shape: size sizes dims", "dtype: type datatype")
    values: Annotated[float | tuple[Any, ...] | None, Values()] = None
    shape: Annotated[tuple[int, ...] | None, Several(Integer(), single=False, empty=True)] = None
    dtype: Annotated[str, OneOf(DTYPES)] = "float32"

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 unless there are values or a shape, SC202 or SC201 for values of another dtype."""
        if (self.values is None) is (self.shape is None):
            raise LayerError(
                "SC205",
                expects="`values` or `shape`",
                receives="neither" if self.values is None else "both",
                field=None if self.values is None else "shape",
                help="give the numbers, `constant: 0.5`, or the shape of numbers that come with the weights",
            )
        for index, value in entries_of(self.values) if self.values is not None else ():
            self._check_entry(value, index)

    def _check_entry(self, value: Any, index: tuple[int, ...]) -> None:
        expects = {"float32": "numbers", "int64": "integers", "bool": "`true` and `false`"}[self.dtype]
        allowed = {"float32": (int, float), "int64": (int,), "bool": (bool,)}[self.dtype]
        if type(value) not in allowed:
            likely = "bool" if type(value) is bool else "float32"
            raise LayerError(
                "SC202",
                expects=f"{expects} in {self.dtype}",
                receives=said(value),
                preposition="as",
                field="values",
                index=index,
                help=f"add `dtype: {likely}`"
                if self.dtype != "bool" and type(value) is bool
                else f"write `dtype: {likely}`, or {expects}",
            )
        largest = _LARGEST.get(self.dtype)
        if largest is not None and abs(value) > largest and abs(value) != float("inf"):
            raise LayerError(
                "SC201",
                expects=f"values that {self.dtype} can hold",
                receives=value if isinstance(value, float) else f"an integer of {value.bit_length()} bits",
                preposition="as",
                field="values",
                index=index,
            )

    def output_shape(self, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the axes of the values, none for a number.

        >>> ConstantStep(values=((1, 2, 3), (4, 5, 6))).output_shape(), ConstantStep(values=0.5).output_shape()
        ((2, 3), ())
        """
        return shape_of(self.values) if self.shape is None else self.shape

    def constants(self) -> dict[str, Shape]:
        """Return the tensor whose values come with the weights, under the name of the step."""
        return {} if self.shape is None else {"": self.shape}

    def tensor_dtype(self, name: str) -> str:
        """Return the field."""
        return self.dtype

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return the field."""
        return self.dtype
