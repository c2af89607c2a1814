"""Layers that combine inputs by concatenation or matrix product; and layers that split one by axis or channel."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, ceil_div, exact_quotient, pretty, product, show
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.broadcasting import MOST_NAMED, Clash, align, broadcast, listed, settle
from shapecalc.layers.constraints import REFUSING, Constraints, require_one_dtype, undecided
from shapecalc.layers.fields import Axis, Bool, Count, Integer, Several
from shapecalc.layers.ranks import one_rank
from shapecalc.layers.reshaping import Moving
from shapecalc.layers.roles import Roles, common
from shapecalc.layers.saved import Saved, Storage

MOST_PARTS = 4096
"""The greatest number of parts of one axis, far above that of any network: each part is a separate value."""


@layer("concat")
@dataclass(frozen=True, slots=True, kw_only=True)
class Concat(Layer):
    """Concatenates its inputs along `dim`, by default the channels.

    Fields:
        dim: Axis along which the inputs are joined, by default the channels; a negative index counts from the last
            axis.

    Input: one or more of [*], equal except along `dim`
    Output: [*], the sum of theirs along `dim`
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.cat, whose `dim` is 0 by default
    """

    foreign_names = "cat concatenate concatv2 concatenation depthconcat ~route"
    foreign_caveats = (
        "concatenate: no axis dim | use `concat: {dim: -1}` for Keras's: it joins along the last axis by default",
        "cat: no dim axis | use `concat`, which joins along axis 1 by default; torch.cat along axis 0",
    )
    foreign_fields = ("dim: axis dimension",)
    takes: ClassVar[tuple[int, int]] = (1, 4096)
    merges: ClassVar[bool] = True
    reads: ClassVar[str] = "any"
    gives: ClassVar[str] = "same"
    dim: Axis = 1

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with the sum of the sizes along `dim`.

        >>> Concat().output_shape((1, 64, 28, 28), (1, 128, 28, 28), (1, 32, 28, 28), (1, 32, 28, 28))   # GoogLeNet 3a
        (1, 256, 28, 28)
        """
        first = inputs[0]
        if any(len(x) != len(first) for x in inputs):
            shown = listed(map(show, inputs))
            raise LayerError("SC315", expects="inputs of one rank", receives=shown, help=one_rank(inputs))
        axis = axis_index(self.dim, len(first), "dim", first)
        clashes = []
        for index in range(len(first)):
            sizes = tuple(dict.fromkeys(x[index] for x in inputs))
            if index != axis and len(sizes) > 1:
                clashes.append(Clash(index, sizes))
        met = settle(f"equal sizes except for axis {axis} (`dim`)", inputs, clashes, constraints, align)
        total: Dim = 0
        for x in inputs:
            total = total + x[axis]
        return tuple(total if index == axis else met.get(index, size) for index, size in enumerate(first))

    promotes: ClassVar[bool] = True

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return the dtype of all inputs; raise `LayerError` SC206 if there are several."""
        require_one_dtype(arriving)
        return arriving[0]

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles that all inputs agree on."""
        return common(roles, len(shapes[-1]))

    def operations(self, *shapes: Shape) -> Dim:
        """Return 0: elements are copied, none is computed."""
        return 0

    def passes_gradient_on(self, *shapes: Shape) -> tuple[bool, ...]:
        """The gradient of each input is a part of the output's."""
        return (True,) * (len(shapes) - 1)

    def explain(self, *shapes: Shape) -> str:
        """Return the joined axis as a sum; empty for an expression, which already shows it."""
        *inputs, y = shapes
        axis = self.dim % len(y)
        if isinstance(y[axis], Expr) or not 1 < len(inputs) <= MOST_NAMED:
            return ""
        return f"{y[axis]} = {' + '.join(pretty(x[axis]) for x in inputs)}"


