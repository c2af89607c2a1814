"""Layers that map integers to vectors, embedding and one-hot; and the similarity of two vectors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Axis, Count, Integer, Number, OneOf
from shapecalc.layers.initial import Initial
from shapecalc.layers.roles import Role, Roles, common, without
from shapecalc.layers.saved import Saved, saved_input


@layer("embedding")
@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding(Layer):
    """Table lookup: a row of the weight for each index, such as the vector of a token.

    Fields:
        num_embeddings: Number of rows of the table: indices must be below it.
        embedding_dim: Number of features of each row.
        padding_idx: Index of a row that starts at zero and is never trained; by default every row is trained.
        max_norm: Greatest Euclidean norm of a row that is read: a longer one is scaled to it. PyTorch scales it in the
            table, and its gradient passes the scaling by.

    Input: [*], int64, each from 0 to num_embeddings − 1
    Output: [*, embedding_dim]
    Parameters: weight [num_embeddings, embedding_dim], the row of `padding_idx` included
    Costs: MACs 0; FLOPs 0: rows are copied; with `max_norm` 3E + 3 per index: norm (2E), quotient (2), minimum, scaling
        (E), E = embedding_dim
    Source: torch.nn.Embedding
    """

    foreign_names = "~embed wordembedding tokenembedding wordembeddings ~lookuptable"
    foreign_notes = ("embed | use `embedding`; Caffe's Embed has a bias, which `embedding` does not have",)
    foreign_fields = (
        "num_embeddings: inputdim vocabsize vocab vocabulary vocabularysize numwords nwords ntokens numtokens ~num",
        "num_embeddings: ~rows ~inputsize dictionarysize",
        "embedding_dim: outputdim ~dim ~dims embeddim embedsize embeddingsize embsize embdim dmodel ~features",
        "embedding_dim: ~outputsize ~hiddensize vectorsize",
        "padding_idx: padidx paddingindex padindex padid padtokenid ~padding",
        "nothing: normtype | norms are Euclidean: leave it out",
        "nothing: maskzero inputlength scalegradbyfreq weights tieweights reversedtype logitsoftcap",
    )
    reads: ClassVar[str] = "int64"
    num_embeddings: Count
    embedding_dim: Count
    padding_idx: Annotated[int | None, Integer(minimum=None)] = None
    max_norm: Annotated[float | None, Number(above=0)] = None

    def check_fields(self) -> None:
        """Raise `LayerError` SC201 if the table does not have the row `padding_idx`."""
        rows = self.num_embeddings
        if self.padding_idx is not None and not -rows <= self.padding_idx < rows:
            raise LayerError(
                "SC201",
                expects=f"a row from {-rows} to {rows - 1}",
                receives=self.padding_idx,
                preposition="as",
                field="padding_idx",
            )

    @property
    def index_range(self) -> int:
        """The number of rows."""
        return self.num_embeddings

    @classmethod
    def decided_by(cls, weight: Shape, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the number of vectors and their elements; raise `LayerError` SC305 for another weight than a table."""
        if len(weight) != len(("num_embeddings", "embedding_dim")):
            expects = "a row for each index, [num_embeddings, embedding_dim]"
            raise LayerError("SC305", expects=expects, receives=show(weight), field="weight")
        return {"num_embeddings": weight[0], "embedding_dim": weight[1]}

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the indices' shape with a last axis of embedding_dim.

        >>> Embedding(num_embeddings=10, embedding_dim=3).output_shape((2, 4))     # torch.nn.Embedding's own example
        (2, 4, 3)
        """
        return (*x, self.embedding_dim)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the indices, and features."""
        return (*roles[0], Role.FEATURES)

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the table."""
        return {"weight": (self.num_embeddings, self.embedding_dim)}

    def initial(self, name: str, x: Shape) -> Initial:
        """Return the standard normal distribution; the row of `padding_idx` is 0."""
        return Initial("normal", zero_row=self.padding_idx)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 0, rows are copied; or those of norms and scaling."""
        return 0 if self.max_norm is None else product(x) * (3 * self.embedding_dim + 3)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the indices."""
        return (saved_input((x,), name="indices"),)


@layer("embedding_bag")
@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingBag(Layer):
    """The sum, mean or maximum of the rows of a table for the indices of each bag, such as the words of a text.

    Fields:
        num_embeddings: Number of rows of the table: indices must be below it.
        embedding_dim: Number of features of each row.
        mode: How the rows of a bag are reduced.

    Input: [N, L], int64, each from 0 to num_embeddings − 1: a bag of L indices for each sample; with `mode: sum` also
        weights [N, L], by which the rows are multiplied
    Output: [N, embedding_dim]
    Parameters: weight [num_embeddings, embedding_dim]
    Costs: MACs 0; FLOPs = L − 1 per element for `sum` and `max`, L for `mean`; with weights L more
    Source: torch.nn.EmbeddingBag, with an input of two axes
    """

    foreign_names = "bagofwords ~meanembedding"
    foreign_fields = (
        "num_embeddings: inputdim vocabsize vocab vocabulary numwords",
        "embedding_dim: outputdim ~dim embeddim embedsize",
        "mode: combiner ~reduction",
        "nothing: offsets includelastoffset | every bag has the same number of indices, along axis 1",
        "nothing: paddingidx maxnorm normtype scalegradbyfreq",
    )
    takes: ClassVar[tuple[int, int]] = (1, 2)
    reads: ClassVar[tuple[str, ...]] = ("int64", "float32")
    num_embeddings: Count
    embedding_dim: Count
    mode: Annotated[str, OneOf(("sum", "mean", "max"))] = "mean"

    @property
    def in_keras(self) -> bool:
        """False: Keras has no such layer."""
        return False

    @property
    def index_range(self) -> int:
        """The number of rows."""
        return self.num_embeddings

    def output_shape(self, x: Shape, *weights: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return a row for each bag.

        >>> EmbeddingBag(num_embeddings=10, embedding_dim=3).output_shape((2, 4))
        (2, 3)
        """
        if len(x) != len(("N", "L")):
            raise LayerError("SC305", expects="[N, L]", receives=show(x), label=f"receives rank {len(x)}")
        if weights and self.mode != "sum":
            raise LayerError("SC205", expects="`mode: sum` with weights", field="mode")
        for each in weights:
            error = LayerError("SC314", expects="a weight for each index", receives=f"{show(x)} and {show(each)}")
            constraints.require_equal(x, each, error)
        return (x[0], self.embedding_dim)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the role of the bags, and features."""
        return (roles[0][0], Role.FEATURES)

    def parameters(self, x: Shape, *weights: Shape) -> dict[str, Shape]:
        """Return the table."""
        return {"weight": (self.num_embeddings, self.embedding_dim)}

    def initial(self, name: str, *inputs: Shape) -> Initial:
        """Return the standard normal distribution."""
        return Initial("normal")

    def operations(self, x: Shape, *shapes: Shape) -> Dim:
        """Return those of the reduction, and one product per element of a row that has a weight."""
        weighted = len(shapes) > 1
        each = x[1] - 1 + (self.mode == "mean") + (x[1] if weighted else 0)
        return x[0] * self.embedding_dim * each

    def saved(self, x: Shape, *shapes: Shape) -> tuple[Saved, ...]:
        """Return the indices and weights, offsets and sizes of the bags, and of a maximum its positions."""
        *weights, y = shapes
        records = [saved_input((x,), name="indices"), Saved("offsets and sizes", 2 * x[0], dtype="int64")]
        if self.mode != "sum":
            records.append(Saved("bag of each index", product(x) + 1, dtype="int64"))  # and the next one
        records.append(Saved("positions", product(y) if self.mode == "max" else x[0], dtype="int64"))
        return (*records, *(saved_input((x, *weights), 1, "weights") for _ in weights))


@layer("one_hot", main="num_classes")
@dataclass(frozen=True, slots=True, kw_only=True)
class OneHot(Layer):
    """One-hot encoding: each index becomes a row of zeros with a 1 at that position, in float32 for later layers.

    Fields:
        num_classes: Number of classes: indices must be below it.

    Input: [*], int64, each from 0 to num_classes − 1
    Output: [*, num_classes]
    Parameters: none
    Costs: MACs 0; FLOPs 0
    Source: torch.nn.functional.one_hot (which returns int64)
    """

    foreign_names = "onehotencoding onehotencode ~categoryencoding tocategorical"
    foreign_notes = ("categoryencoding | use `one_hot` for its `output_mode: one_hot`",)
    foreign_fields = (
        "num_classes: classes nclasses numclass ~depth numtokens vocabsize ~size",
        "nothing: axis onvalue offvalue outputmode",
    )
    reads: ClassVar[str] = "int64"
    num_classes: Count

    @property
    def index_range(self) -> int:
        """The number of rows."""
        return self.num_classes

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the indices' shape with a last axis of num_classes."""
        return (*x, self.num_classes)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the indices, and features."""
        return (*roles[0], Role.FEATURES)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 0: nothing is computed."""
        return 0


