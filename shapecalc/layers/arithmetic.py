"""Elementwise arithmetic: sums, products, quotients, powers and extremes of inputs, or of an input and a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.broadcasting import broadcast
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, Number
from shapecalc.layers.roles import Roles, common
from shapecalc.layers.saved import Saved, Storage, saved_input, saved_output

FAMILY = "merging"

Operand = Annotated[float | None, Number()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Combining(Layer):
    """Base class of elementwise operations on inputs, whose shapes broadcast as in NumPy, and on a number.

    Fields:
        other: Number that is the last operand, after the inputs; with it one input is enough.
    """

    takes: ClassVar[tuple[int, int]] = (1, 64)
    merges: ClassVar[bool] = True
    reads: ClassVar[str] = "float32|int64"
    promotes: ClassVar[bool] = True
    other: Operand = None

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape that all inputs broadcast to.

        >>> Multiply().output_shape((2, 64, 56, 56), (2, 64, 1, 1))
        (2, 64, 56, 56)
        >>> Multiply(other=0.125).output_shape((1, 12, 197, 197))
        (1, 12, 197, 197)
        """
        if len(inputs) == 1 and self.other is None:
            raise LayerError(
                "SC313",
                expects=f"{'2' if self.takes[1] == 2 else f'2 to {self.takes[1]}'} inputs, or 1 and a number",
                receives=len(inputs),
                help=f"name the inputs in `from:`, or write the number: `{self.type}: 2`",
            )
        return broadcast(inputs, constraints)

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return int64 if all operands are integers, else float32."""
        return "float32" if "float32" in arriving or isinstance(self.other, float) else arriving[0]

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles that all inputs agree on."""
        return common(roles, len(shapes[-1]))

    def operations(self, *shapes: Shape) -> Dim:
        """Return one operation per output for each operand after the first."""
        *inputs, y = shapes
        return (len(inputs) - (self.other is None)) * product(y)

    @property
    def storage(self) -> Storage:
        """With a number, the output has the memory layout of the input."""
        return Storage.NEW if self.other is None else Storage.LIKE


@layer("add", main="other")
@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Combining):
    """Elementwise sum of its inputs, such as a shortcut and a residual branch, or of an input and a number.

    Input: two or more of shapes that broadcast: axes are matched from the last, one that is 1 or missing stretches;
        with `other` one is enough
    Output: the shape that all of them broadcast to
    Parameters: none
    Costs: MACs 0; FLOPs = k − 1 per output for k operands
    Source: torch.add; He et al. 2016, "Deep Residual Learning", section 3.2

    >>> Add().output_shape((2, 64, 56, 56), (64, 1, 1))
    (2, 64, 56, 56)
    """

    identity_of_one = True
    foreign_names = (
        "addition addn addv2 eltwisesum eltwiseadd elementwiseadd ~residual ~residualadd ~shortcut ~skipadd "
        "~addconstant"
    )

    def passes_gradient_on(self, *shapes: Shape) -> tuple[bool, ...]:
        """An input that does not stretch has the output's gradient."""
        *inputs, y = shapes
        return tuple(shape == y for shape in inputs)


@layer("multiply", main="other")
@dataclass(frozen=True, slots=True, kw_only=True)
class Multiply(Combining):
    """Elementwise product of its inputs, such as a gate and the channels that it scales, or of an input and a number.

    Input: two or more of shapes that broadcast: axes are matched from the last, one that is 1 or missing stretches;
        with `other` one is enough
    Output: the shape that all of them broadcast to
    Parameters: none
    Costs: MACs 0; FLOPs = k − 1 per output for k operands
    Source: torch.mul; Hu et al. 2018, "Squeeze-and-Excitation Networks", section 3
    """

    identity_of_one = True
    foreign_names = (
        "mul mult multiplication ~times eltwiseprod elementwisemul elementwisemultiply hadamard ~mulconstant ~scalarmul"
    )

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return each input, for the gradients of the others, and each intermediate product; nothing for a number."""
        *inputs, _ = shapes
        if len(inputs) == 1:
            return ()
        indices = tuple(range(len(inputs)))
        records = [
            Saved(f"input {index}", product(x), index, serves=(*indices[:index], *indices[index + 1 :]))
            for index, x in enumerate(inputs)
        ]
        partial = [Saved(f"product {k}", product(broadcast(inputs[:k], REFUSING)), serves=(k,)) for k in indices[2:]]
        return (*records, *partial)


class Extreme(Combining):
    """Base class of the greatest and the least of several operands."""

    __slots__ = ()
    identity_of_one = True

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return each input and the extreme of the first ones: the gradient is that of the one that is chosen."""
        *inputs, _ = shapes
        # Without a number the extreme of all inputs is compared with nothing.
        partial = range(2, len(inputs) + (self.other is not None))
        return (
            *(saved_input(tuple(inputs), index, f"input {index}") for index in range(len(inputs))),
            *(Saved(f"of {k} inputs", product(broadcast(inputs[:k], REFUSING))) for k in partial),
        )