@layer("matmul")
@dataclass(frozen=True, slots=True, kw_only=True)
class Matmul(Layer):
    """Matrix product of two inputs over their last two axes, such as the scores of attention.

    Fields:
        transpose_b: Whether the last two axes of the second input are swapped before the product.

    Input: [*, rows, inner] and [*, inner, columns]; with `transpose_b` [*, rows, inner] and [*, columns, inner]
    Output: [*, rows, columns], the leading axes broadcast
    Parameters: none
    Costs: MACs = leading axes × rows × inner × columns; FLOPs = 2 × MACs
    Source: torch.matmul
    """

    foreign_names = "bmm mm batchmatmul batchmatmulv2 matrixmultiply matrixmultiplication"
    foreign_fields = (
        "transpose_b: transb adjb adjointb transposey transposesecond transposeright",
        "nothing: transposea transa adja adjointa transposex",
    )
    takes: ClassVar[tuple[int, int]] = (2, 2)
    transpose_b: Bool = False

    def output_shape(self, a: Shape, b: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the leading axes that both broadcast to, the rows of the first and the columns of the second.

        >>> Matmul(transpose_b=True).output_shape((1, 12, 197, 64), (1, 12, 197, 64))      # ViT-B/16, scores
        (1, 12, 197, 197)
        """
        second = "[*, columns, inner]" if self.transpose_b else "[*, inner, columns]"
        if min(len(a), len(b)) < 2:
            raise LayerError("SC305", expects=f"[*, rows, inner] and {second}", receives=f"{show(a)} and {show(b)}")
        inner, columns = (b[-1], b[-2]) if self.transpose_b else (b[-2], b[-1])
        if a[-1] != inner:
            self._refuse_inner(a, b, inner, constraints)
        return (*broadcast((a, b), constraints, matrices=True), a[-2], columns)

    def _refuse_inner(self, a: Shape, b: Shape, inner: Dim, constraints: Constraints) -> None:
        expects, shown = "inner axes that agree", f"{show(a)} and {show(b)}"
        axis = -1 if self.transpose_b else -2
        clash = f"axis -1 of the first is {pretty(a[-1])}, axis {axis} of the second {pretty(inner)}"
        difference = a[-1] - inner
        if isinstance(difference, Expr):
            error = LayerError("SC315", expects=expects, receives=f"{shown}, where {clash}")
            constraints.require(difference, Relation.ZERO, error)
            return
        other = b[-2] if self.transpose_b else b[-1]
        turned = "leave `transpose_b` out" if self.transpose_b else "write `matmul: {transpose_b: true}`"
        help_text = turned if other == a[-1] else None
        raise LayerError("SC315", expects=expects, receives=f"{shown}: {clash}", help=help_text)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the leading axes, of the rows of the first and of the columns of the second."""
        a, b = roles
        leading = common((a[:-2], b[:-2]), len(shapes[-1]) - 2)
        return (*leading, a[-2], b[-2] if self.transpose_b else b[-1])

    def macs(self, a: Shape, b: Shape, y: Shape) -> Dim:
        """Return the number of outputs × the length of the inner axis."""
        return product(y) * a[-1]

    def saved(self, a: Shape, b: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return each factor for the gradient of the other; one that broadcasts over leading axes is expanded."""
        records = []
        for index, x in enumerate((a, b)):
            name, serves = ("second", (0,)) if index else ("first", (1,))
            if len(x) > 2 and x[:-2] != y[:-2]:
                records.append(Saved(name, product(y[:-2]) * product(x[-2:]), serves=serves))
            else:
                records.append(Saved(name, product(x), index, serves=serves, in_order=len(x) > 3))
        return tuple(records)

    def operations(self, a: Shape, b: Shape, y: Shape) -> Dim:
        """Return 0: all operations are multiply-accumulates."""
        return 0


class Cutting(Moving):
    """Base class of layers that split one axis into outputs named `0`, `1` and so on."""

    __slots__ = ()
    keeps_axes = True
    dim: int

    @property
    def storage(self) -> Storage:
        """Parts are views of the input."""
        return Storage.VIEW

    def part_sizes(self, size: Dim, axis: int, x: Shape, *, constraints: Constraints = REFUSING) -> tuple[Dim, ...]:
        """Return the length of each part of the axis."""
        raise NotImplementedError

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape of the first part."""
        return self.outputs(x, constraints=constraints)["0"]

    def outputs(self, x: Shape, *, constraints: Constraints = REFUSING) -> dict[str, Shape]:
        """Return the shape of every part by its number."""
        axis = axis_index(self.dim, len(x), "dim", x)
        sizes = self.part_sizes(x[axis], axis, x, constraints=constraints)
        return {str(number): (*x[:axis], size, *x[axis + 1 :]) for number, size in enumerate(sizes)}


_NUMBER = "a number of parts is `chunk`"


@layer("split", main="split_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Cutting):
    """Splits an axis, by default the channels, into parts of `split_size`, or into one part per size of a list.

    Fields:
        split_size: Size of each part, the last of which may be smaller; or a list with the size of every part.
        dim: Axis to split, by default the channels; a negative index counts from the last axis.

    Input: [*]
    Output: `0`, `1` and so on: [*] with `split_size` along `dim`, the last with the remainder
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.split, whose `dim` is 0 by default
    """

    foreign_names = "~split ~splitv ~splitwithsizes"
    foreign_notes = (f"split splitv | use `split` with the size of each part; {_NUMBER}",)
    foreign_fields = (
        "dim: axis dimension",
        "split_size: size sizes splitsizes splitsizeorsections sizesplits ~lengths",
        # Keras, NumPy and ONNX mean a number of pieces, PyTorch the size of a piece.
        f"nothing: sections indicesorsections numoutputs numsplits numorsizesplits chunks num | {_NUMBER}",
    )
    split_size: Annotated[int | tuple[int, ...], Several(Integer())]
    dim: Axis = 1

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """A name per size of a list; None for a single size, with which their number depends on the input."""
        return None if isinstance(self.split_size, int) else _numbered(len(self.split_size))

    def check_fields(self) -> None:
        """Raise `LayerError` if there are more parts than `MOST_PARTS`."""
        if not isinstance(self.split_size, int) and len(self.split_size) > MOST_PARTS:
            expects, receives = f"at most {MOST_PARTS} entries", len(self.split_size)
            raise LayerError("SC204", expects=expects, receives=receives, preposition="in", field="split_size")

    def part_sizes(self, size: Dim, axis: int, x: Shape, *, constraints: Constraints = REFUSING) -> tuple[Dim, ...]:
        """Return the sizes of the list; or equal sizes, the last with the remainder.

        >>> Split(split_size=4).part_sizes(10, 1, (2, 10)), Split(split_size=(1, 9)).part_sizes(10, 1, (2, 10))
        ((4, 4, 2), (1, 9))
        """
        if isinstance(self.split_size, int):
            return self._equal(self.split_size, size, axis, x)
        total = sum(self.split_size)
        if total == size:
            return self.split_size
        error = LayerError(
            "SC301",
            expects=f"axis {axis} of {total}, the sum of `split_size`",
            receives=f"{pretty(size)} in {show(x)}",
            field="split_size",
            label=f"sums to {total}",
            help=f"write sizes that sum to {pretty(size)}",
        )
        constraints.require(size - total, Relation.ZERO, error)
        return self.split_size

    def _equal(self, each: int, size: Dim, axis: int, x: Shape) -> tuple[Dim, ...]:
        if isinstance(size, Expr):
            message = f"expects a number along axis {axis}, to cut it into pieces of {each}, receives {show(x)}"
            raise undecided(message, size, field="split_size")
        count = max(-(-size // each), 1)
        if count > MOST_PARTS:
            message = f"gives {count} pieces of {show(x)}, more than {MOST_PARTS}"
            raise LayerError("SC309", message, field="split_size")
        return (*(each,) * (count - 1), size - each * (count - 1))


@layer("chunk", main="chunks")
@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk(Cutting):
    """Splits an axis, by default the channels, into `chunks` parts of one size; the last may be smaller.

    Fields:
        chunks: Number of parts.
        dim: Axis to split, by default the channels; a negative index counts from the last axis.

    Input: [*]
    Output: `0` to chunks − 1: [*] with ⌈n / chunks⌉ along `dim` for an axis of n, the last with the remainder
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.chunk, whose `dim` is 0 by default, and which may return fewer parts: here that is an error
    """

    foreign_names = "~unsafechunk"
    foreign_fields = ("dim: axis dimension", "chunks: ~num ~n numchunks ~numoutputs numsplits pieces parts ~sections")
    chunks: Count
    dim: Axis = 1

    @property
    def output_names(self) -> tuple[str, ...]:
        """A name per part."""
        return _numbered(self.chunks)

    def check_fields(self) -> None:
        """Raise `LayerError` if there are more parts than `MOST_PARTS`."""
        if self.chunks > MOST_PARTS:
            expects = f"at most {MOST_PARTS}"
            raise LayerError("SC201", expects=expects, receives=self.chunks, preposition="as", field="chunks")

    def part_sizes(self, size: Dim, axis: int, x: Shape, *, constraints: Constraints = REFUSING) -> tuple[Dim, ...]:
        """Return ⌈n / chunks⌉ for all but the last, and the remainder.

        >>> Chunk(chunks=4).part_sizes(10, 1, (2, 10))
        (3, 3, 3, 1)
        """
        each = exact_quotient(size, self.chunks)
        if each is not None:
            return (each,) * self.chunks
        each = ceil_div(size, self.chunks)
        left = size - each * (self.chunks - 1)
        if isinstance(size, int) and isinstance(each, int):
            if size <= each * (self.chunks - 1):
                raise self._too_few(size, each, axis, x)
        else:
            expects, receives = f"{self.chunks} pieces of axis {axis}", f"fewer from {show(x)}"
            error = LayerError("SC304", expects=expects, receives=receives, field="chunks")
            constraints.require(left - 1, Relation.NONNEGATIVE, error)
        return (*(each,) * (self.chunks - 1), left)

    def _too_few(self, size: int, each: int, axis: int, x: Shape) -> LayerError:
        count = -(-size // each)
        help_text = f"write `chunks: {count}`"
        if self.chunks <= min(size, MOST_NAMED):
            larger = size % self.chunks
            sizes = [size // self.chunks + (number < larger) for number in range(self.chunks)]
            dim = "" if self.dim == 1 else f", dim: {self.dim}"
            help_text = f"{help_text}, or say each size: `split: {{split_size: {sizes}{dim}}}`"
        return LayerError(
            "SC304",
            expects=f"{self.chunks} pieces of axis {axis}",
            receives=f"{count} of up to {each} from {show(x)}",
            field="chunks",
            label=f"gives {count}",
            help=help_text,
        )


@layer("select_channels", main="channels")
@dataclass(frozen=True, slots=True, kw_only=True)
class SelectChannels(Moving):
    """Selects channels by a list of indices, in its order; an index may be repeated.

    Fields:
        channels: Indices of the channels to take, in the order of the output; the first channel is 0.

    Input: [N, C, *]
    Output: [N, number of indices, *]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.index_select with dim=1
    """

    foreign_names = "~channelselect ~channelselection ~pickchannels"
    foreign_fields = ("channels: index indices idx ids ~channel channelindices ~which",)
    keeps_axes = True
    channels: Annotated[tuple[int, ...], Several(Integer(minimum=0), single=False)]

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with one channel per index.

        >>> SelectChannels(channels=(2, 1, 0)).output_shape((1, 3, 8, 8))
        (1, 3, 8, 8)
        """
        if len(x) < 2:
            raise LayerError("SC305", expects="[N, C, *]", receives=show(x), label=f"receives rank {len(x)}")
        for position, channel in enumerate(self.channels):
            self._is_there(channel, position, x, constraints)
        return (x[0], len(self.channels), *x[2:])

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the list of indices."""
        return (Saved("channels", len(self.channels), dtype="int64"),)

    def _is_there(self, channel: int, position: int, x: Shape, constraints: Constraints) -> None:
        """Raise `LayerError` SC310 if the input does not have the channel; require it if that depends on a symbol."""
        if isinstance(x[1], int):
            if channel >= x[1]:
                expects = f"a channel from 0 to {x[1] - 1} of {show(x)}"
                raise LayerError("SC310", expects=expects, receives=channel, field="channels", index=(position,))
            return
        error = LayerError("SC310", expects=f"channel {channel}", receives=show(x), field="channels")
        constraints.require(x[1] - channel - 1, Relation.NONNEGATIVE, error)


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(count)))