@layer("cosine_similarity", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class CosineSimilarity(Layer):
    """The cosine of the angle between two vectors, x · y / (max(‖x‖, eps) · max(‖y‖, eps)), along `dim`.

    Fields:
        dim: Axis of the vectors, which the output does not have; a negative index counts from the last axis.
        eps: Smallest value of each norm, so that nothing is divided by 0.

    Input: two of [*]
    Output: [*] without `dim`
    Parameters: none
    Costs: MACs 0; FLOPs = 6n + 3 per pair of vectors of n: products and sums of x · y, ‖x‖² and ‖y‖² (2n − 1 each),
        two roots, two comparisons, multiply, divide
    Source: torch.nn.CosineSimilarity
    """

    foreign_names = "~cosine cosinesim cossim"
    foreign_fields = ("dim: axis dimension", "eps: epsilon")
    takes: ClassVar[tuple[int, int]] = (2, 2)
    letters: ClassVar[tuple[str, ...]] = ("x", "y")
    dim: Axis = 1
    eps: Annotated[float, Number(minimum=0)] = 1e-8

    def output_shape(self, x: Shape, y: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape of both inputs without `dim`."""
        receives = f"{show(x)} and {show(y)}"
        constraints.require_equal(x, y, LayerError("SC314", expects="two inputs of the same shape", receives=receives))
        axis = axis_index(self.dim, len(x), "dim", x)
        return (*x[:axis], *x[axis + 1 :])

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the axes that remain."""
        together = common(roles, len(shapes[0]))
        return without(together, (self.dim % len(together),))

    def operations(self, x: Shape, y: Shape, z: Shape) -> Dim:
        """Return 6n + 3 operations per pair."""
        return 6 * product(x) + 3 * product(z)

    def saved(self, x: Shape, y: Shape, z: Shape) -> tuple[Saved, ...]:
        """Return both inputs, both divided by their norms, and the norms before and after `eps`."""
        both = (x, y)
        norms, units = Saved("norms", 4 * product(z)), Saved("unit vectors", 2 * product(x))
        return (saved_input(both), saved_input(both, 1), norms, units)
