"""Layers that map integers to vectors, embedding and one-hot; and the similarity of two vectors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.base import Layer, axis_index, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Axis, Count, Integer, Number
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

    Input: [*], int64, each from 0 to num_embeddings − 1
    Output: [*, embedding_dim]
    Parameters: weight [num_embeddings, embedding_dim], the row of `padding_idx` included
    Costs: MACs 0; FLOPs 0: rows are copied
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
        "nothing: maskzero inputlength maxnorm normtype scalegradbyfreq weights tieweights reversedtype logitsoftcap",
    )
    reads: ClassVar[str] = "int64"
    num_embeddings: Count
    embedding_dim: Count
    padding_idx: Annotated[int | None, Integer(minimum=None)] = None

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
        """Return 0: rows are copied."""
        return 0

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the indices."""
        return (saved_input((x,), name="indices"),)


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