@layer("maximum", main="other")
class Maximum(Extreme):
    """Elementwise maximum of its inputs, or of an input and a number.

    Input: two or more of shapes that broadcast: axes are matched from the last, one that is 1 or missing stretches;
        with `other` one is enough
    Output: the shape that all of them broadcast to
    Parameters: none
    Costs: MACs 0; FLOPs = k − 1 per output for k operands
    Source: torch.maximum, which halves the gradient between equal inputs; with a number torch.clamp
    """

    __slots__ = ()
    foreign_names = "eltwisemax ~clampmin ~fmax"


@layer("minimum", main="other")
class Minimum(Extreme):
    """Elementwise minimum of its inputs, or of an input and a number.

    Input: two or more of shapes that broadcast: axes are matched from the last, one that is 1 or missing stretches;
        with `other` one is enough
    Output: the shape that all of them broadcast to
    Parameters: none
    Costs: MACs 0; FLOPs = k − 1 per output for k operands
    Source: torch.minimum, which halves the gradient between equal inputs; with a number torch.clamp
    """

    __slots__ = ()
    foreign_names = "eltwisemin ~clampmax ~fmin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered(Combining):
    """Base class of operations on two operands whose order matters.

    Fields:
        reverse: Whether the operands are in reverse order: the number before the input, or the second input before the
            first.
    """

    takes: ClassVar[tuple[int, int]] = (1, 2)
    reverse: Bool = False

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape that both operands broadcast to."""
        if len(inputs) == 2 and self.other is not None:
            raise LayerError(
                "SC313",
                expects="2 inputs, or 1 and a number",
                receives="2 and a number",
                help="leave `other` out, or read one input",
            )
        return super(Ordered, self).output_shape(*inputs, constraints=constraints)


@layer("subtract", main="other")
@dataclass(frozen=True, slots=True, kw_only=True)
class Subtract(Ordered):
    """Elementwise difference, the first input minus the second, or an input minus a number.

    With `reverse` the number comes first: `subtract: {other: 1, reverse: true}` is 1 − x.

    Input: two of shapes that broadcast, axes matched from the last; or one, with `other`
    Output: the shape that both broadcast to
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per output
    Source: torch.sub
    """

    foreign_names = "sub minus difference eltwisesub elementwisesubtract ~rsub"
    foreign_notes = ("rsub | use `subtract: {reverse: true}`: the operands are in reverse order",)

    def passes_gradient_on(self, *shapes: Shape) -> tuple[bool, ...]:
        """The first operand, if it does not stretch, has the output's gradient; that of the second is negated."""
        *inputs, y = shapes
        first = (len(inputs) - 1 if self.other is None else None) if self.reverse else 0
        return tuple(index == first and shape == y for index, shape in enumerate(inputs))


@layer("divide", main="other")
@dataclass(frozen=True, slots=True, kw_only=True)
class Divide(Ordered):
    """Elementwise quotient, the first input divided by the second, or an input divided by a number.

    With `reverse` the number comes first: `divide: {other: 1, reverse: true}` is 1/x.

    Input: two of shapes that broadcast, axes matched from the last; or one, with `other`
    Output: the shape that both broadcast to
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per output
    Source: torch.div
    """

    foreign_names = "div truedivide quotient elementwisedivide"

    def check_fields(self) -> None:
        """Raise `LayerError` SC201 for a division by 0."""
        if self.other == 0 and not self.reverse:
            raise LayerError("SC201", expects="a number other than 0", receives=0, preposition="as", field="other")

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return float32, of integers too."""
        return "float32"

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return the dividend, for the divisor's gradient, and the divisor; of a number divided by x, 1/x."""
        *inputs, _ = shapes
        if len(inputs) == 1:
            return (Saved("1/input", product(inputs[0])),) if self.reverse else ()
        dividend, divisor = _in_order(inputs, reverse=self.reverse)
        return (
            Saved("dividend", product(inputs[dividend]), dividend, serves=(divisor,)),
            saved_input(tuple(inputs), divisor, "divisor"),
        )


@layer("power", main="other")
@dataclass(frozen=True, slots=True, kw_only=True)
class Power(Ordered):
    """Elementwise power, the first input to the power of the second, or an input to the power of a number.

    With `reverse` the number is the base: `power: {other: 2, reverse: true}` is 2ˣ.

    Input: two of shapes that broadcast, axes matched from the last; or one, with `other`
    Output: the shape that both broadcast to; NaN for a power of a negative number that is not real
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per output
    Source: torch.pow
    """

    foreign_names = "pow ~power"
    foreign_notes = ("power | use `multiply`, `add` and `power`: Caffe's Power is (shift + scale · x)^power",)

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return the base and the exponent, without a number, and the output unless the exponent is one."""
        *inputs, y = shapes
        names = ("exponent",) if self.reverse and len(inputs) == 1 else ("base", "exponent")
        order = _in_order(inputs, reverse=self.reverse)
        records = tuple(saved_input(tuple(inputs), index, name) for name, index in zip(names, order, strict=False))
        return records if len(inputs) == 1 and not self.reverse else (*records, saved_output(y))


def _in_order(inputs: Sequence[Shape], *, reverse: bool) -> tuple[int, ...]:
    """Return the indices of the inputs in the order of the operands."""
    return tuple(range(len(inputs)))[:: -1 if reverse else 1]
