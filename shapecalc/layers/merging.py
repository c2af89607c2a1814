"""Layers where paths meet and part: sums, products and joins of several inputs; pieces of one, by axis or channel."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, ceil_div, exact_quotient, pretty, product, show
from shapecalc.layers.base import Layer, axis_index, demand, layer, undecided
from shapecalc.layers.broadcasting import MOST_NAMED, Clash, align, broadcast, listed, settle
from shapecalc.layers.fields import Axis, Bool, Count, Integer, Several
from shapecalc.layers.reshaping import Moving
from shapecalc.layers.saved import Saved, Storage

MOST_PIECES = 4096
"""Pieces of one axis: no network comes near it, and every piece is a value of its own."""


class Combining(Layer):
    """One operation after another between numbers at the same place; shapes broadcast as in NumPy."""

    __slots__ = ()
    takes: ClassVar[tuple[int, int]] = (2, 64)
    merges: ClassVar[bool] = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape that all inputs stretch to.

        >>> Multiply().output_shape((2, 64, 56, 56), (2, 64, 1, 1))
        (2, 64, 56, 56)
        """
        return broadcast(inputs)

    def operations(self, *shapes: Shape) -> Dim:
        """Return one operation for every output and each input after the first."""
        *inputs, y = shapes
        return (len(inputs) - 1) * product(y)


@layer("add")
@dataclass(frozen=True, slots=True)
class Add(Combining):
    """The sum of its inputs, place by place, as where a shortcut meets the path beside it.

    Input: two or more of shapes that broadcast: axes are matched from the last, an axis of 1 or none stretches
    Output: the shape that all of them stretch to
    Parameters: none
    Costs: MACs 0; FLOPs = k − 1 per output for k inputs
    Source: torch.add; He et al. 2016, "Deep Residual Learning", section 3.2

    >>> Add().output_shape((2, 64, 56, 56), (64, 1, 1))
    (2, 64, 56, 56)
    """

    foreign_names = (
        "torch.add addition addn addv2 ~eltwise eltwisesum elementwiseadd ~residual ~residualadd ~shortcut ~skipadd"
    )

    def passes_gradient_on(self, *shapes: Shape) -> tuple[bool, ...]:
        """An input that does not stretch has the output's gradient."""
        *inputs, y = shapes
        return tuple(shape == y for shape in inputs)


@layer("multiply")
@dataclass(frozen=True, slots=True)
class Multiply(Combining):
    """The product of its inputs, place by place, as where a gate weighs channels.

    Input: two or more of shapes that broadcast: axes are matched from the last, an axis of 1 or none stretches
    Output: the shape that all of them stretch to
    Parameters: none
    Costs: MACs 0; FLOPs = k − 1 per output for k inputs
    Source: torch.mul; Hu et al. 2018, "Squeeze-and-Excitation Networks", section 3
    """

    foreign_names = "torch.mul mul mult multiplication ~times eltwiseprod elementwisemul elementwisemultiply hadamard"

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return each input, for the gradients of the others, and each product on the way to the last."""
        *inputs, _ = shapes
        places = tuple(range(len(inputs)))
        kept = [
            Saved(f"input {place}", product(x), place, serves=(*places[:place], *places[place + 1 :]))
            for place, x in enumerate(inputs)
        ]
        partial = [Saved(f"product {k}", product(broadcast(inputs[:k])), serves=(k,)) for k in places[2:]]
        return (*kept, *partial)


@layer("concat")
@dataclass(frozen=True, slots=True, kw_only=True)
class Concat(Layer):
    """Puts its inputs one after another along `dim`, the channels unless stated.

    Input: one or more of [*], equal but for `dim`
    Output: [*], `dim` being the sum of theirs
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.cat, whose `dim` is 0 unless stated
    """

    foreign_names = "torch.cat cat concatenate torch.concat torch.concatenate concatv2 concatenation depthconcat"
    foreign_fields = ("dim: axis dimension",)
    takes: ClassVar[tuple[int, int]] = (1, 4096)
    merges: ClassVar[bool] = True
    dim: Axis = 1

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape with the axes along `dim` added up.

        >>> Concat().output_shape((1, 64, 28, 28), (1, 128, 28, 28), (1, 32, 28, 28), (1, 32, 28, 28))   # GoogLeNet 3a
        (1, 256, 28, 28)
        """
        first = inputs[0]
        if any(len(x) != len(first) for x in inputs):
            raise LayerError("SC315", f"expects inputs of one rank, receives {listed(map(show, inputs))}")
        axis = axis_index(self.dim, len(first), "dim", first)
        clashes = []
        for place in range(len(first)):
            sizes = tuple(dict.fromkeys(x[place] for x in inputs))
            if place != axis and len(sizes) > 1:
                clashes.append(Clash(place, sizes))
        met = settle(f"expects equal sizes but for axis {axis} (`dim`)", inputs, clashes, align)
        total: Dim = 0
        for x in inputs:
            total = total + x[axis]
        return tuple(total if place == axis else met.get(place, size) for place, size in enumerate(first))

    def operations(self, *shapes: Shape) -> Dim:
        """Return 0: numbers move, none is computed."""
        return 0

    def passes_gradient_on(self, *shapes: Shape) -> tuple[bool, ...]:
        """The gradient of each input is a part of the output's."""
        return (True,) * (len(shapes) - 1)

    def explain(self, *shapes: Shape) -> str:
        """Return the sum that the joined axis is; an expression shows it by itself."""
        *inputs, y = shapes
        axis = self.dim % len(y)
        if isinstance(y[axis], Expr) or not 1 < len(inputs) <= MOST_NAMED:
            return ""
        return f"{y[axis]} = {' + '.join(pretty(x[axis]) for x in inputs)}"


@layer("matmul")
@dataclass(frozen=True, slots=True, kw_only=True)
class Matmul(Layer):
    """The matrix product of two inputs over their last two axes, such as attention's scores and what they weigh.

    Input: [*, rows, inner] and [*, inner, columns]; with `transpose_b` [*, rows, inner] and [*, columns, inner]
    Output: [*, rows, columns], the leading axes broadcast
    Parameters: none
    Costs: MACs = leading axes × rows × inner × columns; FLOPs = 2 × MACs
    Source: torch.matmul
    """

    foreign_names = "torch.matmul torch.bmm bmm mm batchmatmul batchmatmulv2 matrixmultiply matrixmultiplication"
    foreign_fields = (
        "transpose_b: transb adjb adjointb transposey transposesecond transposeright",
        "nothing: transposea transa adja adjointa transposex",
    )
    takes: ClassVar[tuple[int, int]] = (2, 2)
    transpose_b: Bool = False

    def output_shape(self, a: Shape, b: Shape) -> Shape:
        """Return the leading axes that both stretch to, the rows of the first and the columns of the second.

        >>> Matmul(transpose_b=True).output_shape((1, 12, 197, 64), (1, 12, 197, 64))      # ViT-B/16, scores
        (1, 12, 197, 197)
        """
        second = "[*, columns, inner]" if self.transpose_b else "[*, inner, columns]"
        if min(len(a), len(b)) < 2:
            raise LayerError("SC305", f"expects [*, rows, inner] and {second}, receives {show(a)} and {show(b)}")
        inner, columns = (b[-1], b[-2]) if self.transpose_b else (b[-2], b[-1])
        if a[-1] != inner:
            self._refuse_inner(a, b, inner)
        return (*broadcast((a, b), matrices=True), a[-2], columns)

    def _refuse_inner(self, a: Shape, b: Shape, inner: Dim) -> None:
        message = f"expects inner axes that agree, receives {show(a)} and {show(b)}"
        axis = -1 if self.transpose_b else -2
        clash = f"axis -1 of the first is {pretty(a[-1])}, axis {axis} of the second {pretty(inner)}"
        difference = a[-1] - inner
        if isinstance(difference, Expr):
            demand(difference, Relation.ZERO, "SC315", f"{message}, where {clash}")
            return
        other = b[-2] if self.transpose_b else b[-1]
        turned = "leave `transpose_b` out" if self.transpose_b else "write `matmul: {transpose_b: true}`"
        raise LayerError("SC315", f"{message}: {clash}", help=turned if other == a[-1] else None)

    def macs(self, a: Shape, b: Shape, y: Shape) -> Dim:
        """Return as many per output as the inner axis is long."""
        return product(y) * a[-1]

    def saved(self, a: Shape, b: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return each factor for the gradient of the other; one that stretches over leading axes is written out."""
        kept = []
        for place, x in enumerate((a, b)):
            name, serves = ("second", (0,)) if place else ("first", (1,))
            if len(x) > 2 and x[:-2] != y[:-2]:
                kept.append(Saved(name, product(y[:-2]) * product(x[-2:]), serves=serves))
            else:
                kept.append(Saved(name, product(x), place, serves=serves, in_order=len(x) > 3))
        return tuple(kept)

    def operations(self, a: Shape, b: Shape, y: Shape) -> Dim:
        """Return 0: all is in the products."""
        return 0


class Cutting(Moving):
    """Pieces of one axis, named `0`, `1` and so on."""

    __slots__ = ()
    dim: int

    @property
    def storage(self) -> Storage:
        """Pieces stay where they are."""
        return Storage.VIEW

    def pieces(self, size: Dim, axis: int, x: Shape) -> tuple[Dim, ...]:
        """Return how long each piece of the axis is."""
        raise NotImplementedError

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape of the first piece."""
        return self.outputs(x)["0"]

    def outputs(self, x: Shape) -> dict[str, Shape]:
        """Return every piece under its number."""
        axis = axis_index(self.dim, len(x), "dim", x)
        sizes = self.pieces(x[axis], axis, x)
        return {str(number): (*x[:axis], size, *x[axis + 1 :]) for number, size in enumerate(sizes)}


@layer("split", main="split_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Cutting):
    """Cuts an axis, the channels unless stated, into pieces of `split_size`, or into one piece per size of a list.

    Input: [*]
    Output: `0`, `1` and so on: [*] with `split_size` along `dim`, the last with what is left
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.split, whose `dim` is 0 unless stated
    """

    foreign_names = "torch.split ~splitv"
    foreign_fields = (
        "dim: axis dimension",
        "split_size: size sizes splitsizes splitsizeorsections sizesplits ~lengths",
        # A number of pieces is not the size of a piece: Keras, NumPy and ONNX mean the one, PyTorch the other.
        "nothing: sections indicesorsections numoutputs numsplits numorsizesplits chunks num",
    )
    split_size: Annotated[int | tuple[int, ...], Several(Integer())]
    dim: Axis = 1

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """A name per size of a list; None for one number, which the input decides about."""
        return None if isinstance(self.split_size, int) else _numbered(len(self.split_size))

    def check_fields(self) -> None:
        """Refuse more pieces than a step gives."""
        if not isinstance(self.split_size, int) and len(self.split_size) > MOST_PIECES:
            message = f"expects at most {MOST_PIECES} entries in `split_size`, receives {len(self.split_size)}"
            raise LayerError("SC204", message, field="split_size")

    def pieces(self, size: Dim, axis: int, x: Shape) -> tuple[Dim, ...]:
        """Return the sizes that the list has, or as many as fit and what is left.

        >>> Split(split_size=4).pieces(10, 1, (2, 10)), Split(split_size=(1, 9)).pieces(10, 1, (2, 10))
        ((4, 4, 2), (1, 9))
        """
        if isinstance(self.split_size, int):
            return self._equal(self.split_size, size, axis, x)
        total = sum(self.split_size)
        if total == size:
            return self.split_size
        message = f"expects axis {axis} of {total}, the sum of `split_size`, receives {pretty(size)} in {show(x)}"
        if isinstance(size, Expr):
            demand(size - total, Relation.ZERO, "SC301", message, field="split_size")
            return self.split_size
        raise LayerError(
            "SC301",
            message,
            field="split_size",
            label=f"sums to {total}",
            help=f"write sizes that sum to {pretty(size)}",
        )

    def _equal(self, each: int, size: Dim, axis: int, x: Shape) -> tuple[Dim, ...]:
        if isinstance(size, Expr):
            message = f"expects a number along axis {axis}, to cut it into pieces of {each}, receives {show(x)}"
            raise undecided(message, size, field="split_size")
        count = max(-(-size // each), 1)
        if count > MOST_PIECES:
            message = f"gives {count} pieces of {show(x)}, more than {MOST_PIECES}"
            raise LayerError("SC309", message, field="split_size")
        return (*(each,) * (count - 1), size - each * (count - 1))


@layer("chunk", main="chunks")
@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk(Cutting):
    """Cuts an axis, the channels unless stated, into `chunks` pieces of one size; the last may be smaller.

    Input: [*]
    Output: `0` to chunks − 1: [*] with ⌈n / chunks⌉ along `dim` for an axis of n, the last with what is left
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.chunk, whose `dim` is 0 unless stated, and which may give fewer pieces: that is refused here
    """

    foreign_names = "torch.chunk"
    foreign_fields = ("dim: axis dimension", "chunks: ~num ~n numchunks ~numoutputs numsplits pieces parts ~sections")
    chunks: Count
    dim: Axis = 1

    @property
    def output_names(self) -> tuple[str, ...]:
        """A name per piece."""
        return _numbered(self.chunks)

    def check_fields(self) -> None:
        """Refuse more pieces than a step gives."""
        if self.chunks > MOST_PIECES:
            message = f"expects at most {MOST_PIECES} as `chunks`, receives {self.chunks}"
            raise LayerError("SC201", message, field="chunks")

    def pieces(self, size: Dim, axis: int, x: Shape) -> tuple[Dim, ...]:
        """Return ⌈n / chunks⌉ for all but the last, and what is left.

        >>> Chunk(chunks=4).pieces(10, 1, (2, 10))
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
            message = f"expects {self.chunks} pieces of axis {axis}, receives fewer from {show(x)}"
            demand(left - 1, Relation.NONNEGATIVE, "SC304", message, field="chunks")
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
            f"expects {self.chunks} pieces of axis {axis}, receives {count} of up to {each} from {show(x)}",
            field="chunks",
            label=f"gives {count}",
            help=help_text,
        )


@layer("select_channels", main="channels")
@dataclass(frozen=True, slots=True, kw_only=True)
class SelectChannels(Moving):
    """Takes the channels that a list names, in its order; one may be taken several times.

    Input: [N, C, *]
    Output: [N, as many as `channels` has, *]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.index_select with dim=1
    """

    foreign_names = "~indexselect ~torch.indexselect ~channelselect ~channelselection ~pickchannels"
    foreign_fields = ("channels: index indices idx ids ~channel channelindices ~which",)
    channels: Annotated[tuple[int, ...], Several(Integer(minimum=0), lone=False)]

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape with as many channels as are taken.

        >>> SelectChannels(channels=(2, 1, 0)).output_shape((1, 3, 8, 8))
        (1, 3, 8, 8)
        """
        if len(x) < 2:
            raise LayerError("SC305", f"expects [N, C, *], receives {show(x)}", label=f"receives rank {len(x)}")
        for position, channel in enumerate(self.channels):
            self._is_there(channel, position, x)
        return (x[0], len(self.channels), *x[2:])

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the list of channels."""
        return (Saved("channels", len(self.channels), dtype="int64"),)

    def _is_there(self, channel: int, position: int, x: Shape) -> None:
        """Refuse a channel that the input has not, and one that it has for some sizes alone."""
        if isinstance(x[1], int):
            if channel >= x[1]:
                message = f"expects a channel from 0 to {x[1] - 1} of {show(x)}, receives {channel}"
                raise LayerError("SC310", message, field="channels", index=(position,))
            return
        message = f"expects channel {channel}, receives {show(x)}"
        demand(x[1] - channel - 1, Relation.NONNEGATIVE, "SC310", message, field="channels")


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(count)))
